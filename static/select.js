// Choosing many cards: Ctrl or ⌘ with a click toggles one, Shift with a click takes all in between.
(() => {
  if (!document.getElementById("selection")) return;
  const picks = () => [...document.querySelectorAll("#wall .pick")];
  let last;

  const tell = () => {
    const told = document.querySelector("#selection [data-selected]"); // a filter brings another bar
    const chosen = picks().filter((pick) => pick.checked);
    const count = chosen.length;
    // What none of them offers is greyed out; a card lists what it offers.
    const offered = new Set(chosen.flatMap((pick) => pick.dataset.can.split(" ")));
    for (const button of document.querySelectorAll("#selection [data-offered]")) {
      button.disabled = count > 0 && !offered.has(button.value);
    }
    told.textContent = count === 0 ? "" : count === 1 ? told.dataset.one : told.dataset.many.replace("%s", count);
  };

  const upTo = (pick) => {
    const all = picks();
    const [from, to] = [all.indexOf(last), all.indexOf(pick)].sort((a, b) => a - b);
    if (from >= 0) for (const between of all.slice(from, to + 1)) between.checked = true;
  };

  document.addEventListener("click", (event) => {
    const pick = event.target.closest("#wall .pick");
    const card = event.target.closest("#wall .card");
    const toggles = event.ctrlKey || event.metaKey;
    if (pick) {
      if (event.shiftKey && pick.checked) upTo(pick);
      last = pick;
    } else if (card && (toggles || event.shiftKey) && !event.target.closest("button, .tools")) {
      event.preventDefault();
      const own = card.querySelector(".pick");
      if (event.shiftKey) upTo(own);
      own.checked = event.shiftKey || !own.checked;
      last = own;
    } else if (event.target.closest("[data-select-none]")) {
      for (const other of picks()) other.checked = false;
    } else return;
    tell();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    for (const pick of picks()) pick.checked = false;
    tell();
  });
  document.addEventListener("htmx:load", tell);
  tell();
})();
