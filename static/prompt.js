// Alt with the arrows brings back what was asked before.
(() => {
  // The field is found anew each time: a form that comes back with errors has another one.
  const found = () => document.querySelector("textarea[name=prompt]");
  if (!found()) return;
  const earlier = [...document.querySelectorAll("#earlier-prompts option")].map((option) => option.value);
  // What this tab held last may not have reached the server, and the address may have brought another prompt.
  const kept = JSON.parse(sessionStorage.getItem(`form-${document.body.dataset.person}`) ?? "[]");
  const unsent = kept.find(([name]) => name === "prompt")?.[1].trim();
  if (unsent && unsent !== found().value.trim() && !earlier.includes(unsent)) earlier.unshift(unsent);
  let place = -1;
  let draft = "";
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "generate" || !event.detail.successful) return;
    place = -1;
    const sent = found().value.trim();
    if (sent && earlier[0] !== sent) earlier.unshift(sent);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== found() || !event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (place < 0) draft = event.target.value;
    const others = earlier.filter((prompt) => prompt !== draft.trim());
    place = Math.max(-1, Math.min(others.length - 1, place + (event.key === "ArrowUp" ? 1 : -1)));
    event.target.value = place < 0 ? draft : others[place];
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
