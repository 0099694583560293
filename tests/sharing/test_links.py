"""What a link shows and keeps to itself, who is counted, and the list of all."""

import io
import logging
import re
import runpy
import uuid

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from generations.library import curation
from generations.models import Generation, Result, Share
from generations.sharing import links
from generations.sharing.forms import ShareForm
from meigen_api.secret import Secret
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user
from tests.sharing.links import files, link, make_done, path

pytestmark = pytest.mark.django_db


class TestALink:
    def test_opens_for_somebody_without_an_account(self, browser: Client, done: Generation) -> None:
        url = link(browser, done)
        response = Client().get(url)
        assert response.status_code == 200
        assert "a heron at dawn" in response.content.decode()
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]
        for address in files(Share.objects.get(), done):
            assert Client().get(address).status_code == 200, address

    def test_tells_nothing_else(self, browser: Client, done: Generation, user: User) -> None:
        Generation.objects.update(remote_id="remote-secret-id", credits_used=7654321)
        page = Client().get(link(browser, done)).content.decode()
        for private in ["remote-secret-id", "meigen.ai", "7654321", user.username, user.email, str(done.pk)]:
            assert private not in page

    def test_only_the_hash_of_its_secret_is_stored(self, browser: Client, done: Generation) -> None:
        secret = link(browser, done).strip("/").rpartition("/")[2]
        assert secret not in str(Share.objects.values().get())

    def test_is_in_no_log_line(self, browser: Client, done: Generation, caplog: pytest.LogCaptureFixture) -> None:
        from meigen_site.logs import NoShareLinks

        caplog.handler.addFilter(NoShareLinks())
        url = link(browser, done)
        Client().get(f"{url}zip/nothing/")
        Client().post(url)
        assert "/s/..." in caplog.text
        assert url not in caplog.text

    def test_is_in_no_line_of_the_web_server_either(self, monkeypatch: pytest.MonkeyPatch) -> None:
        served = runpy.run_path(str(settings.BASE_DIR / "gunicorn.conf.py"))
        log, lines = logging.getLogger("gunicorn.error"), io.StringIO()
        monkeypatch.setattr(log, "handlers", [logging.StreamHandler(lines)])
        monkeypatch.setattr(log, "propagate", False)
        served["on_starting"](None)
        try:
            int("/s/SECRET-of-a-traceback/")
        except ValueError:
            log.exception("Error handling request %s", "/s/SECRET/unlock/")
        finally:
            for name in ["gunicorn.error", "gunicorn.access"]:
                logging.getLogger(name).filters.clear()
        assert "/s/.../unlock/" in lines.getvalue()
        assert "SECRET" not in lines.getvalue()
        assert served["loglevel"] == "warning"

    def test_shows_its_own_generations_only(self, done: Generation, user: User) -> None:
        other = make_generation(user, status="done")
        theirs = make_result(other)
        url = path(links.share(user, [done]))
        assert Client().get(f"{url}{theirs.pk}/").status_code == 404
        assert Client().get(f"{url}{theirs.pk}/preview/").status_code == 404

    def test_is_not_made_for_what_is_unfinished(self, browser: Client, user: User) -> None:
        generation = make_generation(user, status="running")
        browser.post(reverse("share", args=[generation.pk]))
        assert not Share.objects.exists()

    def test_goes_on_working_when_keys_are_rotated(self, done: Generation, user: User, settings: Settings) -> None:
        secret = links.share(user, [done]).secret
        settings.TOKEN_KEYS = [("new", Secret(Fernet.generate_key().decode())), *settings.TOKEN_KEYS]
        assert Share.objects.get().secret == secret
        settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
        assert Share.objects.get().secret is None
        assert Client().get(f"/s/{secret}/").status_code == 200

    def test_can_be_shown_as_a_qr_code_to_its_maker(self, browser: Client, done: Generation, user: User) -> None:
        share = links.share(user, [done])
        drawn = browser.get(reverse("share_qr", args=[share.pk]))
        assert drawn["Content-Type"] == "image/svg+xml"
        assert b"<svg" in drawn.content


class TestWhoLooked:
    def test_people_are_counted_once_a_visit(self, user: User, done: Generation) -> None:
        share = links.share(user, [done])
        guest = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"})
        for _ in range(3):
            guest.get(path(share))
        Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"}).get(path(share))
        share.refresh_from_db()
        assert share.views == 2
        assert share.viewed_at is not None

    @each("agent", ["Mozilla/5.0 (Linux; Android 9; CUBOT X19) Chrome/100 Mobile Safari/537.36", "CUBOT/1.0"])
    def test_a_phone_by_that_name_is_not_a_bot(self, user: User, done: Generation, agent: str) -> None:
        share = links.share(user, [done])
        Client(headers={"User-Agent": agent}).get(path(share))
        share.refresh_from_db()
        assert share.views == 1

    @each("header", ["Sec-Purpose", "Purpose"])
    def test_a_page_fetched_beforehand_is_counted_when_it_is_real_view(
        self, user: User, done: Generation, header: str
    ) -> None:
        share = links.share(user, [done])
        guest = Client(headers={"User-Agent": "Mozilla/5.0"})
        guest.get(path(share), headers={header: "prefetch;prerender"})
        guest.head(path(share))
        share.refresh_from_db()
        assert share.views == 0
        guest.get(path(share))
        share.refresh_from_db()
        assert share.views == 1

    @each(
        "agent",
        [
            *["", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "WhatsApp/2.2", "TelegramBot", "Twitterbot"],
            *["Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)", "Googlebot/2.1"],
            *["vkShare; (+http://vk.com/dev/Share)", "Iframely/1.3.1", "http.rb/5.1.1 (Mastodon/4.2.1)"],
        ],
    )
    def test_machines_that_draw_previews_are_not(self, user: User, done: Generation, agent: str) -> None:
        share = links.share(user, [done])
        Client(headers={"User-Agent": agent}).get(path(share))
        Client(headers={"User-Agent": "Mozilla/5.0"}).head(path(share))
        share.refresh_from_db()
        assert share.views == 0

    def test_a_preview_card_has_the_title_and_a_picture(self, user: User, done: Generation) -> None:
        share = links.share(user, [done], title="Herons", note="For the calendar")
        page = Client().get(path(share)).content.decode()
        assert '<meta property="og:title" content="Herons">' in page
        found = re.search(r'og:image" content="http://testserver(/s/[^"]+)"', page)
        assert found
        assert Client().get(found[1])["Content-Type"] == "image/jpeg"


