// A card, or a part beside a result, that is replaced by its next state keeps the keyboard where it was.
(() => {
  const place = (element) => element.getAttribute("formaction") ?? element.getAttribute("href") ?? element.className;
  let held;
  const hold = () => {
    const card = document.activeElement?.closest("article.card");
    if (card) held = { id: card.id, place: place(document.activeElement) };
    const part = document.activeElement?.closest("#about :is(section, details.menu)[id]");
    if (part) held = { id: part.id, isOpen: part.open };
  };
  document.addEventListener("htmx:beforeSwap", hold);
  document.addEventListener("htmx:oobBeforeSwap", hold);
  document.addEventListener("htmx:afterSettle", (event) => {
    // A form that came back with errors leads to the first of them.
    if (event.target.id === "generate") {
      const wrong = event.target.querySelector("[aria-invalid=true], .note.error");
      wrong?.focus();
      wrong?.scrollIntoView({ block: "center" });
    }
    // The button that was pressed beside a result may be gone.
    if (event.target.id === "about" && document.activeElement === document.body) {
      document.getElementById("star")?.focus({ preventScroll: true });
    }
    if (!held) return;
    const card = document.getElementById(held.id);
    if (held.isOpen) card.open = true;
    const same = [...(card?.querySelectorAll("a, button, input") ?? [])].find((element) => place(element) === held.place);
    held = undefined;
    if (document.activeElement && document.activeElement !== document.body) return;
    (same ?? card?.querySelector(".over button") ?? card?.querySelector(".frame, button"))?.focus({ preventScroll: true });
  });
})();
