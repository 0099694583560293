// The shared page: a lightbox with keys, swipes, zoom and slideshow, and hearts that leave the page where it is. Without
// this script a picture opens by itself, and a heart loads the page anew.
(() => {
  const box = document.getElementById("lightbox");
  const [words, same, play] = ["p", "[data-own]", "[data-play]"].map((what) => box.querySelector(what));
  const links = [...document.querySelectorAll("[data-lightbox]")];
  let shown = box.querySelector("img");
  let place = 0;
  let zoom, timer, from, wanted;
  const own = (what) => links[place]?.closest("figure").querySelector(what);
  const mirror = () => same && (same.ariaPressed = own(".heart")?.ariaPressed);
  // What goes on by itself is not read out.
  const run = (on) => {
    clearTimeout(timer);
    timer = on && setTimeout(() => box.open && show(place + 1), 5000); // closed a moment ago, it stays so
    play.ariaPressed = Boolean(on);
    words.ariaLive = on ? "off" : "polite";
  };
  const show = (next) => {
    place = (next + links.length) % links.length;
    const before = shown;
    before.replaceWith((shown = own("img").cloneNode())); // small until all of it has come
    shown.src = links[place].href;
    zoom = 1;
    const told = own("p");
    words.textContent = `${place + 1} / ${links.length}${told ? ` · ${told.textContent}` : ""}`;
    mirror();
    run(timer);
    if (!box.open) box.showModal();
  };
  document.addEventListener("click", (event) => {
    const at = event.target.closest("[data-lightbox], [data-own], [data-step], [data-play], .heart");
    if (!at || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { own: what, step, play: plays } = at.dataset;
    if (what) own(what).click();
    else if (step) show(place + Number(step));
    else if (at.matches(".heart")) give(at);
    else if (!plays) show(links.indexOf(at));
    if (!plays) return;
    run(!timer);
    play.focus();
  });
  box.addEventListener("close", () => run());
  box.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (way) show(document.dir === "rtl" ? place - way : place + way);
  });
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    shown.style.scale = zoom = Math.min(Math.max(zoom - event.deltaY / 200, 1), 5);
  });
  box.addEventListener("pointermove", (event) => {
    shown.style.transformOrigin = `${event.clientX}px ${event.clientY}px`;
  });
  box.addEventListener("pointerdown", (event) => (from = event.clientX));
  box.addEventListener("pointerup", (event) => {
    if (event.pointerType === "mouse" || visualViewport.scale > 1 || Math.abs(event.clientX - from) < 40) return;
    show(event.clientX < from ? place + 1 : place - 1);
  });

  const form = document.getElementById("hearts");
  const give = async (button) => {
    const body = new URLSearchParams(new FormData(form, button));
    const signal = AbortSignal.timeout(30_000);
    const asked = { method: "POST", body, signal, headers: { Accept: "application/json" } };
    const answer = await fetch(button.formAction, asked).catch((error) => error);
    const { name } = form.elements;
    const isRefused = answer.status === 422 && name;
    if (name) {
      name.ariaInvalid = Boolean(isRefused);
      form.querySelector(".problem").textContent = isRefused ? await answer.text() : "";
    }
    if (isRefused) {
      wanted = button;
      box.close();
      name.focus({ preventScroll: true });
    } else if (answer.redirected && answer.ok) {
      location.assign(answer.url); // a page that says why
    } else if (answer.status === 204) {
      document.getElementById("messages").replaceChildren();
      button.ariaPressed = button.value === "1";
      button.value = 1 - button.value;
      form.hidden = true; // the name is known now
      mirror();
    } else {
      const { answers } = window;
      answers.say(answer.name === "TimeoutError" ? "slow" : answers.name(answer.status), () => give(button));
    }
  };
  // Enter gives the heart that asked for the name, rather than the first of the page.
  form?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (wanted) give(wanted);
  });
})();
