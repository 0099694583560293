// The list of models: words find them, and what is taken is chosen in the form's select, which stays the one field of the
// model. Its fields come anew then.
(() => {
  const field = () => document.querySelector("[data-models]");
  const options = () => [...document.querySelectorAll("#models > li")];
  const shown = () => listbox.options(field());

  const find = () => {
    const words = field().value.toLowerCase().split(/\s+/);
    const kind = document.querySelector(".kinds [aria-pressed=true]").dataset.media;
    for (const option of options()) {
      const text = option.textContent.toLowerCase();
      option.hidden = (kind && option.dataset.media !== kind) || !words.every((word) => text.includes(word));
    }
    document.querySelector("[data-none]").hidden = shown().length > 0;
    listbox.mark(field(), shown()[0]);
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
      listbox.mark(field(), shown().find((option) => option.ariaSelected === "true"));
      if (target.contains(document.activeElement) && matchMedia("(hover: hover)").matches) field().focus();
    },
    true,
  );

  // What is typed here is no part of the form.
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

  document.addEventListener("click", ({ target }) => {
    const option = target.closest("#models > li");
    if (option) take(option);
    const kind = target.closest(".kinds button");
    if (!kind) return;
    for (const button of kind.parentElement.children) button.setAttribute("aria-pressed", String(button === kind));
    find();
  });

  // What is chosen while the fields of another model are on their way is chosen in the new fields too.
  const values = (fields) =>
    new Map([...fields.querySelectorAll("select, textarea, input:not([type=radio]), input:checked")].map((field) => [field.name, field.value]));
  let sent, meant;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "fields") sent = values(event.detail.elt);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "fields" || !sent) return;
    meant = [...values(event.detail.target)].filter(([name, value]) => sent.get(name) !== value);
  });
  document.addEventListener("htmx:afterSettle", () => {
    const fields = document.getElementById("fields");
    let changed;
    for (const [name, value] of meant?.splice(0) ?? []) {
      const found = [...fields.querySelectorAll(`[name="${name}"]`)];
      const radio = found.find((field) => field.type === "radio" && field.value === value);
      const field = radio ?? found.find((other) => other.type !== "radio");
      if (!field) continue;
      if (radio) radio.checked = true;
      else field.value = value;
      changed = field;
    }
    changed?.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
