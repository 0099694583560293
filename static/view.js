// A result among its neighbours, in full size, and two over each other. Without this script all of them are there.
(() => {
  for (const here of document.querySelectorAll(".strip [aria-current]")) {
    const list = here.closest("ol");
    const left = here.getBoundingClientRect().left - list.getBoundingClientRect().left;
    list.scrollLeft += left - (list.clientWidth - here.offsetWidth) / 2;
  }

  const before = () => {
    const last = window.navigation?.entries()[window.navigation.currentEntry.index - 1]?.url ?? document.referrer;
    return URL.canParse(last) ? new URL(last).pathname : "";
  };
  // From one result to the next the history does not grow: Back leads to the list they were opened from.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".strip a, [data-back]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!link.matches("[data-back]")) location.replace(link.href);
    else if (before() === link.pathname) history.back(); // where it finds the place that was left
    else return;
    event.preventDefault();
  });

  const zoom = document.getElementById("zoom");
  const link = document.querySelector("[data-zoom]");
  const stage = zoom?.querySelector("div");
  link?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const picture = link.querySelector("img").cloneNode();
    picture.removeAttribute("width");
    picture.removeAttribute("height");
    stage.replaceChildren(picture);
    zoom.showModal();
    stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  });
  document.addEventListener("keydown", (event) => {
    if (zoom?.open && !event.defaultPrevented && event.key === "z") zoom.close();
  });
  let held;
  stage?.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse") return;
    event.preventDefault();
    held = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop };
    stage.setPointerCapture(event.pointerId);
  });
  stage?.addEventListener("pointermove", (event) => {
    if (held) stage.scrollTo(held.x - event.clientX, held.y - event.clientY);
  });
  stage?.addEventListener("pointerup", () => (held = undefined));

  const pair = document.querySelector("[data-compare]");
  if (!pair) return;
  const bar = document.querySelector(".compare-bar");
  const slider = document.getElementById("compare-slider");
  const button = document.querySelector("[data-compare-switch]");
  const cut = () => pair.style.setProperty("--cut", `${slider.value}%`);
  bar.hidden = false;
  pair.classList.add("stacked");
  cut();
  slider.addEventListener("input", cut);
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(!pair.classList.toggle("stacked")));
  });
  const slide = (event) => {
    if (!pair.classList.contains("stacked") || !(event.buttons & 1) || event.target.closest("a")) return;
    const box = pair.getBoundingClientRect();
    slider.value = ((event.clientX - box.left) / box.width) * 100;
    cut();
  };
  pair.addEventListener("pointerdown", (event) => {
    if (event.target.closest("a")) return;
    event.preventDefault();
    slide(event);
  });
  pair.addEventListener("pointermove", slide);
})();
