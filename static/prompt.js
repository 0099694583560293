// The prompt remembers what was being written, and Alt with the arrows brings back what was asked before.
(() => {
  const field = document.querySelector("textarea[name=prompt]");
  if (!field) return;
  const key = `draft-${document.body.dataset.person}`;
  if (!field.value) field.value = localStorage.getItem(key) ?? "";
  field.addEventListener("input", () => localStorage.setItem(key, field.value));
  document.querySelector("form[data-forget]")?.addEventListener("submit", () => localStorage.removeItem(key));

  const earlier = [...document.querySelectorAll("#earlier-prompts option")].map((option) => option.value);
  let place = -1;
  let draft = "";
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "generate" || !event.detail.successful) return;
    place = -1;
    if (field.value.trim() && earlier[0] !== field.value.trim()) earlier.unshift(field.value.trim());
  });
  field.addEventListener("keydown", (event) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (place < 0) draft = field.value;
    place = Math.max(-1, Math.min(earlier.length - 1, place + (event.key === "ArrowUp" ? 1 : -1)));
    field.value = place < 0 ? draft : earlier[place];
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
