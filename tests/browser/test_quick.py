"""What makes the studio feel quick: nothing moves under one's eyes while pictures come in."""

from typing import TypedDict

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import Studio, enter

# Tall, because what moves outside of the window is not reported.
SCREEN: ViewportSize = {"width": 1366, "height": 2600}
NOTE_SHIFTS = """
  window.shifts = [];
  const name = (node) => {
    const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (!element) return "something gone since";
    const classes = [...element.classList].map((each) => `.${each}`).join("");
    const status = element.closest("article")?.dataset.status;
    return element.localName + (element.id ? `#${element.id}` : "") + classes + (status ? ` (${status})` : "");
  };
  const box = ({ x, y, width, height }) => `${[x, y, width, height].map(Math.round)}`;
  new PerformanceObserver((list) => {
    for (const { startTime, value, sources } of list.getEntries()) {
      const moved = sources.map((each) => `${name(each.node)} ${box(each.previousRect)} -> ${box(each.currentRect)}`);
      window.shifts.push({ at: startTime, value, moved });
    }
  }).observe({ type: "layout-shift", buffered: true });

  // A card that is replaced by its next state is new to the browser, and so has not moved in its eyes.
  const boxes = new Map();
  const compare = () => {
    for (const card of document.querySelectorAll("#wall article.card")) {
      const here = box(card.getBoundingClientRect());
      const before = boxes.get(card.id) ?? here;
      boxes.set(card.id, here);
      if (before === here) continue;
      window.shifts.push({ at: performance.now(), value: 1, moved: [`${name(card)} ${before} -> ${here}`] });
    }
    requestAnimationFrame(compare);
  };
  requestAnimationFrame(compare);
"""
NOW = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


class Shift(TypedDict):
    """`value` is the browser's score, or 1 for a card that stands elsewhere or has another size than a frame ago."""

    at: float
    value: float
    moved: list[str]


def shifts(page: Page, since: float) -> list[Shift]:
    """Everything that moved since then, also right after a click, which the browser's own score would forgive."""
    page.evaluate(NOW)
    found: list[Shift] = page.evaluate("() => window.shifts")
    return [shift for shift in found if shift["at"] > since]


def test_nothing_on_the_page_moves_while_a_batch_of_eight_goes_from_queued_to_done(studio: Studio, page: Page) -> None:
    page.set_viewport_size(SCREEN)
    page.add_init_script(NOTE_SHIFTS)
    enter(page, studio.person())
    page.goto("/?model_id=z-image-turbo")
    page.fill("[name=prompt]", "a red fox sandbox:seconds=2")
    page.fill("[name=count]", "8")
    expect(page.locator("#generate .button.primary")).to_have_text("Generate · 16 credits")
    page.click("#generate .button.primary")
    expect(page.locator("#wall article.card")).to_have_count(8)
    begun = page.evaluate(NOW)
    pictures = page.locator("#wall article.card[data-status=done] img")
    expect(pictures).to_have_count(8, timeout=40_000)
    for picture in pictures.all():
        picture.evaluate("image => image.decode()")
    moved = shifts(page, begun)
    lines = [f"{shift['value']:.4f} " + "; ".join(shift["moved"]) for shift in moved]
    assert sum(shift["value"] for shift in moved) == 0, "\n".join(lines)

    # And were something to move, it would have been seen.
    ended = page.evaluate(NOW)
    page.locator("#wall").evaluate("wall => wall.before(Object.assign(document.createElement('p'), {innerText: 'Hm'}))")
    assert {shift["value"] == 1 for shift in shifts(page, ended)} == {True, False}
