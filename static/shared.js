// The shared page's lightbox, with arrow keys and swipes. Without this script a picture opens by itself.
(() => {
  const box = document.getElementById("lightbox");
  const shown = box.querySelector("img");
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
})();
