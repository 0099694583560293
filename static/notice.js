// Says when generations end: aloud for screen readers, in the title and the icon of a tab nobody looks at, and as a
// notification of the browser for whoever asked for it. The words are the cards' own.
(() => {
  const LIVE = new Set(["queued", "sending", "running"]);
  const TROUBLE = new Set(["failed", "rejected", "stalled"]);
  const known = new Map();
  const title = document.title;
  const icon = document.querySelector("link[rel=icon]");
  const plain = icon.href;
  let unseen = 0;
  let batch = [];

  const mark = () => {
    document.title = unseen ? `(${unseen}) ${title}` : title;
    icon.href = unseen ? icon.dataset.badge : plain;
  };

  const notify = (words) => {
    if (document.hidden && localStorage.getItem("notify") === "yes" && window.Notification?.permission === "granted") {
      new Notification(title, { body: words.slice(0, 5).join("\n"), icon: plain });
    }
  };

  const look = () => {
    const cards = [...document.querySelectorAll("article.card")];
    const ended = cards.filter((card) => LIVE.has(known.get(card.id)) && !LIVE.has(card.dataset.status));
    for (const card of cards) known.set(card.id, card.dataset.status);
    if (!ended.length) return;
    const words = ended.map((card) => card.getAttribute("aria-label"));
    document.getElementById("announcements").textContent = words.join(". ");
    if (document.hidden) unseen += ended.length;
    mark();
    // Trouble at once, the rest once nothing of the batch is under way any more.
    const trouble = ended.filter((card) => TROUBLE.has(card.dataset.status));
    if (trouble.length) notify(trouble.map((card) => card.getAttribute("aria-label")));
    batch.push(...ended.filter((card) => card.dataset.status === "done").map((card) => card.getAttribute("aria-label")));
    if (batch.length && !cards.some((card) => LIVE.has(card.dataset.status))) notify(batch.splice(0));
  };

  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("htmx:load", look);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unseen = 0;
    mark();
  });

  const button = document.querySelector("[data-notify]");
  const show = () => button.setAttribute("aria-pressed", String(localStorage.getItem("notify") === "yes"));
  if (button && window.Notification) {
    button.hidden = false;
    show();
    button.addEventListener("click", async () => {
      const wanted = localStorage.getItem("notify") !== "yes";
      if (wanted && (await Notification.requestPermission()) !== "granted") return;
      localStorage.setItem("notify", wanted ? "yes" : "no");
      show();
    });
  }
})();
