"""What the maker of a link lets guests see and do."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.text import name_in
from generations.models import Generation, Heart, Share
from generations.sharing import links
from tests.cases import each
from tests.sharing.links import body, files, path, visitor

pytestmark = pytest.mark.django_db


class TestWhatItAllows:
    @pytest.mark.slow
    def test_prompts_can_be_kept_back(self, user: User, done: Generation) -> None:
        share = links.share(user, [done], shows_prompts=False)
        for address in files(share, done):
            response = Client().get(address)
            assert b"heron" not in body(response), address
            assert "heron" not in str(response.headers), address

    def test_without_downloads_there_is_no_file_to_take(self, user: User, done: Generation) -> None:
        share = links.share(user, [done], allows_downloads=False)
        page, archive, shown, download, *_ = files(share, done)
        assert Client().get(archive).status_code == Client().get(download).status_code == 404
        assert "ownload" not in Client().get(page).content.decode()
        [result] = done.results.all()
        with result.file.open() as whole:
            assert body(Client().get(shown)) != whole.read()

    def test_a_zip_for_guests_tells_prompts_and_no_price(self, user: User, done: Generation) -> None:
        Generation.objects.update(credits_used=98765432)
        url = path(links.share(user, [done], title="For you"))
        response = Client().get(f"{url}zip/")
        assert 'filename="for-you.zip"' in response["Content-Disposition"]
        archive = zipfile.ZipFile(io.BytesIO(body(response)))
        told = archive.read("metadata.json").decode()
        assert "heron" in told
        assert "98765432" not in told

    def test_hearts_are_given_under_a_name_taken_back_and_seen_by_the_owner(
        self, browser: Client, user: User, done: Generation
    ) -> None:
        share = links.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        guest, other = visitor(share), visitor(share)
        guest.post(url, {"name": " Ada  L. "})
        other.post(url, {"name": "Bob"})
        assert 'aria-pressed="true"' in guest.get(path(share)).content.decode()
        page = browser.get(reverse("share_link", args=[share.pk])).content.decode()
        assert "Ada L." in page
        assert "Bob" in page
        assert 'name="on" value="0"' in guest.get(path(share)).content.decode()
        guest.post(url, {"on": "0"})
        assert 'aria-pressed="false"' in guest.get(path(share)).content.decode()
        assert [heart.name for heart in share.hearts.all()] == ["Bob"]

    def test_a_guest_may_change_their_name_and_nobody_elses(self, user: User, done: Generation) -> None:
        share = links.share(user, [done], allows_hearts=True)
        url = path(share)
        guest, other = visitor(share), visitor(share)
        for who, name in [(guest, "Adda"), (other, "Bob")]:
            who.post(f"{url}{done.results.get().pk}/heart/", {"name": name})
        assert "Change name" in guest.get(url).content.decode()
        guest.post(f"{url}name/", {"name": "Ada <L.>"})
        assert sorted(heart.name for heart in share.hearts.all()) == ["Ada <L.>", "Bob"]
        assert "Ada &lt;L.&gt;" in guest.get(url).content.decode()
        refused = guest.post(f"{url}name/", {"name": " "})
        assert refused.status_code == 422
        assert "Type your name first" in refused.content.decode()
        Client().post(f"{url}name/", {"name": "Eve"})  # has never opened the page, and so has given nothing
        assert sorted(heart.name for heart in share.hearts.all()) == ["Ada <L.>", "Bob"]
        Share.objects.update(allows_hearts=False)
        assert guest.post(f"{url}name/", {"name": "Ada"}).status_code == 404

    def test_a_double_tap_leaves_a_heart_and_one_heart(self, user: User, done: Generation) -> None:
        share = links.share(user, [done], allows_hearts=True)
        guest = visitor(share)
        for on, hearts in [("1", 1), ("1", 1), ("0", 0), ("0", 0)]:
            guest.post(f"{path(share)}{done.results.get().pk}/heart/", {"name": "Ada", "on": on})
            assert share.hearts.count() == hearts

    def test_no_hearts_without_leave_or_name(self, user: User, done: Generation) -> None:
        share = links.share(user, [done])
        url = f"{path(share)}{done.results.get().pk}/heart/"
        assert Client().post(url, {"name": "Ada"}).status_code == 404
        Share.objects.update(allows_hearts=True)
        visitor(share).post(url, {"name": "  "})
        assert not share.hearts.exists()

    @each("cookie", ["", "guest=", "guest=Ada", "guest=" + "\u00e9" * 22, "guest=" + "a" * 22, "guest=" + "a" * 23])
    def test_only_who_has_opened_the_page_gives_hearts(self, user: User, done: Generation, cookie: str) -> None:
        share = links.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        for _ in range(2):
            response = Client().post(url, {"name": "Ada"}, headers={"Cookie": cookie})
            assert response["Location"].startswith(path(share))
        assert not share.hearts.exists()
        assert "guest" not in visitor(links.share(user, [done])).cookies

    def test_a_link_holds_so_many_hearts_and_no_more(
        self, user: User, done: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(links, "MOST_HEARTS", 2)
        share = links.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        first, second, third = visitor(share), visitor(share), visitor(share)
        for guest in (first, second, third):
            page = guest.post(url, {"name": "Ada"}, follow=True).content.decode()
        assert "reached its limit of hearts" in page
        assert share.hearts.count() == 2
        assert "as many hearts" not in first.post(url, {"on": "1"}, follow=True).content.decode()
        first.post(url, {"on": "0"})
        third.post(url)
        assert share.hearts.count() == 2
        assert 'aria-pressed="true"' in third.get(path(share)).content.decode()

    @pytest.mark.slow
    def test_one_network_brings_only_so_many_new_guests_a_minute(self, user: User, done: Generation) -> None:
        share = links.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        first = visitor(share)
        first.post(url, {"name": "Ada"})
        for _ in range(60):
            answer = visitor(share).post(url, {"name": "A fresh cookie"})
        assert share.hearts.count() == 50
        assert answer.status_code == 429
        assert "Try again in 1 minute." in answer.content.decode()
        assert visitor(share).post(url, {"name": "Bob"}, REMOTE_ADDR="192.0.2.1").status_code == 302
        for on in "01":
            first.post(url, {"on": on})
        assert share.hearts.filter(name="Ada").count() == 0  # who is no guest any more is a new one

    def test_no_other_site_gives_a_visitors_heart(self, user: User, done: Generation) -> None:
        share = links.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        answer = visitor(share).post(url, {"name": "Ada"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert not share.hearts.exists()

    def test_the_owners_page_names_the_latest_guests_and_counts_all_hearts(
        self, browser: Client, user: User, done: Generation
    ) -> None:
        share = links.share(user, [done], allows_hearts=True)
        result, now = done.results.get(), timezone.now()
        links.share(user, [done])
        Heart.objects.bulk_create(
            Heart(share=share, result=result, guest=f"{n}", name=f"Guest-{n}.", at=now + timedelta(seconds=n))
            for n in range(203)
        )
        page = browser.get(reverse("share_link", args=[share.pk])).content.decode()
        assert "203 hearts" in page
        assert page.count("Guest-") == 12
        assert "Guest-202." in page
        assert "Guest-2." not in page
        listed = browser.get(reverse("shares")).content.decode()
        assert listed.count("1 result") == 2
        assert listed.count("203 hearts") == 1

    @each("name", ["Ада Ł.", "小明", "Zoë 🦊"])
    def test_a_guest_is_called_what_they_are_called(self, user: User, done: Generation, name: str) -> None:
        share = links.share(user, [done], allows_hearts=True)
        guest = visitor(share)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        response = guest.post(url, {"name": name})
        assert response.cookies.output().isascii()  # a server sends headers in Latin-1, and fails at the rest
        guest.post(url)
        guest.post(url)
        assert share.hearts.get().name == name

    @each("before", ["%E2%80%AEA%E2%80%8Bda%00%20%0A%E2%81%A6", '"A\\000da"', "%00", ""])
    def test_a_guests_name_has_nothing_unseen_in_it(self, user: User, done: Generation, before: str) -> None:
        share = links.share(user, [done], allows_hearts=True)
        guest = visitor(share)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        cookies = f"guest-name={before}; guest={guest.cookies['guest'].value}"
        guest.post(url, {"name": ""}, headers={"Cookie": cookies})
        assert [heart.name for heart in share.hearts.all()] == (["Ada"] if "da" in before else [])
        Client().post(url, {"name": "\u202eA\u200bda\0 \n\u2066"}, headers={"Cookie": cookies})
        assert {heart.name for heart in share.hearts.all()} <= {"Ada"}

    @each("name", ["👨\u200d👩\u200d👧", "می\u200cروم", "❤\ufe0f\u200d🔥"])
    def test_a_guests_name_stays_as_its_script_writes_it(self, user: User, done: Generation, name: str) -> None:
        share = links.share(user, [done], allows_hearts=True)
        visitor(share).post(f"{path(share)}{done.results.get().pk}/heart/", {"name": f"\u200c{name}\u200d"})
        assert share.hearts.get().name == name

    @each("name", ["A\u200dda", "\u202e\u200d\u202eAda", "Ad\u200c\u200da", "Ada\u200d"])
    def test_a_guests_name_does_not_look_like_another(self, user: User, done: Generation, name: str) -> None:
        share = links.share(user, [done], allows_hearts=True)
        guest, url = visitor(share), f"{path(share)}{done.results.get().pk}/heart/"
        guest.post(url, {"name": "\u202e\u200d\u202e"})
        assert not share.hearts.exists()
        guest.post(url, {"name": name})
        assert share.hearts.get().name == "Ada"
        assert name_in("小\u200d明") == "小明"
        assert name_in("👨\u200d\u200d👩") == "👨👩"

    @each("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
    def test_what_people_type_is_never_markup(self, user: User, done: Generation, words: str) -> None:
        share = links.share(user, [done], title=words, note=words, allows_hearts=True)
        guest = visitor(share)
        guest.post(f"{path(share)}{done.results.get().pk}/heart/", {"name": words[:40]})
        page = guest.get(path(share)).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page

    def test_a_heart_leaves_a_page_with_scripts_where_it_is(
        self, user: User, done: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        share = links.share(user, [done], allows_hearts=True)
        url = f"{path(share)}{done.results.get().pk}/heart/"
        headers = {"Accept": "application/json"}
        guest = visitor(share)
        assert guest.post(url, {"name": "Ada"}, headers=headers).status_code == 204
        assert guest.post(url, {"on": "0"}, headers=headers).status_code == 204  # the name is known by now
        assert not share.hearts.exists()
        assert visitor(share).post(url, headers=headers).status_code == 422  # no name
        monkeypatch.setattr(links, "MOST_HEARTS", 0)
        assert "?full" in guest.post(url, headers=headers)["Location"]
