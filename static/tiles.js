// What a tile does under a mouse or a finger: a video plays while it is pointed at, a long press brings the actions.
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let box, begins;
  const point = (next) => {
    if (next === box) return;
    clearTimeout(begins);
    box?.querySelector("video")?.remove();
    box = next;
    const frame = box?.querySelector("[data-video]");
    if (!frame || still.matches) return;
    const video = { src: frame.dataset.video, muted: true, loop: true, autoplay: true, playsInline: true };
    // Not for what the mouse only passes.
    begins = setTimeout(() => frame.append(Object.assign(document.createElement("video"), video)), 150);
  };
  document.addEventListener("pointerover", ({ target, pointerType }) => point(pointerType === "mouse" ? target.closest(".box") : null));
  document.documentElement.addEventListener("pointerleave", () => point(null));

  // Empty until the answer is there; a choice closes it.
  const menu = document.getElementById("tile-menu");
  menu.addEventListener("beforetoggle", ({ newState }) => newState === "open" && menu.replaceChildren());
  menu.addEventListener("click", ({ target }) => target.closest("a, button") && menu.hidePopover());

  let held, holds;
  const frameOf = ({ target }) => target.closest("#wall .frame");
  document.addEventListener("pointerdown", (event) => {
    held = undefined;
    const frame = event.pointerType === "touch" && event.isPrimary && frameOf(event);
    if (!frame) return;
    holds = setTimeout(() => {
      held = frame;
      frame.focus({ preventScroll: true });
    }, 400);
  });
  for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => clearTimeout(holds));
  // Neither the browser's own menu nor the result opens then.
  document.addEventListener("contextmenu", (event) => {
    if (event.pointerType === "touch" && frameOf(event)) event.preventDefault();
  });
  document.addEventListener(
    "click",
    (event) => {
      if (!held || frameOf(event) !== held) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
})();
