// Light, dark or as the system has it. Loaded before the page is drawn, so that it never flashes.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted"); // messages may lie over the page, since something takes them away again
  const saved = localStorage.getItem("theme");
  if (saved) root.dataset.theme = saved;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-switch]");
    if (!button) return;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
})();
