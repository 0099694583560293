// Two pictures over each other with a slider between them, or side by side as they are without this script. The viewer
// loads it when it shows a comparison for the first time.
(() => {
  const slide = (event) => {
    const pair = event.target.closest(".compare.stacked");
    if (!pair || !(event.buttons & 1) || event.target.closest("a")) return;
    const box = pair.getBoundingClientRect();
    const slider = document.getElementById("compare-slider");
    slider.value = ((event.clientX - box.left) / box.width) * 100;
    cut(pair, slider);
  };
  const cut = (pair, slider) => pair.style.setProperty("--cut", `${slider.value}%`);
  const pairOf = (element) => element.closest(".compare-bar").previousElementSibling;

  const start = (root) => {
    const pair = root.querySelector("[data-compare]");
    if (!pair) return;
    const bar = pair.nextElementSibling;
    bar.hidden = false;
    pair.classList.add("stacked");
    cut(pair, bar.querySelector("input"));
  };
  document.addEventListener("htmx:load", ({ detail }) => start(detail.elt));
  start(document);
  document.addEventListener("input", ({ target }) => {
    if (target.id === "compare-slider") cut(pairOf(target), target);
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-compare-switch]");
    if (button) button.setAttribute("aria-pressed", String(!pairOf(button).classList.toggle("stacked")));
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[data-compare]") && !event.target.closest("a")) event.preventDefault();
    slide(event);
  });
  document.addEventListener("pointermove", slide);
})();
