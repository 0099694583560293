// What htmx would pass over in silence. Says what became of a request, renews a page that is older than the latest
// sign-in, and waits for a lost connection.
(() => {
  const { base, signedIn, person } = document.body.dataset;
  // Other tabs hear of a sign-in or sign-out by this.
  const heardBy = `signed-in ${base}`;
  localStorage.setItem(heardBy, signedIn);
  if (!person) return;

  const { answers } = window;
  const banner = document.getElementById("connection");
  let away = ""; // why nothing of this page can be sent: signedOut or otherPerson
  let isLost = false;
  let missed = 0; // ticks in a row that failed
  let isLeaving = false;
  let next; // the timer of the next look for the studio
  const unanswered = new Map(); // by element, what "Try again" means
  const renewing = new Set();
  const renewed = new WeakSet();
  const bodies = new WeakMap(); // what an element is to send, if not what it says now

  const isTick = (element) => Boolean(element.closest("#live"));
  const isDeed = ({ elt, requestConfig }) => requestConfig.verb === "post" && !elt.closest("#live, #seen-card, #price");
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

  // Asks who is signed in here, and puts a fresh CSRF token into every form if it is still the page's person.
  const renew = async () => {
    const headers = { "HX-Request": "true", "X-Person": person };
    const { freshToken } = document.getElementById("answers").dataset;
    try {
      const answer = await fetch(freshToken, { headers, signal: AbortSignal.timeout(10_000) });
      if (!answer.ok) return answer.status;
      const fresh = (await answer.json()).token;
      for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = fresh;
      return answer.status;
    } catch {
      return 0; // not even an answer, or one of somebody else in between
    }
  };

  // A click is repeated as it was sent, "Try again" with what the form says by then. Its files are in the first body only.
  const repeat = ({ elt, requestConfig }, asSent) => {
    const { verb, path, formData, triggeringEvent } = requestConfig;
    if (!elt.isConnected) return;
    if (formData.has("csrfmiddlewaretoken")) formData.set("csrfmiddlewaretoken", token());
    if (asSent || elt.matches("[name=reference_file], [name=reference_url]")) bodies.set(elt, formData);
    const { name, value } = triggeringEvent?.submitter ?? {};
    const values = name ? { [name]: value } : {};
    htmx.ajax(verb, path, { source: elt, event: triggeringEvent, values }).catch(() => {}); // its events say it
  };
  // What somebody did counts more than what the page asked by itself: that is repeated along with it.
  const say = (name, detail) => {
    const deedStands = [...unanswered.values()].some(isDeed);
    if (detail) unanswered.set(detail.elt, detail);
    if (detail && !isDeed(detail) && deedStands && !away) return;
    const all = [...unanswered.values()].filter(({ elt }) => elt.isConnected);
    answers.say(name, all.length ? () => all.forEach((one) => repeat(one)) : undefined);
  };

  const lose = (name) => {
    banner.textContent = answers.words(name === "offline" ? "waitsOffline" : "waits");
    banner.hidden = false;
    if (!isLost) next = setTimeout(look, 5000);
    isLost = true;
  };
  const find = (status) => {
    const wasAway = away;
    isLost = false;
    missed = 0;
    banner.hidden = true;
    away = status === 401 || status === 409 ? answers.name(status) : "";
    if (away) say(away);
    else {
      if (wasAway) say("back");
      if (document.getElementById("live")) htmx.trigger("#live", "changed");
    }
  };
  const look = async () => {
    clearTimeout(next);
    const status = navigator.onLine ? await renew() : 0;
    if (status && status < 500) find(status);
    else if (isLost) next = setTimeout(look, 5000);
  };

  const failed = async (detail, name) => {
    const { elt } = detail;
    if ((name === "stale" || name === "cookies") && !renewed.delete(elt)) {
      renewing.add(elt);
      const status = await renew();
      renewing.delete(elt);
      if (status === 200) {
        away = "";
        renewed.add(elt);
        return repeat(detail, true);
      }
      name = answers.name(status);
    }
    if (name === "signedOut" || name === "otherPerson") away = name;
    else if (isTick(elt)) {
      missed += 1;
      // One that fails is not worth a word: the next may come through.
      if (missed > 1 || name === "offline") lose(name);
      return undefined;
    } else if (name === "offline" || name === "unreachable") lose(name);
    return say(name, isTick(elt) ? undefined : detail);
  };

  const heard = ({ detail }) => {
    const reason = detail.xhr.getResponseHeader("X-Reason");
    failed(detail, reason ?? answers.name(detail.xhr.status));
  };
  document.addEventListener("htmx:responseError", heard);
  document.addEventListener("htmx:sendError", ({ detail }) => failed(detail, answers.name(0)));
  document.addEventListener("htmx:timeout", ({ detail }) => failed(detail, "slow"));
  // A newer request that replaces one, or a page that is left, is no failure.
  document.addEventListener("htmx:sendAbort", ({ detail }) => {
    if (!isLeaving && isDeed(detail)) failed(detail, "cancelled");
  });
  addEventListener("beforeunload", () => (isLeaving = true));

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const body = bodies.get(detail.elt);
    if (bodies.delete(detail.elt)) detail.parameters = body;
    detail.headers["X-Person"] = person;
    // Files may take as long as they need, and a click sends references on before it is answered.
    const sendsFiles = [...(body ?? detail.formData).values()].some((value) => value instanceof File && value.size);
    detail.timeout = sendsFiles ? 0 : isTick(detail.elt) ? 15_000 : detail.verb === "get" ? 60_000 : 300_000;
  });
  // The tick pauses while nobody would answer it, and what is about to be repeated is not sent a second time.
  document.addEventListener("htmx:confirm", (event) => {
    const { elt } = event.detail;
    if (isTick(elt) ? away || isLost : elt.matches("form, button") && renewing.has(elt)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (isDeed(detail)) for (const one of [...unanswered.values()].filter(isDeed)) unanswered.delete(one.elt);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    renewed.delete(detail.elt);
    if (isTick(detail.elt)) missed = 0;
    else if (unanswered.delete(detail.elt) && !unanswered.size) document.getElementById("messages").replaceChildren();
    if (isLost || (away && !isTick(detail.elt))) look();
  });

  addEventListener("offline", () => lose("offline"));
  addEventListener("online", look);
  addEventListener("storage", ({ key, newValue }) => {
    if (key === heardBy && newValue !== signedIn) look();
  });
  if (!navigator.onLine) lose("offline");
})();
