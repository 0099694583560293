// Keys and buttons that open a dialog: Ctrl+K the command palette, wherever one is, and single keys what carries them as
// its data-key, never while somebody writes.
(() => {
  const open = (name) => {
    const dialog = document.getElementById(name);
    if (!dialog.open) dialog.showModal();
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-opens]");
    if (!button) return;
    const menu = button.closest("details[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus(); // where the keyboard comes back to
    }
    open(button.dataset.opens);
  });

  const single = document.querySelector("[data-single-keys]");
  if (!single) return;
  single.checked = localStorage.getItem("keys") !== "no";
  single.addEventListener("change", () => localStorage.setItem("keys", single.checked ? "yes" : "no"));

  document.addEventListener("keydown", (event) => {
    const isOfBrowser = event.ctrlKey || event.metaKey;
    if (event.altKey || event.defaultPrevented) return;
    if (isOfBrowser && !event.shiftKey && event.key.toLowerCase() === "k") open("palette");
    else {
      if (isOfBrowser || !single.checked || document.querySelector("dialog[open]")) return;
      if (event.target.closest?.("input, textarea, select, video, audio, summary, [contenteditable]")) return;
      const key = `[data-key="${CSS.escape(event.key)}"]`;
      const target = document.querySelector(`#viewer ${key}`) ?? document.querySelector(key);
      if (!target) return;
      if (target.matches("a, button")) target.click();
      else target.focus();
    }
    event.preventDefault();
  });
})();
