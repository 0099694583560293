"""What a page costs to load: our own scripts and styles, and the studio with a full wall, before any picture."""

import gzip
import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.models import Token, User
from generations.sharing import links
from tests.helpers import make_generation, make_result

STATIC = Path(settings.BASE_DIR) / "static"
PROMPT = "a lighthouse on a basalt cliff number {}, 35mm film, soft grain, long exposure, the light of early morning"


def compressed(body: bytes) -> int:
    return len(gzip.compress(body))


def body_of(url: str) -> bytes:
    """The static file behind an address of a page."""
    found = finders.find(url.removeprefix(settings.STATIC_URL))
    assert isinstance(found, str), url
    return Path(found).read_bytes()


def loaded_by(page: str) -> set[str]:
    """Every static file that a page names, and those that its style sheets name."""
    found = set(re.findall(rf'(?:href|src)="({settings.STATIC_URL}[^"#?]+)', page))
    for sheet in [url for url in found if url.endswith(".css")]:
        for name in re.findall(r"""url\(["']?([^"')#?]+)""", body_of(sheet).decode()):
            if not name.startswith("data:"):
                found.add(name if name.startswith("/") else settings.STATIC_URL + name)
    return found


def test_no_page_loads_more_than_25_kb_of_own_scripts_or_styles(browser: Client, user: User, token: Token) -> None:
    row = make_generation(user, status="done")
    make_result(row)
    secret = links.share(user, [row]).secret
    for path in ["/", "/generations/", row.get_absolute_url(), f"/s/{secret}/", "/accounts/login/"]:
        page = browser.get(path, follow=True).content.decode()
        own = [Path(url) for url in loaded_by(page) if (STATIC / url.removeprefix(settings.STATIC_URL)).exists()]
        for kind in (".js", ".css"):
            weights = {url.name: compressed(body_of(str(url))) for url in own if url.suffix == kind}
            assert weights, (path, kind)
            assert sum(weights.values()) < 25_000, (path, weights)


def test_the_studio_with_24_finished_cards_stays_below_120_kb_before_pictures(
    browser: Client, user: User, token: Token
) -> None:
    for number in range(24):
        make_result(make_generation(user, status="done", prompt=PROMPT.format(number), credits_used=2))
    page = browser.get("/").content
    assert page.count(b'data-status="done"') == 24
    files = loaded_by(page.decode())
    assert {Path(url).suffix for url in files} >= {".css", ".js", ".svg"}
    assert any("htmx" in url for url in files)
    assert compressed(page) + sum(compressed(body_of(url)) for url in files) < 120_000
