// Single keys, never while somebody writes: ? shows them all.
(() => {
  const help = document.getElementById("shortcuts");
  const open = () => help.showModal();
  document.querySelector("[data-shortcuts]")?.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (event.key === "?") open();
    else if (target) target.matches("a") ? target.click() : target.focus();
    else return;
    event.preventDefault();
  });
})();
