// Typing [ or @ in the prompt offers what is attached and writes its name, such as [image1].
(() => {
  const field = () => document.querySelector("textarea[name=prompt]");
  const TYPED = /(?:\[|(?:^|\s)@)([a-z]*[0-9]*)$/i;
  let list;

  // Pictures are counted in the order in which the request names them: frames first.
  const attached = () => {
    const inputs = [...document.querySelectorAll("#reference-list input[name=reference]:checked")];
    const frame = (name) => document.querySelector(`#fields [name=${name}]:checked`)?.value;
    const frames = [frame("first_frame"), frame("last_frame")];
    const place = (input) => (frames.indexOf(input.value) + 1 || frames.length + 1);
    const counts = {};
    return inputs
      .sort((one, other) => place(one) - place(other))
      .map((input) => {
        const { kind } = input.dataset;
        counts[kind] = (counts[kind] ?? 0) + 1;
        return { name: `[${kind}${counts[kind]}]`, picture: input.parentElement.querySelector("img, .linked") };
      });
  };

  const close = () => {
    list?.remove();
    list = undefined;
    field()?.removeAttribute("aria-activedescendant");
  };

  const take = (name) => {
    const prompt = field();
    const before = prompt.value.slice(0, prompt.selectionStart);
    const typed = before.match(TYPED)?.[1] ?? "";
    prompt.setRangeText(name, before.length - typed.length - 1, before.length, "end");
    close();
    prompt.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const open = (found) => {
    close();
    list = document.createElement("ul");
    list.className = list.id = "mentions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-labelledby", "references-legend");
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the prompt keeps the keyboard
    found.forEach(({ name, picture }, index) => {
      const option = document.createElement("li");
      option.id = `mention-${index}`;
      option.setAttribute("role", "option");
      const shown = picture.cloneNode(true);
      if (shown.tagName === "IMG") shown.alt = "";
      const words = document.createElement("code");
      words.textContent = name;
      option.append(shown, words);
      option.addEventListener("click", () => take(name));
      list.append(option);
    });
    field().after(list);
    field().setAttribute("aria-controls", list.id);
    listbox.mark(field(), list.firstChild);
  };

  document.addEventListener("input", (event) => {
    const prompt = field();
    if (event.target !== prompt || event.isComposing) return;
    const typed = prompt.value.slice(0, prompt.selectionStart).match(TYPED)?.[1];
    const found = typed === undefined ? [] : attached().filter(({ name }) => name.slice(1).startsWith(typed.toLowerCase()));
    if (found.length) open(found);
    else close();
  });
  // Before the other listeners: while the list is open, these keys are its own. keys.js goes through it.
  document.addEventListener(
    "keydown",
    (event) => {
      if (!list || event.target !== field()) return;
      if (event.key === "Tab") list.querySelector(".marked").click();
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  document.addEventListener("focusout", (event) => {
    if (event.target === field()) close();
  });
})();
