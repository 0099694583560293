// The shared page's lightbox, with arrow keys and swipes, and hearts that leave the page where it is. Without this script
// a picture opens by itself, and a heart loads the page anew.
(() => {
  const box = document.getElementById("lightbox");
  const shown = box.querySelector("img");
  const words = box.querySelector("p");
  const links = [...document.querySelectorAll("[data-lightbox]")];
  let place = 0;
  const show = (next) => {
    place = (next + links.length) % links.length;
    const link = links[place];
    const small = link.querySelector("img");
    const whole = new Image();
    whole.addEventListener("load", () => {
      if (link === links[place]) shown.src = whole.src;
    });
    shown.src = small.src;
    shown.alt = small.alt;
    const told = link.closest("figure").querySelector("figcaption p");
    words.textContent = told?.textContent ?? "";
    words.hidden = !told;
    mirror();
    whole.src = link.href;
  };
  for (const [number, link] of links.entries()) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show(number);
      box.showModal();
    });
  }
  for (const button of box.querySelectorAll("[data-step]")) {
    button.hidden = links.length < 2;
    button.addEventListener("click", () => show(place + Number(button.dataset.step)));
  }
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(place - 1);
    else if (event.key === "ArrowRight") show(place + 1);
  });
  let from;
  box.addEventListener("pointerdown", (event) => (from = event.clientX));
  box.addEventListener("pointerup", (event) => {
    if (event.pointerType === "mouse" || Math.abs(event.clientX - from) < 40) return;
    show(place + (event.clientX < from ? 1 : -1));
  });

  const form = document.getElementById("hearts");
  const hearts = [...document.querySelectorAll("button.heart")];
  const love = box.querySelector("[data-love]");
  const shownHeart = () => links[place]?.closest("figure").querySelector("button.heart");
  const mirror = () => love?.setAttribute("aria-pressed", shownHeart()?.getAttribute("aria-pressed") ?? "false");
  love?.addEventListener("click", () => shownHeart()?.click());

  const give = async (button) => {
    const body = new URLSearchParams(new FormData(form));
    body.set(button.name, button.value);
    const again = () => give(button);
    let answer;
    try {
      const signal = AbortSignal.timeout(30_000);
      answer = await fetch(button.formAction, { method: "POST", body, signal, headers: { Accept: "application/json" } });
    } catch (error) {
      window.answers.say(error.name === "TimeoutError" ? "slow" : window.answers.name(0), again);
      return;
    }
    const field = form.elements.name;
    const problem = form.querySelector(".problem");
    const isRefused = answer.status === 422 && problem;
    if (problem) {
      problem.textContent = isRefused ? await answer.text() : "";
      problem.hidden = !isRefused;
      field.setAttribute("aria-invalid", Boolean(isRefused));
    }
    if (isRefused) {
      box.close();
      field.focus();
      return;
    }
    if (answer.redirected && answer.ok) location.assign(answer.url); // a page that says why
    else if (answer.status !== 204) window.answers.say(window.answers.name(answer.status), again);
    if (answer.status !== 204) return;
    document.getElementById("messages").replaceChildren();
    const given = button.value === "1";
    button.setAttribute("aria-pressed", given);
    button.value = given ? "0" : "1";
    form.hidden = true; // the name is known now
    mirror();
  };
  for (const button of hearts) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      give(button);
    });
  }
})();
