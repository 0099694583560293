// A picture closer up: Z or a click, the wheel, and the mouse or arrow keys to move in it.
// The viewer loads it with the first result that it shows.
(() => {
  let held, isMoved;
  const stage = () => document.querySelector("[data-zoom].zoomed");

  const fit = (large) => {
    large.classList.remove("zoomed");
    large.firstElementChild.style.width = "";
  };
  // `x` and `y` are the point of the window that stays where it is.
  const zoom = (large, width, { x, y }) => {
    const picture = large.firstElementChild;
    const old = picture.getBoundingClientRect();
    large.dataset.fit = large.classList.contains("zoomed") ? large.dataset.fit : old.width;
    const least = Number(large.dataset.fit);
    if (width <= least) return fit(large);
    large.classList.add("zoomed");
    picture.style.width = `${Math.min(width, Math.max(4 * picture.naturalWidth, 8 * least))}px`;
    const now = picture.getBoundingClientRect();
    large.scrollBy(now.left + ((x - old.left) / old.width) * now.width - x, now.top + ((y - old.top) / old.height) * now.height - y);
    return undefined;
  };

  document.addEventListener("click", async (event) => {
    const large = event.target.closest("[data-zoom]");
    if (!large || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (isMoved && event.detail) return;
    if (large.classList.contains("zoomed")) fit(large);
    else {
      const picture = large.firstElementChild;
      await picture.decode();
      const { left, top, width, height } = picture.getBoundingClientRect();
      const at = event.detail ? event : { x: left + width / 2, y: top + height / 2 };
      zoom(large, Math.max(picture.naturalWidth, 2 * width), at);
    }
  });
  document.addEventListener(
    "wheel",
    (event) => {
      const large = event.target.closest?.("[data-zoom]");
      if (!large || !(event.ctrlKey || matchMedia("(min-width: 60rem)").matches)) return;
      event.preventDefault();
      zoom(large, large.firstElementChild.getBoundingClientRect().width * Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), event);
    },
    { passive: false },
  );

  const STEPS = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };
  document.addEventListener(
    "keydown",
    (event) => {
      const large = stage();
      if (!large || event.target.closest?.("input, textarea, select, dialog, details[open]")) return;
      if (event.key === "Escape") fit(large);
      else if (STEPS[event.key]) large.scrollBy(...STEPS[event.key]);
      else return;
      event.preventDefault();
    },
    true,
  );

  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.("[data-zoom]")) event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    isMoved = false;
    const large = event.target.closest("[data-zoom].zoomed");
    if (large && event.pointerType === "mouse") held = { large, x: event.clientX, y: event.clientY };
  });
  document.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!held) return;
    held.large.scrollBy(held.x - clientX, held.y - clientY);
    isMoved ||= Math.hypot(held.x - clientX, held.y - clientY) > 3;
    Object.assign(held, { x: clientX, y: clientY });
  });
  document.addEventListener("pointerup", () => (held = undefined));
})();
