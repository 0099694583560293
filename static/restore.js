// A tab shows what was in it: after a reload, Back, or another tab's work, the whole form is as it was left here, and
// the server works out anew what follows from it. The person's latest form, which new tabs start with, is on the server.
(() => {
  const key = `form-${document.body.dataset.person}`;
  let isForgotten = false;
  document.querySelector("form[data-forget]")?.addEventListener("submit", () => {
    isForgotten = true; // an answer that is still on its way would keep it again
    sessionStorage.removeItem(key);
  });
  const form = () => document.getElementById("generate");
  if (!form()) return;
  const OWN = new Set(["csrfmiddlewaretoken", "nonce", "person", "shown_price", "proposed_ratio", "reference_url", "preset_name", "preset_team"]);
  const entries = () => [...new FormData(form())].filter(([name, value]) => typeof value === "string" && !OWN.has(name));
  // Whether the address says what the form holds; how many cards are shown has nothing to do with it.
  const asks = () => [...new URLSearchParams(location.search).keys()].some((name) => name !== "pages");
  const keep = () => isForgotten || sessionStorage.setItem(key, JSON.stringify(entries()));

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      if (event.target.form === form()) keep();
    });
  }
  // Once something was changed, the address no longer says what the form holds.
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id !== "price" || !event.detail.successful) return;
    keep();
    const { searchParams, pathname } = new URL(location.href);
    const pages = searchParams.get("pages");
    if (asks()) history.replaceState(history.state, "", pages ? `${pathname}?pages=${pages}` : pathname);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (["reference-list", "fields"].includes(event.target.id)) keep();
  });

  const kept = sessionStorage.getItem(key);
  if (!asks() && kept && kept !== JSON.stringify(entries())) {
    const values = { csrfmiddlewaretoken: form().elements.csrfmiddlewaretoken.value };
    for (const [name, value] of JSON.parse(kept)) values[name] = [...(values[name] ?? []), value];
    form().inert = true;  // nothing can be pressed before it is all there
    htmx.ajax("POST", form().dataset.restore, { source: "body", target: "#generate", swap: "outerHTML", values })
      .finally(() => { form().inert = false; });
  }
})();
