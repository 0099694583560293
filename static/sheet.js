// On a small screen the form is a bar at the bottom that opens into a sheet, so that the wall fills the screen.
(() => {
  const studio = document.querySelector("main.studio");
  if (!studio) return;
  const maker = studio.querySelector(".maker");
  const close = maker.querySelector("[data-close-sheet]");
  studio.classList.add("with-sheet");
  const narrow = matchMedia("(max-width: 60rem)");
  const wrong = (form) => form.querySelector("[aria-invalid=true], .note.error");
  const open = (on) => {
    const was = studio.classList.contains("sheet-open");
    studio.classList.toggle("sheet-open", on);
    if (was && !on && narrow.matches && maker.contains(document.activeElement)) document.activeElement.blur();
  };
  maker.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea[name=prompt]")) open(true);
  });
  close.addEventListener("click", () => open(false));
  // What was brought along is in the form.
  if (/[?&](from|preset|prompt|reference|inspiration)=/.test(location.search)) open(true);
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (target.id === "reference-list" && narrow.matches) open(true);
  });
  // The bar hides what would be sent, so Generate opens the sheet first. The second of a double click is none.
  maker.addEventListener("click", (event) => {
    if (!narrow.matches || !event.target.closest(".go .primary")) return;
    if (studio.classList.contains("sheet-open") && event.detail < 2) return;
    event.preventDefault();
    open(true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector(":popover-open")) open(false);
  });
  for (const kind of ["click", "focusin"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.closest?.(".wall-side")) open(false);
    });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id === "generate" && event.detail.successful) open(false);
  });
  // What is wrong with the form can be in a field that the bar does not show.
  document.addEventListener("htmx:load", (event) => {
    if (event.target.id === "generate" && wrong(maker)) open(true);
  });
})();
