// The prompt remembers what was being written, and Alt with the arrows brings back what was asked before.
(() => {
  // The field is found anew each time: a form that comes back with errors has another one.
  const found = () => document.querySelector("textarea[name=prompt]");
  const field = found();
  if (!field) return;
  const key = `draft-${document.body.dataset.person}`;
  const earlier = [...document.querySelectorAll("#earlier-prompts option")].map((option) => option.value);
  const unsent = localStorage.getItem(key) ?? "";
  // What waited on the server is shown until it is sent; after its first time, what was written since counts more.
  const waited = `waited-${document.body.dataset.person}`;
  const waits = "waited" in field.dataset;
  if (!field.value || (waits && localStorage.getItem(waited) === field.value)) field.value = unsent;
  else if (unsent.trim() && unsent !== field.value && !earlier.includes(unsent.trim())) earlier.unshift(unsent.trim());
  if (waits && field.value !== unsent) for (const name of [key, waited]) localStorage.setItem(name, field.value);
  const forget = () => [key, waited].forEach((name) => localStorage.removeItem(name));
  document.querySelector("form[data-forget]")?.addEventListener("submit", forget);

  let place = -1;
  let draft = "";
  document.addEventListener("input", (event) => {
    if (event.target === found()) localStorage.setItem(key, event.target.value);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "generate" || !event.detail.successful) return;
    place = -1;
    localStorage.removeItem(waited);
    const sent = found().value.trim();
    if (sent && earlier[0] !== sent) earlier.unshift(sent);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== found() || !event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (place < 0) draft = event.target.value;
    place = Math.max(-1, Math.min(earlier.length - 1, place + (event.key === "ArrowUp" ? 1 : -1)));
    event.target.value = place < 0 ? draft : earlier[place];
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
