"""The styleguide is for whoever works on the pages: staff, and only where DEBUG is on."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.http import Http404
from django.test import Client, RequestFactory

from accounts.models import User
from generations.styleguide import views
from tests.helpers import make_user


def styled_by(page: str) -> set[str]:
    """The stylesheets that a page's template loads, without the ones of every page."""
    template = Path(settings.BASE_DIR, "templates", "generations", page).read_text()
    return set(re.findall(r"{% static '(\w+\.css)' %}", template))


@pytest.mark.usefixtures("sandbox")
class TestTheStyleguide:
    def test_has_no_address_without_debug(self, user: User) -> None:
        boss = Client()
        boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
        assert boss.get("/styleguide/").status_code == 404

    def test_is_not_there_for_members(self, rf: RequestFactory, user: User) -> None:
        request = rf.get("/styleguide/")
        request.user = user
        with pytest.raises(Http404):
            views.styleguide(request)  # type: ignore[arg-type]
        with pytest.raises(Http404):
            views.picture(request, 0)  # type: ignore[arg-type]

    def test_loads_the_styles_of_all_that_it_shows(self) -> None:
        shown = styled_by("studio.html") | styled_by("history.html") | styled_by("collections.html")
        assert shown - {"result.css"} <= styled_by("styleguide.html")
