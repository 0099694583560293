// The list of models: words find them, the arrow keys go through them, and what is taken is chosen in the form's select,
// which stays the one field of the model.
(() => {
  const field = () => document.querySelector("[data-models]");
  const options = () => [...document.querySelectorAll("#models > li")];
  const shown = () => options().filter((option) => !option.hidden);
  const marked = () => document.getElementById(field().getAttribute("aria-activedescendant"));

  const mark = (option) => {
    marked()?.classList.remove("marked");
    option?.classList.add("marked");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field().setAttribute("aria-activedescendant", option.id);
    else field().removeAttribute("aria-activedescendant");
  };

  const find = () => {
    const words = field().value.toLowerCase().split(/\s+/);
    const kind = document.querySelector(".kinds [aria-pressed=true]").dataset.media;
    for (const option of options()) {
      const text = option.textContent.toLowerCase();
      option.hidden = (kind && option.dataset.media !== kind) || !words.every((word) => text.includes(word));
    }
    document.querySelector("[data-none]").hidden = shown().length > 0;
    mark(shown()[0]);
  };

  const take = (option) => {
    const pill = option.closest("details");
    const select = pill.querySelector("select");
    select.value = option.dataset.value;
    pill.querySelector(".value").textContent = option.querySelector("b").textContent;
    pill.open = false;
    pill.querySelector("summary").focus();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // Whoever opens the list can type at once; on a touch screen the keyboard would cover it.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (!target.matches?.(".pill.model[open]")) return;
      field().value = "";
      find();
      mark(shown().find((option) => option.ariaSelected === "true"));
      if (target.contains(document.activeElement) && matchMedia("(hover: hover)").matches) field().focus();
    },
    true,
  );

  // What is typed here is no part of the form, so the form does not hear of it.
  for (const kind of ["input", "change"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (event.target !== field()) return;
        event.stopPropagation();
        if (kind === "input") find();
      },
      true,
    );
  }

  document.addEventListener("keydown", (event) => {
    if (event.target !== field() || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const found = shown();
    if (step && found.length) mark(found.at((found.indexOf(marked()) + step) % found.length));
    else if (event.key === "Enter" && marked()) take(marked());
    else if (!step && event.key !== "Enter") return;
    event.preventDefault();
  });

  document.addEventListener("click", ({ target }) => {
    const option = target.closest("#models > li");
    if (option) take(option);
    const kind = target.closest(".kinds button");
    if (!kind) return;
    for (const button of kind.parentElement.children) button.setAttribute("aria-pressed", String(button === kind));
    find();
  });
})();
