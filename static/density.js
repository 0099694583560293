// How large the pictures of a wall are, in three steps. Loaded before the page is drawn, so that nothing moves.
(() => {
  const root = document.documentElement;
  const steps = ["small", "medium", "large"];
  root.dataset.density = localStorage.getItem("density") ?? "medium";

  const show = () => {
    for (const slider of document.querySelectorAll("[data-density-slider]")) {
      slider.value = Math.max(0, steps.indexOf(root.dataset.density));
      slider.setAttribute("aria-valuetext", slider.dataset[root.dataset.density]);
    }
  };
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-density-slider]")) return;
    root.dataset.density = steps[event.target.value];
    localStorage.setItem("density", root.dataset.density);
    show();
  });
})();
