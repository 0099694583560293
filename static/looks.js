// How somebody likes it: light, dark or as the system has it, and how large the pictures of a wall are. Loaded before the
// page is drawn, so that nothing flashes or moves.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted"); // messages may lie over the page, since something takes them away again
  const usual = { theme: "auto", density: "medium" };
  for (const name in usual) root.dataset[name] = localStorage.getItem(name) ?? usual[name];

  document.addEventListener("DOMContentLoaded", () => {
    for (const choice of document.querySelectorAll("[data-look]")) choice.checked = choice.value === root.dataset[choice.name];
  });
  document.addEventListener("change", ({ target }) => {
    if (!target.matches?.("[data-look]")) return;
    root.dataset[target.name] = target.value;
    localStorage.setItem(target.name, target.value);
  });
})();