def test_the_list_has_every_live_link_and_its_way_back(browser: Client, user: User, done: Generation) -> None:
    links.share(user, [done], title="Mine")
    links.revoke(links.share(user, [done], title="Gone"))
    links.share(make_user(), [], title="Theirs")
    page = browser.get(reverse("shares")).content.decode()
    assert "Mine" in page
    assert "Gone" not in page
    assert "Theirs" not in page
    assert reverse("revoke", args=[Share.objects.get(title="Mine").pk]) in page


def test_a_page_that_waits_for_its_files_says_so(user: User) -> None:
    row = make_generation(user, status="done")
    Result.objects.create(generation=row, number=0, source_url="https://images.meigen.ai/a.png")
    assert "not ready yet" in Client().get(path(links.share(user, [row]))).content.decode()


def test_the_list_counts_what_the_link_still_shows(browser: Client, user: User, done: Generation) -> None:
    other = make_done(user, "an owl")
    links.share(user, [done, other])
    assert "2 results" in browser.get(reverse("shares")).content.decode()
    curation.delete(user, [other.pk])
    assert "1 result " in re.sub(r"\s+", " ", browser.get(reverse("shares")).content.decode())


def test_one_button_makes_one_link_however_often_it_is_pressed(browser: Client, done: Generation) -> None:
    page = browser.get(done.get_absolute_url()).content.decode()
    button = re.search(r'name="nonce" value="([\w-]{36})">Create link', page)
    assert button
    for _ in range(2):
        browser.post(reverse("share", args=[done.pk]), {"nonce": button[1]})
    form = browser.get(reverse("new_share"), {"selected": str(done.pk)}).content.decode()
    field = re.search(r'name="nonce" value="([\w-]{36})"', form)
    assert field
    for _ in range(2):
        browser.post(reverse("new_share"), {"selected": str(done.pk), "days": "30", "nonce": field[1]})
    assert Share.objects.count() == 2


def test_two_presses_at_once_make_one_link(user: User, done: Generation) -> None:
    nonce = uuid.uuid4()
    first, second = (links.share(user, [done], nonce=nonce) for _ in range(2))
    assert first == second
    assert list(first.contents()) == [done]
    assert links.share(make_user(), [], nonce=nonce) != first


def test_a_password_set_in_another_tab_stays(browser: Client, user: User, done: Generation) -> None:
    share = links.share(user, [done])

    class Tab(ShareForm):
        def is_valid(self) -> bool:  # between reading the link and saving it
            other = Share.objects.get(pk=share.pk)
            other.set_password("open sesame")
            other.save()
            return super().is_valid()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generations.sharing.views.ShareForm", Tab)
        assert browser.post(reverse("share_link", args=[share.pk]), {"title": "Birds"}).status_code == 302
    share.refresh_from_db()
    assert share.title == "Birds"
    assert share.is_opened_by("open sesame")


class TestAPageThatIsSentAgain:
    def test_with_something_changed_makes_another_link(self, browser: Client, done: Generation) -> None:
        asked = {"selected": str(done.pk), "days": "365", "nonce": str(uuid.uuid4()), "shows_prompts": "on"}
        changes = [{}, {"password": "open sesame"}, {"days": "1"}, {"shows_prompts": ""}, {"title": "Birds"}]
        for number, change in enumerate(changes, 1):
            for _ in range(2):
                assert browser.post(reverse("new_share"), {**asked, **change}).status_code == 302
            assert Share.objects.count() == number

    def test_after_its_link_was_changed_makes_one_as_it_asks(self, browser: Client, done: Generation) -> None:
        nonce = str(uuid.uuid4())
        form = {"selected": str(done.pk), "days": "30", "nonce": nonce, "password": "open sesame"}
        changes = [{"no_password": "on"}, {"password": "another one"}, {"allows_downloads": "on"}, {"title": "Birds"}]
        for number, change in enumerate(changes, 1):
            asked = browser.post(reverse("new_share"), form)
            [share] = Share.objects.exclude(title="changed")
            assert share.is_opened_by("open sesame")
            assert not share.allows_downloads
            assert browser.post(reverse("new_share"), form)["Location"] == asked["Location"]
            assert Share.objects.count() == number
            assert browser.post(asked["Location"], {"days": "", **change}).status_code == 302
            Share.objects.filter(pk=share.pk).update(title="changed")

    def test_after_its_link_was_taken_back_makes_another_one(self, browser: Client, done: Generation) -> None:
        nonce = str(uuid.uuid4())
        form = {"selected": str(done.pk), "days": "30", "nonce": nonce}
        for url, data in [(reverse("new_share"), form), (reverse("share", args=[done.pk]), {"nonce": nonce})]:
            for _ in range(3):
                page = browser.post(url, data, follow=True)
                assert page.status_code == 200
                assert "The link is ready" in page.content.decode()
                assert Share.objects.live().count() == 1
                links.revoke(*Share.objects.all())
