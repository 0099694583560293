// Choosing cards: Ctrl or ⌘ with a click toggles one, Shift with a click takes all in between.
(() => {
  if (!document.getElementById("selection")) return;
  const bar = (what) => document.querySelector(`#selection ${what}`); // a filter brings another one
  const picks = () => [...document.querySelectorAll("#wall .pick")];
  const check = (some, on) => some.forEach((pick) => (pick.checked = on));
  let last;

  const isDeleted = (pick) => pick.dataset.can.split(" ").includes("restore");
  // A card that is replaced stays selected, unless it was deleted.
  const held = new Set();
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    for (const pick of detail.target.querySelectorAll(".pick:checked")) held.add(pick.value);
  });

  const tell = () => {
    for (const pick of picks()) if (held.delete(pick.value)) pick.checked = !isDeleted(pick);
    const all = bar("[name=all]");
    if (all) check(picks().filter((pick) => !isDeleted(pick)), true); // those that have come since
    const chosen = picks().filter((pick) => pick.checked);
    const count = chosen.length;
    // What none of them offers is greyed out.
    const offered = new Set(chosen.flatMap((pick) => pick.dataset.can.split(" ")));
    for (const button of document.querySelectorAll("#selection [data-offered]")) {
      button.disabled = !all && count > 0 && !offered.has(button.value);
      if (button.value === "compare" && (all || count !== 2)) button.disabled = true;
    }
    const told = bar("[data-selected]");
    told.textContent = count ? told.dataset[count > 1 ? "many" : "one"].replace("%s", count) : "";
  };

  document.addEventListener("click", (event) => {
    const { shiftKey, target } = event;
    const button = target.closest("[data-check]");
    const day = target.closest(".day button")?.parentElement;
    const card = (shiftKey || event.ctrlKey || event.metaKey) && !target.closest("button, .tools") && target.closest("#wall .card");
    const pick = target.closest("#wall .pick") ?? (card && card.querySelector(".pick"));
    if (pick) {
      if (pick !== target) {
        event.preventDefault();
        pick.checked = shiftKey || !pick.checked;
      }
      const all = picks();
      const [from, to] = [all.indexOf(last), all.indexOf(pick)].sort((a, b) => a - b);
      if (shiftKey && pick.checked && from >= 0) check(all.slice(from, to + 1), true);
      last = pick;
    } else if (day) {
      const all = [...document.querySelectorAll("#wall .day, #wall .pick")];
      const after = all.slice(all.indexOf(day) + 1);
      const next = after.findIndex((one) => one.matches(".day"));
      const own = after.slice(0, next < 0 ? after.length : next);
      check(own, !own.every((one) => one.checked));
    } else if (button) check(picks(), button.dataset.check);
    else return;
    bar("#found").replaceChildren();
    tell();
  });
  document.addEventListener("htmx:load", tell);
  // On a phone the field of the collection lies over the bar.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && detail.elt.value === "collect") document.querySelector("#into-collection:popover-open")?.hidePopover();
  });
  tell();
})();
