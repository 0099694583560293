// Single keys, never while somebody writes: ? shows them all.
(() => {
  const help = document.getElementById("shortcuts");
  const open = () => help.showModal();
  document.querySelector("[data-shortcuts]")?.addEventListener("click", open);
  const single = help?.querySelector("[data-single-keys]");
  if (single) {
    single.checked = localStorage.getItem("keys") !== "no";
    single.addEventListener("change", () => localStorage.setItem("keys", single.checked ? "yes" : "no"));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, textarea, select, video, audio, summary, [contenteditable]")) return;
    if (localStorage.getItem("keys") === "no") return;
    const key = `[data-key="${CSS.escape(event.key)}"]`;
    const target = document.querySelector(`#viewer ${key}`) ?? document.querySelector(key);
    if (event.key === "?") open();
    else if (target) target.matches("a, button") ? target.click() : target.focus();
    else return;
    event.preventDefault();
  });
})();
