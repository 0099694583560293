"""Share links: whoever has one sees the pictures, as long and as far as its maker allows."""

import io
import logging
import os
import re
import runpy
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations import collecting, library, sharing, zips
from generations.models import Collection, CollectionItem, Generation, Heart, Result, Share
from tests.helpers import make_generation, make_result, make_user, picture

pytestmark = pytest.mark.django_db

CANARIES = [b"heron", b"CANARY", b"/preview/", b"og:", b"WEBP", b"PNG"]


@pytest.fixture
def done(user: User) -> Generation:
    generation = make_generation(user, status="done", prompt="a heron at dawn")
    make_result(generation)
    return generation


def birds(user: User, *rows: Generation) -> Collection:
    collection, _ = collecting.create(user, "Birds")
    collecting.add(user, collection.pk, [row.pk for row in rows])
    return collection


def path(share: Share) -> str:
    return reverse("shared", args=[share.secret])


def files(share: Share, generation: Generation) -> list[str]:
    """Every address of the share that could give something away."""
    url = path(share)
    [result, *_] = generation.results.all()
    return [url, f"{url}zip/", f"{url}{result.pk}/", f"{url}{result.pk}/?download", f"{url}{result.pk}/preview/"]


def visitor(share: Share) -> Client:
    """A guest who has opened the page."""
    guest = Client()
    guest.get(path(share))
    return guest


def body(response: Any) -> bytes:
    return response.getvalue()  # type: ignore[no-any-return]


def link(browser: Client, generation: Generation) -> str:
    browser.post(reverse("share", args=[generation.pk]))
    page = browser.get(generation.get_absolute_url()).content.decode()
    found = re.search(r"http://testserver(/s/[\w-]{43}/)", page)
    assert found
    return found[1]


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
        url = path(sharing.share(user, [done]))
        assert Client().get(f"{url}{theirs.pk}/").status_code == 404
        assert Client().get(f"{url}{theirs.pk}/preview/").status_code == 404

    def test_is_not_made_for_what_is_unfinished(self, browser: Client, user: User) -> None:
        generation = make_generation(user, status="running")
        browser.post(reverse("share", args=[generation.pk]))
        assert not Share.objects.exists()

    def test_goes_on_working_when_keys_are_rotated(self, done: Generation, user: User, settings: Settings) -> None:
        secret = sharing.share(user, [done]).secret
        settings.TOKEN_KEYS = [("new", Fernet.generate_key()), *settings.TOKEN_KEYS]
        assert Share.objects.get().secret == secret
        settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
        assert Share.objects.get().secret is None
        assert Client().get(f"/s/{secret}/").status_code == 200

    def test_can_be_shown_as_a_qr_code_to_its_maker(self, browser: Client, done: Generation, user: User) -> None:
        share = sharing.share(user, [done])
        drawn = browser.get(reverse("share_qr", args=[share.pk]))
        assert drawn["Content-Type"] == "image/svg+xml"
        assert b"<svg" in drawn.content


