// A list below a search field, which keeps the keyboard: the arrow keys mark an option and Enter takes it.
window.listbox = (() => {
  const options = (field) => {
    const list = document.getElementById(field.getAttribute("aria-controls"));
    return [...list.querySelectorAll("[role=option]:not([hidden])")];
  };
  const marked = (field) => document.getElementById(field.getAttribute("aria-activedescendant"));

  const mark = (field, option) => {
    marked(field)?.classList.remove("marked");
    option?.classList.add("marked");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches?.("[role=combobox]") || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const found = options(field);
    if (step && found.length) mark(field, found.at((found.indexOf(marked(field)) + step) % found.length));
    else if (event.key === "Enter") marked(field)?.click();
    else if (!step) return;
    event.preventDefault();
  });
  // What the server found: its first is what Enter takes.
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const field = target.role === "listbox" && document.querySelector(`[role=combobox][aria-controls="${target.id}"]`);
    if (field) mark(field, options(field)[0]);
  });
  return { options, mark };
})();
