"""The studio carries its team's name and logo, served by itself, and shows them to guests only if they were chosen."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from generations.sharing import links
from meigen_site import env
from meigen_site.branding import LARGEST, Logo, logo
from tests.cases import each
from tests.helpers import make_generation, make_result

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><path d="M0 0h120v40z"/></svg>'


@pytest.fixture
def named(settings: Settings) -> Logo:
    made = Logo(SVG, "image/svg+xml", 120, 40)
    settings.STUDIO_NAME, settings.STUDIO_LOGO = "North <& Wind", made
    settings.ENV = replace(django_settings.ENV, studio_name="North <& Wind")
    return made


def shared_by(user: User) -> str:
    row = make_generation(user, status="done", prompt="a heron")
    make_result(row)
    return f"/s/{links.share(user, [row]).secret}/"


class TestAName:
    def test_is_meigen_studio_unless_the_operator_chose_another(self, browser: Client) -> None:
        page = browser.get("/generations/").content.decode()
        assert "<title>History · Meigen Studio</title>" in page
        assert "<span>Meigen Studio</span>" in page

    def test_stands_in_titles_and_mails(self, named: Logo, browser: Client, user: User, settings: Settings) -> None:
        settings.HAS_MAIL = True
        assert "<title>History · North &lt;&amp; Wind</title>" in browser.get("/generations/").content.decode()
        Client().post(reverse("account_reset_password"), {"email": user.email})
        [letter] = mail.outbox
        assert letter.subject == "A new password for North <& Wind"
        assert "at North <& Wind. Choose" in letter.body

    def test_stands_in_no_template_by_itself(self) -> None:
        folder = Path(django_settings.BASE_DIR) / "templates"
        assert [str(path) for path in folder.rglob("*.*") if "Meigen Studio" in path.read_text()] == []

    def test_is_shown_to_guests_only_if_it_was_chosen(self, user: User) -> None:
        assert "Meigen Studio" not in Client().get(shared_by(user)).content.decode()

    def test_stands_above_what_guests_see_and_in_previews(self, named: Logo, user: User) -> None:
        page = Client().get(shared_by(user)).content.decode()
        assert '<meta property="og:site_name" content="North &lt;&amp; Wind">' in page
        assert f'src="/logo/{named.version}/" alt="North &lt;&amp; Wind" width="120" height="40"' in page


class TestALogo:
    def test_stands_in_the_bar_with_its_name_for_screen_readers(self, named: Logo, browser: Client) -> None:
        page = browser.get("/generations/").content.decode()
        assert f'src="/logo/{named.version}/" alt="North &lt;&amp; Wind" width="120" height="40"' in page

    def test_is_served_to_anybody_and_kept_by_browsers(self, db: None, named: Logo) -> None:
        answer = Client().get(f"/logo/{named.version}/")
        assert (answer.content, answer["Content-Type"]) == (SVG, "image/svg+xml")
        assert "immutable" in answer["Cache-Control"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert Client().get("/logo/another/").status_code == 404

    def test_that_nobody_chose_is_nowhere(self, db: None) -> None:
        assert Client().get("/logo/another/").status_code == 404

    @each(
        ("body", "size"),
        [
            (SVG, (120, 40)),
            (b'<svg width="30px" height="20.4"/>', (30, 20)),
            (b'<svg width="30px" height="20" viewBox="0,0,3,2"/>', (3, 2)),
        ],
    )
    def test_may_be_an_svg_that_says_its_size(self, tmp_path: Path, body: bytes, size: tuple[int, int]) -> None:
        (tmp_path / "logo").write_bytes(body)
        found = logo("STUDIO_LOGO", str(tmp_path / "logo"))
        assert found == Logo(body, "image/svg+xml", *size)

    def test_may_be_a_png(self, tmp_path: Path) -> None:
        written = io.BytesIO()
        Image.new("RGB", (48, 16)).save(written, "PNG")
        (tmp_path / "logo").write_bytes(written.getvalue())
        found = logo("STUDIO_LOGO", str(tmp_path / "logo"))
        assert found == Logo(written.getvalue(), "image/png", 48, 16)

    @each(
        ("body", "why"),
        [
            (b"", "PNG, or an SVG"),
            (b"GIF89a", "PNG, or an SVG"),
            (b"\x89PNG\r\n\x1a\n", "PNG, or an SVG"),
            (b"<html></html>", "PNG, or an SVG"),
            (b'<svg width="100%" height="10"/>', "PNG, or an SVG"),
            (SVG + b" " * LARGEST, "at most 200,000 bytes"),
        ],
    )
    def test_of_another_kind_stops_the_process(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: bytes, why: str
    ) -> None:
        (tmp_path / "logo").write_bytes(body)
        monkeypatch.setenv("STUDIO_NAME", "North Wind")
        monkeypatch.setenv("STUDIO_LOGO", str(tmp_path / "logo"))
        with pytest.raises(ImproperlyConfigured, match=f"^STUDIO_LOGO .*{why}"):
            env.read()

    def test_that_is_not_there_stops_the_process(self, tmp_path: Path) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"^STUDIO_LOGO cannot be read"):
            logo("STUDIO_LOGO", str(tmp_path / "logo"))

    def test_without_a_name_stops_the_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STUDIO_LOGO", "/logo.svg")
        with pytest.raises(ImproperlyConfigured, match=r"^STUDIO_NAME is not set"):
            env.read()
