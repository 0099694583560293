// Small things that HTML cannot do: running clocks, Ctrl+Enter, copying a link.
(() => {
  const seen = new WeakMap();

  // The server tells how many seconds have passed or are left; the page counts on.
  const since = (element, told) => {
    if (seen.get(element)?.told !== told) seen.set(element, { told, at: performance.now() });
    return (performance.now() - seen.get(element).at) / 1000;
  };
  const elapsed = (element) => Number(element.dataset.elapsed) + since(element, element.dataset.elapsed);
  const remaining = (element) => element.dataset.left - since(element, element.dataset.left);

  const clock = (seconds) =>
    `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  // The words of the template filter `soon`, told by <body>.
  const soon = (seconds) => {
    const { soon: now, soonSeconds, soonMinutes } = document.body.dataset;
    if (seconds < 2) return now;
    if (seconds < 90) return soonSeconds.replace("{seconds}", Math.round(seconds));
    return soonMinutes.replace("{minutes}", Math.round(seconds / 60));
  };

  const tick = () => {
    for (const element of document.querySelectorAll("[data-left]")) element.textContent = soon(remaining(element));
    for (const element of document.querySelectorAll("[data-elapsed]")) {
      const seconds = elapsed(element);
      if (element.tagName === "PROGRESS") element.value = Math.min(seconds, element.max * 0.97);
      else element.textContent = clock(seconds);
    }
    for (const element of document.querySelectorAll("[data-after]")) {
      const timer = element.closest("article, main")?.querySelector("[data-elapsed]");
      element.hidden = !timer || elapsed(timer) < Number(element.dataset.after);
    }
  };
  setInterval(tick, 1000);
  document.addEventListener("DOMContentLoaded", tick);
  document.addEventListener("htmx:load", tick);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const menu = event.target.closest?.(".presets");
    if (menu && event.target.name === "preset_name") {
      event.preventDefault();
      menu.querySelector(".save button").click();
    }
    const form = event.target.closest?.("form[data-send-with-enter]");
    if (!form || menu || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    // The one before is still on its way: say so, rather than nothing.
    if (form.classList.contains("htmx-request")) {
      document.getElementById("announcements").textContent = form.querySelector("[data-busy]").dataset.busy;
    } else form.requestSubmit();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    field.select?.();
    // Without https there is no such clipboard, and the browser may refuse it; what is selected can be copied then.
    const text = field.value ?? field.textContent;
    const isWritten = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    if (!isWritten && !document.execCommand("copy")) return;
    const word = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = word), 1500);
  });
})();
