// How somebody likes it: light, dark or as the system has it, and how large the pictures of a wall are. Loaded before the
// page is drawn, so that nothing flashes or moves.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted"); // messages may lie over the page, since something takes them away again
  const steps = ["small", "medium", "large"];
  for (const name of ["theme", "density"]) root.dataset[name] = localStorage.getItem(name) ?? "";

  const show = () => {
    for (const choice of document.getElementsByName("theme")) choice.checked = choice.value === root.dataset.theme;
    for (const slider of document.getElementsByName("density")) {
      const step = steps.indexOf(root.dataset.density);
      slider.value = step < 0 ? 1 : step;
      slider.setAttribute("aria-valuetext", slider.dataset[steps[slider.value]]);
    }
  };
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("input", ({ target: { name, value } }) => {
    if (!(name in root.dataset)) return;
    root.dataset[name] = steps[value] ?? value;
    localStorage.setItem(name, root.dataset[name]);
    show();
  });
})();
