// Pictures and clips that are dropped on the form, or pasted into it, are added to the references. Text that comes with
// them belongs to whoever writes: it goes into the field, and the picture is offered.
(() => {
  const FIELDS = "textarea, input:not([type=checkbox], [type=radio], [type=range], [type=file])";
  const input = () => document.querySelector("[name=reference_file]");
  const offer = () => document.querySelector("[data-add-pasted]");
  let offered = [];
  let left = [];
  let card;

  // A file without a type may still be a picture, such as a HEIC; the studio finds out.
  const isMedia = ({ type }) => !type || /^((image|video|audio)\/|application\/octet-stream$)/.test(type);

  // Names what is left out, in the place where the studio names what it refuses.
  const tellLeft = () => {
    for (const name of left.splice(0)) {
      const problem = { className: "problem", role: "alert", textContent: input().dataset.notMedia.replace("{name}", () => name) };
      document.getElementById("reference-problems").append(Object.assign(document.createElement("p"), problem));
    }
  };

  const choose = (files) => {
    const media = files.filter(isMedia);
    left.push(...files.filter((file) => !isMedia(file)).map(({ name }) => name));
    if (!media.length) {
      document.getElementById("reference-problems").replaceChildren();
      tellLeft();
      return;
    }
    const chosen = new DataTransfer();
    for (const file of media) chosen.items.add(file);
    input().files = chosen.files;
    input().dispatchEvent(new Event("change", { bubbles: true }));
  };

  const keep = (files) => {
    offered = files;
    if (offer()) offer().hidden = !files.length;
  };

  // A folder cannot be read as a file, so it is named like a file that is no picture.
  const filesOf = ({ items }) =>
    [...items].flatMap((item) => {
      const file = item.getAsFile();
      if (!file) return [];
      return item.webkitGetAsEntry?.()?.isDirectory ? new File([], file.name, { type: "folder/folder" }) : file;
    });

  // What somebody would call text: not the names of copied files, nor the address of a dragged picture.
  const textOf = (data, files) => {
    const text = data.getData("text/plain");
    const lines = text.trim().split(/\s*\n\s*/);
    const names = files.flatMap(({ name }) => [name, encodeURIComponent(name)]);
    const isNames = lines.every((line) => names.includes(line.replace(/.*[/\\]/, "")));
    return isNames || lines.join() === data.getData("text/uri-list").trim() ? "" : text;
  };

  // Without a file, a picture dragged from another page is its address.
  const addressOf = (data) => {
    const source = /<img\s(?:[^>]*\s)?src=["']?([^"'\s>]+)/i.exec(data.getData("text/html"));
    return data.getData("text/uri-list") && source?.[1].replaceAll("&amp;", "&");
  };

  document.addEventListener("paste", (event) => {
    if (!event.target.closest?.("#generate")) return;
    const files = filesOf(event.clipboardData);
    const isText = event.target.matches(FIELDS) && textOf(event.clipboardData, files);
    keep(isText ? files.filter(isMedia) : []);
    if (isText || !files.length) return;
    event.preventDefault();
    choose(files);
  });

  document.addEventListener("dragstart", (event) => (card = event.target.closest?.("img, .frame")?.closest("article.card")));
  document.addEventListener("dragend", () => (card = undefined));
  const over = (event, on) => {
    const form = event.target.closest?.("#generate");
    const types = event.dataTransfer?.types ?? [];
    const isField = event.target.matches?.(FIELDS);
    // Selected text, and addresses for a field, are the browser's business.
    if (!form || !(types.includes("Files") || (types.includes("text/uri-list") && !isField))) return;
    event.preventDefault();
    form.querySelector("[data-drop]")?.classList.toggle("over", on);
  };
  document.addEventListener("dragover", (event) => over(event, true));
  document.addEventListener("dragleave", (event) => over(event, false));
  document.addEventListener("drop", (event) => {
    over(event, false);
    if (!event.target.closest?.("#generate")) return;
    const { dataTransfer: data, target } = event;
    const files = filesOf(data);
    const text = textOf(data, files);
    const address = !text && addressOf(data);
    const use = !text && card?.querySelector("[hx-post$='/use/']");
    if (!use && !files.length && !address) return;
    event.preventDefault();
    keep([]);
    if (use) use.click();
    else if (text && target.matches(FIELDS)) {
      target.focus();
      document.execCommand("insertText", false, text); // unlike setRangeText it can be undone
      keep(files.filter(isMedia));
    } else if (files.length) choose(files);
    else {
      const field = document.querySelector("[name=reference_url]");
      field.value = address;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-add-pasted]")) return;
    choose(offered);
    keep([]);
    input().focus();
  });

  // Once on its way a file or link is not sent a second time with the form.
  const isAdder = (element) => element.name === "reference_file" || element.name === "reference_url";
  document.addEventListener("htmx:configRequest", (event) => {
    if (isAdder(event.detail.elt)) event.detail.elt.value = "";
  });
  // Generate waits for the pictures that are still on their way, and stays where it is when one fails.
  let adding = 0;
  let waiting = [];
  // Nor does it go when one was refused while the button was being pressed, before anybody could read so.
  let pressed = 0;
  let refused = -1;
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => (pressed = performance.now()), true);
  }
  const isRefused = () => document.getElementById("reference-problems").textContent.trim() !== "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isAdder(event.detail.elt)) adding += 1;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.elt.id === "generate" && event.detail.successful) keep([]);
    if (!isAdder(event.detail.elt)) return;
    adding -= 1;
    if (!event.detail.successful) waiting = [];
    if (!event.detail.successful || isRefused()) refused = performance.now();
    setTimeout(() => {
      tellLeft();
      if (adding || !waiting.length) return;
      const held = waiting.splice(0);
      if (!isRefused()) held[0].issueRequest(true);
    });
  });
  document.addEventListener("htmx:confirm", (event) => {
    if (event.detail.elt.id !== "generate" || !(adding || refused > pressed)) return;
    event.preventDefault();
    if (adding) waiting.push(event.detail);
  });
})();