class TestTheEnd:
    @pytest.mark.parametrize(
        "how", ["revoked", "expired", "person gone", "deleted", "out of the collection", "collection deleted"]
    )
    def test_leaves_not_a_byte_and_looks_like_a_link_that_never_was(
        self, browser: Client, done: Generation, user: User, how: str
    ) -> None:
        collection = birds(user, done)
        follow = collection if "collection" in how else None
        share = sharing.share(user, [done], follow=follow, expires_at=timezone.now() + timedelta(days=1))
        addresses = files(share, done)
        for address in addresses:
            assert body(Client().get(address)), address
        ends: dict[str, Callable[[], object]] = {
            "revoked": lambda: browser.post(reverse("revoke", args=[share.pk])),
            "expired": lambda: Share.objects.update(expires_at=timezone.now()),
            "person gone": lambda: User.objects.update(is_active=False),
            "deleted": lambda: library.delete(user, [done.pk]),
            "out of the collection": collection.generations.clear,
            "collection deleted": collection.delete,
        }
        ends[how]()
        unknown = Client().get("/s/nothing-like-this/")
        for address in addresses:
            for method in ["get", "head", "post"]:
                response = getattr(Client(), method)(address)
                assert not any(canary in body(response) for canary in CANARIES), address
                if how in {"revoked", "expired", "person gone", "collection deleted"}:
                    assert response.status_code == 404, address
                    if method == "get":
                        assert body(response) == unknown.content

    def test_is_brought_by_an_admin_who_can_do_nothing_else_to_it(self, user: User, done: Generation) -> None:
        shares = [sharing.share(user, [done]) for _ in range(3)]
        boss, helper = Client(), Client()
        boss.force_login(make_user(is_staff=True, is_superuser=True))
        looker = make_user(is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_share"))
        helper.force_login(looker)
        listed = "/admin/generations/share/"
        choice = {"action": "take_back", "_selected_action": [str(share.pk) for share in shares[:2]]}
        assert helper.get(listed).status_code == helper.post(listed, choice, follow=True).status_code == 200
        assert Share.objects.live().count() == 3
        assert "Links taken back: 2." in boss.post(listed, choice, follow=True).content.decode()
        assert [Client().get(path(share)).status_code for share in shares] == [404, 404, 200]
        assert boss.post(f"{listed}{shares[2].pk}/change/", {"title": "x"}).status_code == 403
        assert boss.post(f"{listed}{shares[2].pk}/delete/", {"post": "yes"}).status_code == 403

    def test_stops_a_zip_before_its_next_file(self, user: User) -> None:
        rows = [make_generation(user, status="done") for _ in range(3)]
        for row in rows:
            make_result(row, picture() + os.urandom(zips.CHUNK * 2))
        share = sharing.share(user, rows)
        sent: Any = Client().get(f"{path(share)}zip/")
        pieces = iter(sent.streaming_content)
        first = next(pieces)
        sharing.revoke(share)
        archive = zipfile.ZipFile(io.BytesIO(first + b"".join(pieces)))
        assert archive.testzip() is None
        assert [name[:3] for name in archive.namelist()] == ["001", "met"]

    def test_comes_by_itself_after_the_days_of_the_setting(
        self, browser: Client, done: Generation, settings: Settings
    ) -> None:
        settings.SHARE_DAYS = 3
        url = link(browser, done)
        with time_machine.travel(timezone.now() + timedelta(days=2, hours=23)):
            assert Client().get(url).status_code == 200
        with time_machine.travel(timezone.now() + timedelta(days=3, hours=1)):
            assert Client().get(url).status_code == 404

    @pytest.mark.parametrize(
        ("usual", "most", "days"), [(30, 7, 7), (0, 7, 7), (7, 30, 7), (3, 0, 3), (0, 0, 0), (30, 45, 30)]
    )
    def test_is_as_near_for_one_click_as_for_the_form(
        self, browser: Client, done: Generation, settings: Settings, usual: int, most: int, days: int
    ) -> None:
        settings.SHARE_DAYS, settings.SHARE_MAX_DAYS = usual, most
        with time_machine.travel(timezone.now(), tick=False):
            link(browser, done)
            assert Share.objects.get().expires_at == (timezone.now() + timedelta(days=days) if days else None)
            form = browser.get(reverse("new_share"), {"selected": str(done.pk)}).content.decode()
        assert f'<option value="{days}" selected>' in form

    def test_cannot_be_put_off_beyond_what_the_admin_allows(
        self, browser: Client, done: Generation, settings: Settings
    ) -> None:
        settings.SHARE_MAX_DAYS = 7
        for days in ["0", "30", "-1", "x"]:
            response = browser.post(reverse("new_share"), {"selected": done.pk, "days": days})
            assert response.status_code == 422, days
        assert browser.post(reverse("new_share"), {"selected": done.pk, "days": "7"}).status_code == 302
        assert Share.objects.get().expires_at is not None


class TestAPassword:
    @pytest.fixture
    def locked(self, user: User, done: Generation) -> Share:
        return sharing.share(user, [done], password="open sesame", hint="as in the tale", title="CANARY title")

    def test_keeps_every_byte_back_until_it_is_given(self, locked: Share, done: Generation) -> None:
        guest = Client()
        page = guest.get(path(locked))
        assert "as in the tale" in page.content.decode()
        for address in files(locked, done):
            response = guest.get(address)
            assert not any(canary in body(response) for canary in CANARIES), address
            if address != path(locked):
                assert response.status_code == 404
        guest.post(f"{path(locked)}unlock/", {"password": "open sesame"})
        for address in files(locked, done):
            assert guest.get(address).status_code == 200, address
        assert "CANARY title" in guest.get(path(locked)).content.decode()
        assert Client().get(files(locked, done)[2]).status_code == 404

    def test_is_stored_hashed(self, locked: Share) -> None:
        assert "sesame" not in str(Share.objects.values().get())

    def test_that_is_changed_closes_the_link_again(self, browser: Client, locked: Share) -> None:
        guest = Client()
        guest.post(f"{path(locked)}unlock/", {"password": "open sesame"})
        browser.post(reverse("share_link", args=[locked.pk]), {"password": "another one"})
        assert b"CANARY" not in guest.get(path(locked)).content
        assert guest.post(f"{path(locked)}unlock/", {"password": "open sesame"}).status_code == 403

    def test_tried_wrongly_ten_times_pauses_the_link_for_that_visitor_alone(self, locked: Share) -> None:
        url = f"{path(locked)}unlock/"
        for _ in range(10):
            assert Client().post(url, {"password": "guess"}, REMOTE_ADDR="192.0.2.1").status_code == 403
        assert Client().post(url, {"password": "open sesame"}, REMOTE_ADDR="192.0.2.1").status_code == 429
        assert Client().post(url, {"password": "open sesame"}, REMOTE_ADDR="192.0.2.2").status_code == 302
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            assert Client().post(url, {"password": "open sesame"}, REMOTE_ADDR="192.0.2.1").status_code == 302

    @pytest.mark.parametrize(
        ("addresses", "is_one"),
        [
            (["2001:db8:1:2::{}"], True),
            (["2001:db8:1:{}::1"], False),
            (["::ffff:192.0.2.{}"], False),
            (["::ffff:192.0.2.1", "192.0.2.1"], True),
            (["unknown", "", "pipe:{}"], True),
        ],
    )
    def test_pauses_a_household_and_not_one_of_its_many_addresses(
        self, locked: Share, addresses: list[str], is_one: bool
    ) -> None:
        tried = [addresses[n % len(addresses)].format(n + 1) for n in range(11)]
        url = f"{path(locked)}unlock/"
        statuses = [Client().post(url, {"password": "guess"}, REMOTE_ADDR=address).status_code for address in tried]
        assert statuses[-1] == (429 if is_one else 403)

    def test_is_asked_for_when_proxies_say_too_little(self, locked: Share, settings: Settings) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
        url = f"{path(locked)}unlock/"
        headers = [{"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}]
        for n in range(10):
            assert Client().post(url, {"password": "guess"}, headers=headers[n % 2]).status_code == 403
        assert Client().post(url, {"password": "open sesame"}, headers=headers[0]).status_code == 429

    def test_leaves_no_rows_of_visitors_who_need_wait_no_more(self, locked: Share) -> None:
        url = f"{path(locked)}unlock/"
        Client().post(url, {"password": "guess"}, REMOTE_ADDR="192.0.2.1")
        with time_machine.travel(timezone.now() + timedelta(minutes=10)):
            Client().post(url, {"password": "guess"}, REMOTE_ADDR="192.0.2.2")
            assert locked.wrong_passwords.count() == 2
        with time_machine.travel(timezone.now() + timedelta(minutes=16)):
            Client().post(url, {"password": "guess"}, REMOTE_ADDR="192.0.2.3")
            assert locked.wrong_passwords.count() == 2

    def test_opens_with_the_spaces_it_was_set_with_and_without(self, browser: Client, done: Generation) -> None:
        data = {"selected": str(done.pk), "days": "30", "password": " open sesame "}
        browser.post(reverse("new_share"), data)
        for tried in [" open sesame ", "open sesame"]:
            url = f"{path(Share.objects.get())}unlock/"
            assert Client().post(url, {"password": tried}).status_code == 302

    def test_of_another_link_opens_nothing(self, user: User, done: Generation, locked: Share) -> None:
        other = sharing.share(user, [done], password="open sesame")
        guest = Client()
        guest.post(f"{path(other)}unlock/", {"password": "open sesame"})
        for name, morsel in list(guest.cookies.items()):
            guest.cookies[name.replace(other.pk.hex, locked.pk.hex)] = morsel.value
            guest.cookies[name.replace(other.pk.hex, locked.pk.hex)]["path"] = "/"
        assert b"CANARY" not in guest.get(path(locked)).content


class TestWhatItAllows:
    def test_prompts_can_be_kept_back(self, user: User, done: Generation) -> None:
        share = sharing.share(user, [done], shows_prompts=False)
        for address in files(share, done):
            response = Client().get(address)
            assert b"heron" not in body(response), address
            assert "heron" not in str(response.headers), address

    def test_without_downloads_there_is_no_file_to_take(self, user: User, done: Generation) -> None:
        share = sharing.share(user, [done], allows_downloads=False)
        page, archive, shown, download, _ = files(share, done)
        assert Client().get(archive).status_code == Client().get(download).status_code == 404
        assert "ownload" not in Client().get(page).content.decode()
        [result] = done.results.all()
        with result.file.open() as whole:
            assert body(Client().get(shown)) != whole.read()

    def test_a_zip_for_guests_tells_prompts_and_no_price(self, user: User, done: Generation) -> None:
        Generation.objects.update(credits_used=98765432)
        url = path(sharing.share(user, [done], title="For you"))
        response = Client().get(f"{url}zip/")
        assert 'filename="for-you.zip"' in response["Content-Disposition"]
        archive = zipfile.ZipFile(io.BytesIO(body(response)))
        told = archive.read("metadata.json").decode()
        assert "heron" in told
        assert "98765432" not in told

    def test_hearts_are_given_under_a_name_taken_back_and_seen_by_the_owner(
        self, browser: Client, user: User, done: Generation
    ) -> None:
        share = sharing.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        guest, other = visitor(share), visitor(share)
        guest.post(url, {"name": " Ada  L. "})
        other.post(url, {"name": "Bob"})
        assert 'aria-pressed="true"' in guest.get(path(share)).content.decode()
        page = browser.get(reverse("share_link", args=[share.pk])).content.decode()
        assert "Ada L." in page
        assert "Bob" in page
        guest.post(url)
        assert 'aria-pressed="false"' in guest.get(path(share)).content.decode()
        assert [heart.name for heart in share.hearts.all()] == ["Bob"]

    def test_no_hearts_without_leave_or_name(self, user: User, done: Generation) -> None:
        share = sharing.share(user, [done])
        url = f"{path(share)}{done.results.get().pk}/heart/"
        assert Client().post(url, {"name": "Ada"}).status_code == 404
        Share.objects.update(allows_hearts=True)
        visitor(share).post(url, {"name": "  "})
        assert not share.hearts.exists()

    @pytest.mark.parametrize("cookie", ["", "guest=", "guest=Ada", "guest=" + "\u00e9" * 22, "guest=" + "a" * 23])
    def test_only_who_has_opened_the_page_gives_hearts(self, user: User, done: Generation, cookie: str) -> None:
        share = sharing.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        for _ in range(2):
            response = Client().post(url, {"name": "Ada"}, headers={"Cookie": cookie})
            assert response["Location"].startswith(path(share))
        assert not share.hearts.exists()
        assert "guest" not in visitor(sharing.share(user, [done])).cookies

    def test_a_link_holds_so_many_hearts_and_no_more(
        self, user: User, done: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sharing, "MOST_HEARTS", 2)
        share = sharing.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        first, second, third = visitor(share), visitor(share), visitor(share)
        for guest in (first, second, third):
            page = guest.post(url, {"name": "Ada"}, follow=True).content.decode()
        assert "as many hearts as it can hold" in page
        assert share.hearts.count() == 2
        assert "as many hearts" not in first.post(url, follow=True).content.decode()
        third.post(url)
        assert share.hearts.count() == 2
        assert 'aria-pressed="true"' in third.get(path(share)).content.decode()

    def test_the_owners_page_lists_the_latest_hearts_and_counts_them_all(
        self, browser: Client, user: User, done: Generation
    ) -> None:
        share = sharing.share(user, [done], allows_hearts=True)
        result, now = done.results.get(), timezone.now()
        sharing.share(user, [done])
        Heart.objects.bulk_create(
            Heart(share=share, result=result, guest=f"{n}", name=f"Guest-{n}.", at=now + timedelta(seconds=n))
            for n in range(203)
        )
        page = browser.get(reverse("share_link", args=[share.pk])).content.decode()
        assert "203 hearts" in page
        assert "the latest 200" in page
        assert page.count("Guest-") == 200
        assert "Guest-202." in page
        assert "Guest-2." not in page
        listed = browser.get(reverse("shares")).content.decode()
        assert listed.count("1 result") == 2
        assert listed.count("203 hearts") == 1

    @pytest.mark.parametrize("name", ["Ада Ł.", "小明", "Zoë 🦊"])
    def test_a_guest_is_called_what_they_are_called(self, user: User, done: Generation, name: str) -> None:
        share = sharing.share(user, [done], allows_hearts=True)
        guest = visitor(share)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        response = guest.post(url, {"name": name})
        assert response.cookies.output().isascii()  # a server sends headers in Latin-1, and fails at the rest
        guest.post(url)
        guest.post(url)
        assert share.hearts.get().name == name

    @pytest.mark.parametrize("before", ["%E2%80%AEA%E2%80%8Bda%00%20%0A%E2%81%A6", '"A\\000da"', "%00", ""])
    def test_a_guests_name_has_nothing_unseen_in_it(self, user: User, done: Generation, before: str) -> None:
        share = sharing.share(user, [done], allows_hearts=True)
        guest = visitor(share)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        cookies = f"guest-name={before}; guest={guest.cookies['guest'].value}"
        guest.post(url, {"name": ""}, headers={"Cookie": cookies})
        assert [heart.name for heart in share.hearts.all()] == (["Ada"] if "da" in before else [])
        Client().post(url, {"name": "\u202eA\u200bda\0 \n\u2066"}, headers={"Cookie": cookies})
        assert {heart.name for heart in share.hearts.all()} <= {"Ada"}

    @pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
    def test_what_people_type_is_never_markup(self, user: User, done: Generation, words: str) -> None:
        share = sharing.share(user, [done], title=words, note=words, allows_hearts=True)
        guest = visitor(share)
        guest.post(f"{path(share)}{done.results.get().pk}/heart/", {"name": words[:40]})
        page = guest.get(path(share)).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


class TestWhoLooked:
    def test_people_are_counted_once_a_visit(self, user: User, done: Generation) -> None:
        share = sharing.share(user, [done])
        guest = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"})
        for _ in range(3):
            guest.get(path(share))
        Client(headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"}).get(path(share))
        share.refresh_from_db()
        assert share.views == 2
        assert share.viewed_at is not None

    @pytest.mark.parametrize(
        "agent", ["Mozilla/5.0 (Linux; Android 9; CUBOT X19) Chrome/100 Mobile Safari/537.36", "CUBOT/1.0"]
    )
    def test_a_phone_by_that_name_is_not_a_bot(self, user: User, done: Generation, agent: str) -> None:
        share = sharing.share(user, [done])
        Client(headers={"User-Agent": agent}).get(path(share))
        share.refresh_from_db()
        assert share.views == 1

    @pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose"])
    def test_a_page_fetched_beforehand_is_counted_when_it_is_looked_at(
        self, user: User, done: Generation, header: str
    ) -> None:
        share = sharing.share(user, [done])
        guest = Client(headers={"User-Agent": "Mozilla/5.0"})
        guest.get(path(share), headers={header: "prefetch;prerender"})
        guest.head(path(share))
        share.refresh_from_db()
        assert share.views == 0
        guest.get(path(share))
        share.refresh_from_db()
        assert share.views == 1

    @pytest.mark.parametrize(
        "agent",
        [
            *["", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "WhatsApp/2.2", "TelegramBot", "Twitterbot"],
            *["Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)", "Googlebot/2.1"],
            *["vkShare; (+http://vk.com/dev/Share)", "Iframely/1.3.1", "http.rb/5.1.1 (Mastodon/4.2.1)"],
        ],
    )
    def test_machines_that_draw_previews_are_not(self, user: User, done: Generation, agent: str) -> None:
        share = sharing.share(user, [done])
        Client(headers={"User-Agent": agent}).get(path(share))
        Client(headers={"User-Agent": "Mozilla/5.0"}).head(path(share))
        share.refresh_from_db()
        assert share.views == 0

    def test_a_preview_card_has_the_title_and_a_picture(self, user: User, done: Generation) -> None:
        share = sharing.share(user, [done], title="Herons", note="For the calendar")
        page = Client().get(path(share)).content.decode()
        assert '<meta property="og:title" content="Herons">' in page
        found = re.search(r'og:image" content="http://testserver(/s/[^"]+)"', page)
        assert found
        assert Client().get(found[1])["Content-Type"] == "image/webp"


class TestManyAtOnce:
    def test_a_selection_is_shown_in_its_order_and_only_what_is_ones_own(
        self, browser: Client, user: User, done: Generation
    ) -> None:
        owl = make_generation(user, status="done", prompt="an owl")
        make_result(owl)
        theirs = make_generation(make_user(), status="done", prompt="THEIRS", team_at=timezone.now())
        make_result(theirs)
        running = make_generation(user, status="running", prompt="RUNNING")
        chosen = [str(row.pk) for row in (owl, theirs, done, running)]
        form = browser.get(reverse("new_share"), {"selected": chosen}).content.decode()
        assert "2 are left out" in form
        browser.post(reverse("new_share"), {"selected": chosen, "title": "Birds", "shows_prompts": "on", "days": "30"})
        page = Client().get(path(Share.objects.get())).content.decode()
        assert page.index("an owl") < page.index("a heron")
        assert "THEIRS" not in page
        assert "RUNNING" not in page

    def test_as_many_as_can_be_selected_can_be_shared(self, browser: Client, user: User) -> None:
        chosen = [str(make_generation(user, status="done").pk) for _ in range(500)]
        shown = browser.post(reverse("selected"), {"selected": chosen, "do": "share"})
        assert shown.status_code == 200  # no redirect: its address would be too long
        form = re.findall(r'<form[^>]*action="/shares/new/".*?</form>', shown.content.decode(), re.DOTALL)[0]
        asked = re.findall(r'name="selected" value="([\w-]{36})"', form)
        assert asked == chosen
        wrong = browser.post(reverse("new_share"), {"selected": asked, "days": "x"})
        assert re.findall(r'name="selected" value="([\w-]{36})"', wrong.content.decode()) == chosen
        assert wrong.status_code == 422
        browser.post(reverse("new_share"), {"selected": asked, "days": "30"})
        assert [str(row.pk) for row in Share.objects.get().contents()] == chosen
        assert browser.get(reverse("selected"))["Location"] == reverse("generations")

    def test_a_selection_of_nothing_that_can_be_shared_says_so(self, browser: Client) -> None:
        theirs = str(make_generation(make_user(), status="done", team_at=timezone.now()).pk)
        for url, data in [("selected", {"do": "share"}), ("new_share", {"days": "30"}), ("new_share", {"days": "x"})]:
            page = browser.post(reverse(url), {"selected": theirs, **data}, follow=True).content.decode()
            assert "Only finished results of your own" in page
        assert not Share.objects.exists()

    @pytest.mark.parametrize("follows", [True, False])
    def test_a_collection_is_shared_as_it_is_or_as_it_will_be(
        self, browser: Client, user: User, done: Generation, follows: bool
    ) -> None:
        collection = birds(user, done)
        data = {
            "collection": collection.pk,
            "days": "30",
            "shows_prompts": "on",
            **({"follows": "on"} if follows else {}),
        }
        browser.post(reverse("new_share"), data)
        later = make_generation(user, status="done", prompt="a late owl")
        make_result(later)
        collecting.add(user, collection.pk, [later.pk])
        page = Client().get(path(Share.objects.get())).content.decode()
        assert "a heron" in page
        assert ("a late owl" in page) == follows

    @pytest.mark.parametrize("how", ["added", "moved", "merged"])
    def test_a_colleague_who_fills_the_collection_shows_nothing_to_the_world(self, user: User, how: str) -> None:
        colleague = make_user()
        followed, _ = collecting.create(user, "Client", is_team=True)
        theirs, _ = collecting.create(colleague, "Inside", is_team=True)
        share = sharing.share(user, [], follow=followed)
        row = make_generation(user, status="done", prompt="INTERNAL", team_at=timezone.now())
        make_result(row)
        if how != "added":
            collecting.add(user, theirs.pk, [row.pk])
        if how == "added":
            collecting.add(colleague, followed.pk, [row.pk])
        elif how == "moved":
            collecting.move(colleague, theirs, followed.pk, [row.pk])
        else:
            collecting.merge(colleague, theirs.pk, followed.pk)
        assert followed.wall(user).get() == row
        assert "INTERNAL" not in Client().get(path(share)).content.decode()
        assert Client().get(f"{path(share)}{row.results.get().pk}/").status_code == 404
        collecting.add(user, followed.pk, [row.pk])  # its owner does it, too
        assert "INTERNAL" in Client().get(path(share)).content.decode()

    def test_the_maker_of_a_link_shows_what_they_move_and_merge_into_its_collection(
        self, user: User, done: Generation
    ) -> None:
        owl = make_generation(user, status="done", prompt="an owl")
        make_result(owl)
        birds(user, done, owl)
        CollectionItem.objects.filter(generation=done).update(added_by=None)  # from before
        source = Collection.objects.get()
        share = sharing.share(user, [], follow=source)
        assert list(share.contents()) == [owl, done]
        target, _ = collecting.create(user, "Client")
        share = sharing.share(user, [], follow=target)
        collecting.move(user, source, target.pk, [owl.pk])
        assert list(share.contents()) == [owl]
        collecting.merge(user, source.pk, target.pk)
        assert set(share.contents()) == {owl, done}

    @pytest.mark.parametrize("follows", [True, False])
    def test_a_collection_keeps_the_order_it_was_given_by_hand(
        self, browser: Client, user: User, done: Generation, follows: bool
    ) -> None:
        collection = birds(user, done)
        later = make_generation(user, status="done", prompt="a late owl")
        make_result(later)
        collecting.add(user, collection.pk, [later.pk])
        for first, second in [(done, later), (later, done)]:
            collection.order = Collection.Order.HAND
            collection.save()
            for place, row in enumerate([first, second], 1):
                CollectionItem.objects.filter(generation=row).update(position=place)
            data = {"collection": collection.pk, "days": "30", "shows_prompts": "on"}
            browser.post(reverse("new_share"), data | ({"follows": "on"} if follows else {}))
            page = Client().get(path(Share.objects.latest("created_at"))).content.decode()
            places = [page.index(f"picture-{row.results.get().pk}") for row in (first, second)]
            assert places == sorted(places)

    def test_a_collection_tells_how_many_links_end_with_it(self, browser: Client, user: User, done: Generation) -> None:
        collection = birds(user, done)
        other, _ = collecting.create(user, "Other")
        pages = [reverse(name, args=[collection.pk]) for name in ("collection_settings", "delete_collection")]
        sharing.share(user, [done])
        sharing.share(user, [], follow=other)
        sharing.revoke(sharing.share(user, [], follow=collection))
        assert not any("and end" in browser.get(page).content.decode() for page in pages)
        live = sharing.share(user, [], follow=collection)
        said = [browser.get(page).content.decode().count("1 link follows this collection") for page in pages]
        assert said == [2, 1]  # where it is merged and where it is deleted
        sharing.share(user, [], follow=collection)
        assert "2 links follow this collection and end with it." in browser.get(pages[1]).content.decode()
        browser.post(pages[1])
        assert Client().get(path(live)).status_code == 404

    def test_another_persons_collection_cannot_be_shared(self, user: User, done: Generation) -> None:
        collection = birds(user, done)
        stranger = Client()
        stranger.force_login(make_user())
        for method in ["get", "post"]:
            response = getattr(stranger, method)(reverse("new_share"), {"collection": collection.pk, "days": "30"})
            assert response.status_code == 404
        assert not Share.objects.exists()


def test_the_list_has_every_live_link_and_its_way_back(browser: Client, user: User, done: Generation) -> None:
    sharing.share(user, [done], title="Mine")
    sharing.revoke(sharing.share(user, [done], title="Gone"))
    sharing.share(make_user(), [], title="Theirs")
    page = browser.get(reverse("shares")).content.decode()
    assert "Mine" in page
    assert "Gone" not in page
    assert "Theirs" not in page
    assert reverse("revoke", args=[Share.objects.get(title="Mine").pk]) in page


def test_a_page_that_waits_for_its_files_says_so(user: User) -> None:
    row = make_generation(user, status="done")
    Result.objects.create(generation=row, number=0, source_url="https://images.meigen.ai/a.png")
    assert "on their way" in Client().get(path(sharing.share(user, [row]))).content.decode()
