"""Opening results as a person does: by the links of the page they stand on."""

import re
from html import unescape
from typing import Any

from django.test import Client

from generations.models import Generation


def opened(browser: Client, list_url: str, result: str) -> Any:
    """The result's page, opened by its card's link in that list."""
    body = browser.get(list_url).content.decode()
    link = re.search(rf'class="frame" href="({re.escape(result)}[^"]*)"', body)
    assert link, (list_url, result)
    return browser.get(unescape(link[1]))


def way(browser: Client, page: Any, rel: str) -> list[str]:
    """The ids of the results one comes to by the links to the previous or next one."""
    led: list[str] = []
    while found := re.search(rf'href="(/generations/([\w-]+)/[^"]*)"[^>]* rel="{rel}"', page.content.decode()):
        led.append(found[2])
        page = browser.get(unescape(found[1]))
    return led


def back(page: Any) -> str:
    """The address of the list that a result's page leads back to."""
    found = re.search(r'href="([^"#]+)(?:#[^"]*)?" data-back', page.content.decode())
    assert found
    return unescape(found[1])


def listed(browser: Client, list_url: str) -> list[str]:
    """The ids of the cards on that page, in order."""
    return re.findall(r'id="generation-([\w-]+)"', browser.get(list_url).content.decode())


def ids(*rows: Generation) -> list[str]:
    return [str(row.pk) for row in rows]
