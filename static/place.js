// Back returns to the place that was left: the address says how many pages of cards are loaded, so that the server shows
// as many again, and the browser finds its scroll position.
(() => {
  const note = () => {
    const wall = document.querySelector("[data-page]");
    if (!wall || history.state?.viewer) return;
    const pages = Math.ceil(wall.querySelectorAll("article.card").length / wall.dataset.page);
    const here = new URL(location.href);
    if (pages <= Number(here.searchParams.get("pages") ?? 1)) return;
    here.searchParams.set("pages", pages);
    history.replaceState(history.state, "", here);
    for (const field of document.querySelectorAll("#act [name=next], #selection [name=next]")) {
      field.value = here.pathname + here.search;
    }
  };
  document.addEventListener("htmx:load", note);

  // A page that the browser kept in memory may be out of date, or another person's by now.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
