// Pills and menus: a pill says what is chosen in it, one is open at a time, and Escape, a click elsewhere or a choice
// closes it. The browser opens them, so all of it works without this too.
(() => {
  const form = () => document.getElementById("generate");
  const opened = () => document.querySelector("details:is(.pill, .menu)[open]");
  const close = (pill) => {
    const isWithin = pill.contains(document.activeElement);
    pill.open = false;
    if (isWithin) pill.querySelector("summary").focus();
  };

  const say = (pill) => {
    const select = pill.querySelector("select");
    const chosen = select ? select.selectedOptions[0] : pill.querySelector("input[type=radio]:checked");
    if (!chosen || pill.matches(".model, .rest")) return; // its new fields bring the model's name
    const label = chosen.closest("label");
    const words = chosen.dataset.name ?? (label ?? chosen).textContent.trim();
    pill.querySelector(".value").textContent = chosen.value && words;
    pill.querySelector(".drawn")?.replaceChildren(label?.querySelector("svg")?.cloneNode(true) ?? "");
  };

  // As high as there is room above the price; models cover it.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (!form() || !target.matches("details.pill[open]")) return;
      const { top, bottom } = form().querySelector(".go").getBoundingClientRect();
      const room = (target.matches(".model") ? bottom : top) - target.closest(".pills").getBoundingClientRect().bottom;
      const popover = target.querySelector(".popover");
      popover.style.maxHeight = `${Math.max(room - 12, 192)}px`;
      popover.scrollIntoView({ block: "nearest" });
    },
    true,
  );

  // A choice by hand closes; the arrow keys go on.
  let isByHand = false;
  const closeUnless = (target) => {
    const pill = opened();
    if (pill && target.isConnected && !pill.contains(target) && !target.closest("[popover]")) pill.open = false;
  };
  document.addEventListener("pointerdown", () => (isByHand = true));
  document.addEventListener("click", ({ target }) => closeUnless(target));
  // Not while a button of the mouse is down: what closes may move what is under it.
  document.addEventListener("focusin", ({ target }) => isByHand || closeUnless(target));
  document.addEventListener("change", ({ target }) => {
    const pill = target.closest("details.pill");
    if (!pill) return;
    say(pill);
    if (isByHand && target.closest("[data-one]")) close(pill);
  });

  // Before the other listeners: the key has done its work.
  document.addEventListener(
    "keydown",
    (event) => {
      isByHand = false;
      const pill = opened();
      if (!pill || document.querySelector(":popover-open, .mentions")) return;
      const isDone = event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("[data-one] :is(input, select)");
      if (event.key !== "Escape" && !isDone) return;
      event.preventDefault();
      event.stopPropagation();
      close(pill);
    },
    true,
  );

  // What was open stays open when its fields come anew, or the filters with the wall. What clears one is gone with it.
  const isAnew = ({ id }) => /^(fields|wall)$/.test(id);
  let held;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (isAnew(detail.target)) held = { pill: opened()?.querySelector("summary").id, field: document.activeElement.id.replace("clear", "chip") };
    // htmx visits every element that it replaces, so a long wall is emptied before.
    if (detail.shouldSwap && detail.requestConfig.elt.matches(".filters")) detail.target.replaceChildren();
  });
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (isAnew(target) && held) {
      const pill = document.getElementById(held.pill)?.parentElement;
      if (pill) pill.open = true;
      if (document.activeElement === document.body) document.getElementById(held.field)?.focus();
      held = null;
    }
    document.querySelectorAll("details.pill").forEach(say);
  });
  // What Meigen says of a field is shown where it is.
  document.addEventListener("htmx:oobAfterSwap", ({ target }) => {
    const pill = target.matches?.(".problem:not([hidden])") && target.closest("details.pill");
    if (pill) pill.open = true;
  });

  document.addEventListener("click", ({ target }) => {
    const count = target.closest("[data-step], [data-count]")?.parentElement.querySelector("input");
    if (count) {
      const wanted = target.dataset.count ?? (Number(count.value) || 1) + Number(target.dataset.step);
      count.value = Math.min(Math.max(wanted, count.min), count.max);
      for (const kind of ["input", "change"]) count.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    const reference = target.closest("[data-remove]")?.parentElement;
    if (!reference) return;
    const next = (reference.nextElementSibling ?? reference.previousElementSibling)?.querySelector("[data-remove]");
    const box = reference.querySelector("input");
    box.checked = false;
    box.dispatchEvent(new Event("change", { bubbles: true }));
    reference.remove();
    (next ?? form().querySelector("[name=reference_file]")).focus();
  });
})();
