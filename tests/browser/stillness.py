"""What moves on a page while somebody has a hand on it."""

from playwright.sync_api import FloatRect, Locator, Page

BOX = "({ x, y, width, height }) => [x, y, width, height].map(Math.round).join()"
REMEMBER = f"""() => {{
  const box = {BOX};
  const all = [...document.querySelectorAll("header *, main *")];
  window.known = new Map(all.map((element) => [element, box(element.getBoundingClientRect())]));
  window.top_ = scrollY;
  window.shifts_ = [];
  window.watching?.disconnect();
  window.watching = new PerformanceObserver((list) => window.shifts_.push(...list.getEntries()));
  window.watching.observe({{ type: "layout-shift" }});
}}"""
MOVED = f"""() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {{
  const box = {BOX};
  const moved = [];
  for (const [element, was] of window.known) {{
    const now = box(element.getBoundingClientRect());
    if (element.isConnected && now !== was && now !== "0,0,0,0" && was !== "0,0,0,0") {{
      const name = [element.localName, ...element.classList].join(".");
      moved.push(`${{name}} #${{element.id}} ${{was}} -> ${{now}}`);
    }}
  }}
  if (scrollY !== window.top_) moved.push(`the page from ${{window.top_}} to ${{scrollY}}`);
  for (const {{ value, sources }} of window.shifts_) {{
    moved.push(`shifted by ${{value}}: ${{sources.map(({{ node }}) => node?.parentElement?.innerHTML.slice(0, 200))}}`);
  }}
  done(moved);
}})))"""
# The corners count too: a message that covers half of a field hides what is in it.
SEEN = """(element) => {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return [[left + 3, top + 3], [right - 3, top + 3], [left + 3, bottom - 3], [right - 3, bottom - 3],
    [(left + right) / 2, (top + bottom) / 2]].every(([x, y]) => {
      const found = document.elementFromPoint(x, y);
      return found && (element.contains(found) || found.contains(element));
    });
}"""


def remember(page: Page) -> None:
    """From here on nothing may move."""
    page.evaluate(REMEMBER)


def moved(page: Page) -> list[str]:
    """What stands elsewhere, or has another size, than when it was remembered, and is still there."""
    found: list[str] = page.evaluate(MOVED)
    return found


def is_seen(element: Locator) -> bool:
    """Whether all of it is in the window and nothing lies over it."""
    return bool(element.evaluate(SEEN))


def comes_to(page: Page, element_id: str, place: FloatRect | None) -> None:
    """Waits until the element, which an answer may just be replacing, is at this place."""
    assert place is not None
    page.wait_for_function(
        """([id, place]) => {
          const box = document.getElementById(id)?.getBoundingClientRect();
          return box && ["x", "y", "width", "height"].every((side) => Math.abs(box[side] - place[side]) < 0.1);
        }""",
        arg=[element_id, place],
    )
