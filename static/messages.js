// Messages lie over the page, the latest few, and go by themselves after a while; errors stay until they are closed.
// Without this script they are a part of the page.
(() => {
  const SECONDS = { error: Infinity, warning: 16 };
  const MOST = 4;
  const left = new WeakMap();
  let box, came;
  let isWatching = false;

  const close = (note) => {
    const held = note.contains(document.activeElement);
    note.remove();
    if (held) came?.focus({ preventScroll: true });
  };

  const closer = (note) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tool";
    button.textContent = "×";
    button.setAttribute("aria-label", box.dataset.close);
    button.addEventListener("click", () => close(note));
    return button;
  };

  const adopt = () => {
    const fresh = [...box.children].filter((note) => !left.has(note));
    if (!fresh.length) return;
    if (fresh.length === box.children.length) {
      // Away from the hand: what was pressed, and what came of it, stays in sight.
      const pressed = document.activeElement;
      const { top } = pressed.getBoundingClientRect();
      const isLow = pressed !== document.body && top > innerHeight / 2 && top < innerHeight;
      box.classList.toggle("low", !isLow);
    }
    // The button that was pressed may be gone in a moment, with what it deleted.
    const undo = isWatching && fresh.at(-1).querySelector("form button");
    if (undo) setTimeout(() => document.activeElement === document.body && undo.focus(), 50);
    for (const note of fresh) {
      const kind = Object.keys(SECONDS).find((name) => note.classList.contains(name));
      left.set(note, SECONDS[kind] ?? (note.querySelector("button") ? 16 : 8));
      note.append(closer(note));
    }
    for (const note of [...box.children].slice(0, -MOST)) note.remove();
  };

  const watch = () => {
    box = document.getElementById("messages");
    new MutationObserver(adopt).observe(box, { childList: true });
    adopt();
    isWatching = true;
    box.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget && !box.contains(relatedTarget)) came = relatedTarget;
    });
  };
  watch();
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const note = detail.successful && detail.elt.closest("#messages .note");
    if (note) close(note);
  });
  // What was said is over with the next thing done, but for what can still be undone.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.verb === "post" && !event.detail.elt.closest("#live, #seen-card, #price, #messages")) {
      for (const note of document.querySelectorAll("#messages .note:not(:has(form))")) note.remove();
    }
  });
  document.addEventListener("htmx:historyRestore", watch);

  setInterval(() => {
    if (document.hidden || box.matches(":hover, :focus-within")) return;
    for (const note of [...box.children]) {
      left.set(note, left.get(note) - 1);
      if (left.get(note) <= 0) close(note);
    }
  }, 1000);
})();
