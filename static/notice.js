// Says when generations end: aloud for screen readers, in the title and the icon of a tab nobody looks at, and as a
// notification of the browser for whoever asked for it. The words are the cards' own.
(() => {
  const LIVE = new Set(["held", "queued", "sending", "running"]);
  const TROUBLE = new Set(["failed", "rejected", "stalled"]);
  const known = new Map();
  const title = document.title;
  const icon = document.querySelector("link[rel=icon]");
  const plain = icon.href;
  let unseen = 0;
  const batches = new Map();

  const mark = () => {
    document.title = unseen ? `(${unseen}) ${title}` : title;
    icon.href = unseen ? icon.dataset.badge : plain;
  };

  // Two short notes, made here: no file to fetch.
  const sound = () => {
    const audio = new AudioContext();
    for (const [at, pitch] of [[0, 660], [0.14, 880]]) {
      const note = new OscillatorNode(audio, { frequency: pitch });
      const loudness = new GainNode(audio, { gain: 0.08 });
      loudness.gain.setTargetAtTime(0, audio.currentTime + at + 0.08, 0.05);
      note.connect(loudness).connect(audio.destination);
      note.start(audio.currentTime + at);
      note.stop(audio.currentTime + at + 0.4);
    }
    setTimeout(() => audio.close(), 1000);
  };

  const notify = (words) => {
    if (localStorage.getItem("sound") === "yes") sound();
    if (document.hidden && localStorage.getItem("notify") === "yes" && window.Notification?.permission === "granted") {
      try {
        new Notification(title, { body: words.slice(0, 5).join("\n"), icon: plain });
      } catch {
        // Some phones have notifications and refuse them to pages.
      }
    }
  };

  const look = () => {
    const cards = [...document.querySelectorAll("main article.card")];
    const ended = cards.filter((card) => LIVE.has(known.get(card.id)) && !LIVE.has(card.dataset.status));
    for (const card of cards) known.set(card.id, card.dataset.status);
    if (!ended.length) return;
    const words = ended.map((card) => card.getAttribute("aria-label"));
    document.getElementById("announcements").textContent = words.join(". ");
    if (document.hidden) unseen += ended.length;
    mark();
    // Trouble at once, the rest once nothing of its batch is under way any more.
    const trouble = ended.filter((card) => TROUBLE.has(card.dataset.status));
    if (trouble.length) notify(trouble.map((card) => card.getAttribute("aria-label")));
    for (const card of ended.filter((card) => card.dataset.status === "done")) {
      const { batch } = card.dataset;
      batches.set(batch, [...(batches.get(batch) ?? []), card.getAttribute("aria-label")]);
      if (cards.some((other) => other.dataset.batch === batch && LIVE.has(other.dataset.status))) continue;
      notify(batches.get(batch));
      batches.delete(batch);
    }
  };

  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("htmx:load", look);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    unseen = 0;
    mark();
  });

  const offer = (name, isPossible, isAllowed) => {
    const button = document.querySelector(`[data-${name}]`);
    if (!button || !isPossible) return;
    const show = () => button.setAttribute("aria-pressed", String(localStorage.getItem(name) === "yes"));
    button.hidden = false;
    show();
    button.addEventListener("click", async () => {
      const wanted = localStorage.getItem(name) !== "yes";
      if (wanted && !(await isAllowed())) return;
      localStorage.setItem(name, wanted ? "yes" : "no");
      show();
    });
  };
  offer("notify", window.Notification, async () => (await Notification.requestPermission()) === "granted");
  offer("sound", window.AudioContext, () => (sound(), true));
})();
