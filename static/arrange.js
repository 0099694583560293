// An item of a collection that is dropped onto another takes its place. The keys press its buttons.
(() => {
  const itemOf = ({ target }) => target.closest?.("#arrange li");
  let dragged;
  document.addEventListener("dragstart", (event) => (dragged = itemOf(event)));
  document.addEventListener("dragover", (event) => {
    if (dragged && itemOf(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const item = dragged && itemOf(event);
    if (!item || item === dragged) return;
    event.preventDefault();
    const values = { move: `onto:${dragged.dataset.item}`, onto: item.dataset.item };
    htmx.ajax("POST", "", { source: item.closest("form"), values });
  });
  document.addEventListener("keydown", (event) => {
    const [left, right] = document.dir === "rtl" ? ["later", "earlier"] : ["earlier", "later"];
    const steps = { Home: "first", ArrowLeft: left, ArrowRight: right, End: "last" };
    const button = itemOf(event)?.querySelector(`[value^="${steps[event.key]}:"]`);
    if (!button) return;
    event.preventDefault();
    button.focus();
    button.click();
  });
})();
