"""Links that ask for a password."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Throttle, User
from generations.models import Generation, Share
from generations.sharing import links
from tests.cases import each
from tests.sharing.links import CANARIES, birds, body, files, path

pytestmark = pytest.mark.django_db


class TestAPassword:
    @pytest.fixture
    def locked(self, user: User, done: Generation) -> Share:
        return links.share(user, [done], password="open sesame", hint="as in the tale", title="CANARY title")

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

    @each(
        ("addresses", "is_one"),
        [
            (["2001:db8:1:2::{}"], True),
            (["2001:db8:1:{}::1"], False),
            (["::ffff:192.0.2.{}"], False),
            (["::ffff:192.0.2.1", "192.0.2.1"], True),
            (["unknown", "", "pipe:{}"], True),
        ],
    )
    @pytest.mark.slow
    def test_pauses_a_network_and_not_one_of_its_many_addresses(
        self, locked: Share, addresses: list[str], is_one: bool
    ) -> None:
        tried = [addresses[n % len(addresses)].format(n + 1) for n in range(11)]
        url = f"{path(locked)}unlock/"
        statuses = [Client().post(url, {"password": "guess"}, REMOTE_ADDR=address).status_code for address in tried]
        assert statuses[-1] == (429 if is_one else 403)

    def test_is_asked_for_when_proxies_say_too_little(self, locked: Share, settings: Settings) -> None:
        settings.TRUSTED_PROXIES = 2
        url = f"{path(locked)}unlock/"
        headers = [{"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}]
        for n in range(10):
            assert Client().post(url, {"password": "guess"}, headers=headers[n % 2]).status_code == 403
        assert Client().post(url, {"password": "open sesame"}, headers=headers[0]).status_code == 429

    @pytest.mark.slow
    def test_tried_wrongly_again_and_again_pauses_the_link_longer_and_longer(self, locked: Share) -> None:
        url, tried = f"{path(locked)}unlock/", 0
        with time_machine.travel(timezone.now(), tick=False) as clock:
            begun = timezone.now()
            while timezone.now() < begun + timedelta(days=1):
                tried += Client().post(url, {"password": "guess"}, REMOTE_ADDR="192.0.2.1").status_code == 403
                clock.shift(timedelta(minutes=5))
        assert tried <= 18

    @pytest.mark.slow
    def test_is_tried_at_most_so_often_by_all_the_world_together(self, locked: Share) -> None:
        url, tried = f"{path(locked)}unlock/", 0
        for n in range(130):
            tried += Client().post(url, {"password": "guess"}, REMOTE_ADDR=f"192.0.2.{n}").status_code == 403
        assert tried == 100
        answer = Client().post(url, {"password": "open sesame"}, REMOTE_ADDR="198.51.100.1")
        assert answer.status_code == 429
        assert "Too many wrong passwords. Try again in 1 minute." in answer.content.decode()

    def test_that_is_right_does_not_count(self, locked: Share) -> None:
        url = f"{path(locked)}unlock/"
        for _ in range(15):
            assert Client().post(url, {"password": "open sesame"}, REMOTE_ADDR="192.0.2.1").status_code == 302

    def test_is_new_when_it_is_changed_and_so_are_the_tries(self, browser: Client, locked: Share) -> None:
        url = f"{path(locked)}unlock/"
        for _ in range(11):
            Client().post(url, {"password": "guess"})
        browser.post(reverse("share_link", args=[locked.pk]), {"password": "another one"})
        assert Client().post(url, {"password": "another one"}).status_code == 302

    @each(
        ("headers", "is_taken"),
        [
            ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
            ({"Origin": "http://testserver"}, True),
            ({}, True),
            ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
            ({"Sec-Fetch-Site": "same-site", "Origin": "https://wiki.example"}, False),
            ({"Origin": "https://evil.example"}, False),
        ],
    )
    def test_is_not_tried_for_a_visitor_by_another_site(
        self, locked: Share, headers: dict[str, str], is_taken: bool
    ) -> None:
        answer = Client().post(f"{path(locked)}unlock/", {"password": "guess"}, headers=headers)
        assert "Wrong password." in answer.content.decode() if is_taken else answer.status_code == 403
        assert Throttle.objects.exists() is is_taken

    def test_opens_with_the_spaces_it_was_set_with_and_without(self, browser: Client, done: Generation) -> None:
        data = {"selected": str(done.pk), "days": "30", "password": " open sesame "}
        browser.post(reverse("new_share"), data)
        for tried in [" open sesame ", "open sesame"]:
            url = f"{path(Share.objects.get())}unlock/"
            assert Client().post(url, {"password": tried}).status_code == 302

    def test_of_another_link_opens_nothing(self, user: User, done: Generation, locked: Share) -> None:
        other = links.share(user, [done], password="open sesame")
        guest = Client()
        guest.post(f"{path(other)}unlock/", {"password": "open sesame"})
        for name, morsel in list(guest.cookies.items()):
            guest.cookies[name.replace(other.pk.hex, locked.pk.hex)] = morsel.value
            guest.cookies[name.replace(other.pk.hex, locked.pk.hex)]["path"] = "/"
        assert b"CANARY" not in guest.get(path(locked)).content

    def test_of_spaces_alone_makes_no_open_link(self, browser: Client, done: Generation) -> None:
        asked = {"selected": str(done.pk), "days": "30", "password": "      "}
        response = browser.post(reverse("new_share"), asked)
        assert response.status_code == 422
        assert "A password cannot consist of spaces only." in response.content.decode()
        assert not Share.objects.exists()

    def test_is_asked_for_again_after_another_mistake(self, browser: Client, user: User, done: Generation) -> None:
        asked = {"collection": str(birds(user).pk), "days": "30", "password": "open sesame"}
        assert "Type the password again." in browser.post(reverse("new_share"), asked).content.decode()
        wrong = {"selected": str(done.pk), "days": "x", "password": "open sesame"}
        assert "Type the password again." in browser.post(reverse("new_share"), wrong).content.decode()
        assert "Type the password again." not in browser.post(reverse("new_share"), {"days": "x"}).content.decode()
