"""How links end: taken back, over, with their maker, in the middle of a download."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations.library import collecting, curation
from generations.media import zips
from generations.models import Generation, Share
from generations.sharing import links
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user, picture
from tests.sharing.links import CANARIES, birds, body, files, link, path

pytestmark = pytest.mark.django_db


class TestTheEnd:
    @pytest.mark.slow
    @each("how", ["revoked", "expired", "person gone", "deleted", "out of the collection", "collection deleted"])
    def test_leaves_not_a_byte_and_looks_like_a_link_that_never_was(
        self, browser: Client, done: Generation, user: User, how: str
    ) -> None:
        collection = birds(user, done)
        follow = collection if "collection" in how else None
        share = links.share(user, [done], follow=follow, expires_at=timezone.now() + timedelta(days=1))
        addresses = files(share, done)
        for address in addresses:
            assert body(Client().get(address)), address
        ends: dict[str, Callable[[], object]] = {
            "revoked": lambda: browser.post(reverse("revoke", args=[share.pk])),
            "expired": lambda: Share.objects.update(expires_at=timezone.now()),
            "person gone": lambda: User.objects.update(is_active=False),
            "deleted": lambda: curation.delete(user, [done.pk]),
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
        shares = [links.share(user, [done]) for _ in range(3)]
        boss, helper = Client(), Client()
        boss.force_login(make_user(is_staff=True, is_superuser=True))
        looker = make_user(is_staff=True)
        looker.user_permissions.add(Permission.objects.get(codename="view_share"))
        helper.force_login(looker)
        listed = "/admin/generations/share/"
        choice = {"action": "take_back", "_selected_action": [str(share.pk) for share in shares[:2]]}
        assert helper.get(listed).status_code == helper.post(listed, choice, follow=True).status_code == 200
        assert Share.objects.live().count() == 3
        assert "Links revoked: 2." in boss.post(listed, choice, follow=True).content.decode()
        assert [Client().get(path(share)).status_code for share in shares] == [404, 404, 200]
        assert boss.post(f"{listed}{shares[2].pk}/change/", {"title": "x"}).status_code == 403
        assert boss.post(f"{listed}{shares[2].pk}/delete/", {"post": "yes"}).status_code == 403

    def test_stops_a_zip_before_its_next_file_and_before_what_it_says_of_those_sent(self, user: User) -> None:
        rows = [make_generation(user, status="done", prompt="CANARY") for _ in range(3)]
        for row in rows:
            make_result(row, picture() + os.urandom(zips.CHUNK * 2))
        share = links.share(user, rows)
        sent: Any = Client().get(f"{path(share)}zip/")
        pieces = iter(sent.streaming_content)
        first = next(pieces)
        links.revoke(share)
        archive = zipfile.ZipFile(io.BytesIO(first + b"".join(pieces)))
        assert archive.testzip() is None
        assert [name[:3] for name in archive.namelist()] == ["001", "met"]
        assert archive.read("metadata.json") == b"[]"

    def test_of_a_file_is_told_in_a_zip_that_tells_nothing_else(
        self, user: User, done: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        share = links.share(user, [done], shows_prompts=False)

        def broken(*args: object) -> Iterator[bytes]:
            yield b"half"
            raise OSError(5, "Input/output error")

        monkeypatch.setattr("generations.media.metadata.strip.pieces", broken)
        archive = zipfile.ZipFile(io.BytesIO(body(Client().get(f"{path(share)}zip/"))))
        [said] = json.loads(archive.read("metadata.json"))
        problem = "The file is incomplete: it could not be read to the end."
        assert said == {"file": "001-picture.png", "problem": problem}

    def test_comes_by_itself_after_the_days_of_the_setting(
        self, browser: Client, done: Generation, settings: Settings
    ) -> None:
        settings.SHARE_DAYS = 3
        url = link(browser, done)
        with time_machine.travel(timezone.now() + timedelta(days=2, hours=23)):
            assert Client().get(url).status_code == 200
        with time_machine.travel(timezone.now() + timedelta(days=3, hours=1)):
            assert Client().get(url).status_code == 404

    @each(("usual", "most", "days"), [(30, 7, 7), (0, 7, 7), (7, 30, 7), (3, 0, 3), (0, 0, 0), (30, 45, 30)])
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

    def test_comes_after_the_longest_time_however_often_the_link_is_saved(
        self, browser: Client, user: User, done: Generation, settings: Settings
    ) -> None:
        settings.SHARE_MAX_DAYS = 30
        browser.post(reverse("new_share"), {"selected": str(done.pk), "days": "30"})
        share = Share.objects.get()
        with time_machine.travel(share.created_at + timedelta(days=29)):
            browser.force_login(user)
            browser.post(reverse("share_link", args=[share.pk]), {"days": "30"})
            share.refresh_from_db()
            assert share.ends_at == share.created_at + timedelta(days=30)
            assert Client().get(path(share)).status_code == 200
        with time_machine.travel(share.created_at + timedelta(days=30, minutes=1)):
            assert Client().get(path(share)).status_code == 404

    def test_comes_after_the_longest_time_for_links_from_before_it_was_set_too(
        self, browser: Client, user: User, done: Generation, settings: Settings
    ) -> None:
        share = links.share(user, [done])  # without an end
        settings.SHARE_MAX_DAYS = 7
        assert "expires" in browser.get(reverse("shares")).content.decode()
        admin = Client()
        admin.force_login(make_user(is_staff=True, is_superuser=True))
        listed = admin.get("/admin/generations/share/").content.decode()
        assert "Live until" in listed
        with time_machine.travel(timezone.now() + timedelta(days=8)):
            assert Client().get(path(share)).status_code == 404

    def test_can_be_brought_twice_and_after_the_link_has_ended_by_itself(
        self, browser: Client, user: User, done: Generation
    ) -> None:
        share = links.share(user, [done])
        ended = links.share(user, [done], expires_at=timezone.now())
        for row in (share, share, ended):
            assert browser.post(reverse("revoke", args=[row.pk]), {"next": "/gallery/"})["Location"] == "/gallery/"
        theirs = links.share(make_user(), [])
        assert browser.post(reverse("revoke", args=[theirs.pk])).status_code == 404

    @each("how", ["deleted", "out of the collection", "password", "no downloads", "no prompts"])
    def test_of_anything_else_holds_for_the_rest_of_a_zip_too(self, user: User, how: str) -> None:
        rows = [make_generation(user, status="done") for _ in range(3)]
        for row in rows:
            make_result(row, picture() + os.urandom(zips.CHUNK * 2))
        collection = birds(user, *rows)
        share = links.share(user, [], follow=collection)
        sent: Any = Client().get(f"{path(share)}zip/")
        pieces = iter(sent.streaming_content)
        first = next(pieces)
        if how == "deleted":
            curation.delete(user, [row.pk for row in rows])
        elif how == "out of the collection":
            collecting.remove(user, collection, [row.pk for row in rows])
        elif how == "password":
            share.set_password("open sesame")
            share.save()
        else:
            Share.objects.update(**{"allows_downloads" if how == "no downloads" else "shows_prompts": False})
        archive = zipfile.ZipFile(io.BytesIO(first + b"".join(pieces)))
        assert [name[:3] for name in archive.namelist()] == ["001", "met"]
        assert archive.read("metadata.json") == b"[]"
