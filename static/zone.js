// Offers the browser's time zone, unless it is chosen already. Saving is up to the person.
(() => {
  const offer = document.querySelector("[data-browser-zone]");
  const choice = document.querySelector("select[name=time_zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const option = [...(choice?.options ?? [])].find((one) => one.value === zone);
  if (!offer || !option || option.selected) return;
  offer.textContent = offer.dataset.browserZone.replace("{zone}", zone);
  offer.hidden = false;
  offer.addEventListener("click", () => {
    choice.value = zone;
    offer.hidden = true;
    choice.focus();
  });
})();
