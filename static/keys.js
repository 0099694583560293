// What keys do on every page. Ctrl+K opens the command palette, wherever one is; single keys press what carries them as
// its data-key, never while somebody writes. In a list below a search field, arrow keys mark and Enter takes.
(() => {
  // The dialogs are popovers, as a modal one makes the browser restyle every element of a long page. They close when the
  // focus leaves them.
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (relatedTarget && !relatedTarget.closest("[popover]")) target.closest("dialog[popover]")?.hidePopover();
  });

  const options = (field) => {
    const list = document.getElementById(field.getAttribute("aria-controls"));
    return [...list.querySelectorAll("[role=option]:not([hidden])")];
  };
  const marked = (field) => document.getElementById(field.getAttribute("aria-activedescendant"));
  const mark = (field, option) => {
    marked(field)?.classList.remove("marked");
    option?.classList.add("marked");
    option?.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option?.id ?? "");
  };
  window.listbox = { options, mark };
  let waits = false; // Enter was pressed before the answer to what is written
  const took = (field, key) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const found = options(field);
    if (step && found.length) mark(field, found.at((found.indexOf(marked(field)) + step) % found.length));
    if (key === "Enter") {
      waits = !marked(field);
      marked(field)?.click();
    }
    return step || key === "Enter";
  };
  // What the server found: its first is what Enter takes, once it is the answer to all that is written.
  document.addEventListener("input", ({ target }) => {
    if (!target.matches("[role=combobox]")) return;
    mark(target);
    waits = false;
  });
  document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
    const field = target.role === "listbox" && document.querySelector(`[role=combobox][aria-controls="${target.id}"]`);
    if (!field || detail.requestConfig.parameters[field.name] !== field.value) return;
    mark(field, options(field)[0]);
    if (waits) marked(field)?.click();
    waits = false;
  });

  const single = document.querySelector("[data-single-keys]");
  if (!single) return;
  single.checked = localStorage.getItem("keys") !== "no";
  single.addEventListener("change", () => localStorage.setItem("keys", single.checked ? "yes" : "no"));

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const isOfBrowser = event.ctrlKey || event.metaKey;
    if (event.altKey || event.defaultPrevented) return;
    if (isOfBrowser && !event.shiftKey && key.toLowerCase() === "k") document.getElementById("palette").showPopover();
    else if (isOfBrowser || !target.matches?.("[aria-activedescendant]") || !took(target, key)) {
      if (document.querySelector(":popover-open")) return;
      if (target.closest?.("input:not(.pick), textarea, select, video, audio, [contenteditable]")) return;
      if (!isOfBrowser && key.length < 2 && !single.checked) return;
      const named = `[data-key="${CSS.escape(isOfBrowser ? `ctrl+${key}` : key)}"]`;
      const viewer = document.querySelector("#viewer:not([hidden])");
      const pressed = viewer?.querySelector(named) ?? document.querySelector(viewer ? `.top ${named}` : named);
      if (!pressed) return;
      if (pressed.matches("a, button, summary")) pressed.click();
      else pressed.focus();
    }
    event.preventDefault();
  });
})();
