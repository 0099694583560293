// The true sentence for each way in which a request can fail, and the way on. The words are the page's own, in #answers.
window.answers = (() => {
  const NAMES = {
    401: "signedOut", 403: "forbidden", 404: "gone", 409: "otherPerson", 410: "gone", 413: "large", 429: "busy",
    502: "down", 503: "down", 504: "down",
  };
  const WAYS = { signedOut: "signIn", large: "", forbidden: "", foreign: "" };
  for (const name of ["gone", "otherPerson", "stale", "refused"]) WAYS[name] = "reload";

  // 0 is what a request gets that was not answered at all.
  const name = (status) => {
    if (!status) return navigator.onLine ? "unreachable" : "offline";
    return NAMES[status] ?? (status < 500 ? "refused" : "broken");
  };
  const words = (name) => document.getElementById("answers").dataset[name];

  const reload = () => location.replace(location.pathname + location.search);
  const button = (name, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button small";
    made.textContent = words(name);
    made.addEventListener("click", act);
    return made;
  };
  const toSignIn = () => {
    const link = document.createElement("a");
    link.className = "button small";
    link.textContent = words("signIn");
    link.href = words("signInUrl");
    link.target = "_blank";
    link.rel = "noopener";
    return link;
  };

  // Without something to repeat, the way on is to load the page anew. A page for guests has fewer sentences.
  const say = (told, repeat) => {
    const name = words(told) ? told : "refused";
    const note = document.createElement("div");
    note.className = `note ${name === "back" ? "success" : "error"}`;
    const said = document.createElement("p");
    said.textContent = words(name);
    note.append(said);
    const way = WAYS[name] ?? (repeat ? "tryAgain" : name !== "back" && "reload");
    if (way === "signIn") note.append(toSignIn());
    else if (way) note.append(button(way, way === "tryAgain" ? repeat : reload));
    document.getElementById("messages").replaceChildren(note);
  };
  return { name, words, say };
})();
