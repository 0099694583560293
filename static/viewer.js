// A result opens over the wall and leads to its neighbours. The address changes: Back closes it, a reload finds it again.
// Without this script, or opened by its address, it is a page of its own.
(() => {
  const viewer = document.getElementById("viewer");
  // Where a form leads back to: the card's actions, and the language in the menu.
  const comeBackTo = (address) => {
    for (const field of document.querySelectorAll("#act [name=next], .top [name=next]")) field.value = address;
  };
  const isOpen = () => viewer && !viewer.hidden;
  const find = (selector) => (isOpen() ? viewer : document).querySelector(selector);
  let opened, wall; // the link that was followed, and what the page said before
  let shown = 0;

  // Resolves to whether it is there, or to undefined if something else was asked for meanwhile.
  const show = async (href) => {
    const own = ++shown;
    await import(viewer.dataset.zoomScript).catch(() => {}); // first, as without it Z would open the file itself
    while (viewer.matches(".htmx-request, :has(.htmx-request)")) {
      await new Promise((done) => viewer.addEventListener("htmx:afterRequest", done, { once: true }));
    }
    if (own !== shown) return undefined;
    comeBackTo(href.replace(location.origin, ""));
    let came = false;
    viewer.addEventListener("htmx:afterRequest", ({ detail }) => (came = detail.successful), { once: true });
    await htmx.ajax("GET", href, { source: viewer, target: viewer, select: "main > *", swap: "innerHTML" });
    const script = find("[data-script]");
    if (script) import(script.dataset.script);
    if (!isOpen()) viewer.replaceChildren();
    else if (document.activeElement === document.body) viewer.focus({ preventScroll: true });
    return own === shown ? came : undefined;
  };

  const open = async (href) => {
    wall ??= { title: document.title, next: document.querySelector("#act [name=next]").value };
    viewer.hidden = false;
    // What is known already, while the rest is on its way.
    const small = opened?.querySelector("img");
    if (small) {
      viewer.innerHTML = '<div class="result"><div class="mat"></div></div>';
      viewer.querySelector(".mat").append(Object.assign(new Image(), { src: small.src, alt: "", className: "early" }));
    }
    viewer.setAttribute("aria-describedby", "prompt-text");
    viewer.focus({ preventScroll: true });
    if ((await show(href)) === false) history.back();
  };

  const close = () => {
    const id = find("[data-card]")?.dataset.card;
    viewer.hidden = true;
    viewer.replaceChildren();
    shown += 1;
    document.title = wall.title;
    comeBackTo(wall.next);
    wall = undefined;
    const frame = document.getElementById(id)?.querySelector(".frame") ?? opened;
    const { top, bottom } = frame?.getBoundingClientRect() ?? {};
    if (bottom < 0 || top > innerHeight) frame.scrollIntoView({ block: "center" });
    frame?.focus({ preventScroll: true });
  };

  // Asked before htmx, which would load the wall anew.
  addEventListener("popstate", (event) => {
    if (!viewer || !(isOpen() || event.state?.viewer)) return;
    event.stopImmediatePropagation();
    if (!event.state?.viewer) close();
    else if (isOpen()) show(location.href);
    else open(location.href);
  });

  const before = () => {
    const last = window.navigation?.entries()[window.navigation.currentEntry.index - 1]?.url ?? document.referrer;
    return URL.canParse(last) ? new URL(last).pathname : "";
  };
  const isResult = ({ pathname }) => /\/generations\/[\da-f-]{36}\/(compare\/)?$/.test(pathname);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { href } = link;
    if (isOpen() && link.matches(".skip")) viewer.focus();
    else if (link.matches("[data-back]")) {
      if (!isOpen() && before() !== link.pathname) return;
      history.back(); // where it finds the place that was left
    } else if (viewer && link.closest("#wall, #tile-menu") && isResult(link)) {
      opened = link;
      history.pushState({ viewer: true }, "", href);
      history.scrollRestoration = "manual"; // where the wall is says nothing about this page
      open(href);
    } else if (isOpen() && viewer.contains(link) && isResult(link)) {
      // From one result to the next the history does not grow.
      const change = link.closest(".strip") ? "replaceState" : "pushState";
      show(href).then((came) => came && history[change]({ viewer: true }, "", href));
    } else if (link.closest(".strip")) location.replace(href);
    else return;
    event.preventDefault();
  });

  // A finger that swipes over a picture at its usual size leads on.
  let start;
  document.addEventListener("pointerdown", (event) => {
    const isAlone = event.isPrimary && event.pointerType === "touch" && visualViewport.scale === 1;
    start = isAlone && event.target.closest(".mat") && !event.target.closest("video, .zoomed") ? event : undefined;
  });
  document.addEventListener("pointerup", ({ clientX, clientY }) => {
    if (!start) return;
    const across = clientX - start.clientX;
    if (Math.abs(across) < 50 || Math.abs(across) < 2 * Math.abs(clientY - start.clientY)) return;
    start.target.closest(".mat").querySelector(`[data-key=Arrow${across < 0 ? "Right" : "Left"}]`)?.click();
  });

  // What is done with a result changes its card on the wall.
  const cards = new WeakMap(); // by request
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const of = detail.requestConfig.verb === "post" && detail.elt.closest("#viewer [data-card]");
    if (of) cards.set(detail.xhr, of.dataset.card);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const card = cards.get(detail.xhr);
    if (!card || !detail.successful) return;
    const seen = document.getElementById("seen-card");
    seen.value = `${card.slice("generation-".length)}:`;
    htmx.trigger(seen, "changed");
    seen.value = "";
  });

  const root = document.documentElement;
  const fold = (isFolded) => {
    root.toggleAttribute("data-folded", isFolded);
    for (const button of document.querySelectorAll("[data-fold]")) button.setAttribute("aria-expanded", !isFolded);
  };
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-fold]")) return;
    localStorage.setItem("details", root.hasAttribute("data-folded") ? "open" : "folded");
    fold(!root.hasAttribute("data-folded"));
  });

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    // It is done, or another file of its set has come.
    if (isOpen() && elt.matches("#viewer article:not(:has([name=live])), #viewer [hidden] article")) {
      show(location.href);
    }
    fold(localStorage.getItem("details") === "folded");
    for (const here of elt.querySelectorAll(".strip [aria-current]")) {
      const list = here.closest("ol");
      const left = here.getBoundingClientRect().left - list.getBoundingClientRect().left;
      list.scrollLeft += left - (list.clientWidth - here.offsetWidth) / 2;
    }
    const part = /^#(share|collections)$/.test(location.hash) && elt.querySelector(location.hash);
    if (part) {
      part.open = true;
      part.querySelector("summary, input:not([type=hidden])").focus();
    }
  });

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.requestConfig?.elt.id === "create-link") find("#share [data-copy]")?.click();
  });
})();
