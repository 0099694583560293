"""Links to a selection or to a collection."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from generations.library import collecting
from generations.models import Collection, CollectionItem, Generation, Share
from generations.sharing import links
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user
from tests.sharing.links import birds, make_done, path

pytestmark = pytest.mark.django_db


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

    @pytest.mark.slow
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
            assert "You can only share your own finished results" in page
        assert not Share.objects.exists()

    @each("follows", [True, False])
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

    @each("how", ["added", "moved", "merged"])
    def test_a_colleague_who_fills_the_collection_shows_nothing_to_the_world(self, user: User, how: str) -> None:
        colleague = make_user()
        followed, _ = collecting.create(user, "Client", is_team=True)
        theirs, _ = collecting.create(colleague, "Inside", is_team=True)
        share = links.share(user, [], follow=followed)
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
        source = Collection.objects.get()
        share = links.share(user, [], follow=source)
        assert list(share.contents()) == [owl, done]
        target, _ = collecting.create(user, "Client")
        share = links.share(user, [], follow=target)
        collecting.move(user, source, target.pk, [owl.pk])
        assert list(share.contents()) == [owl]
        collecting.merge(user, source.pk, target.pk)
        assert set(share.contents()) == {owl, done}

    @each("follows", [True, False])
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
        links.share(user, [done])
        links.share(user, [], follow=other)
        links.revoke(links.share(user, [], follow=collection))
        assert not any("stop working" in browser.get(page).content.decode() for page in pages)
        live = links.share(user, [], follow=collection)
        said = [browser.get(page).content.decode().count("1 link follows this collection") for page in pages]
        assert said == [2, 1]  # where it is merged and where it is deleted
        links.share(user, [], follow=collection)
        assert "2 links follow this collection and stop working with it." in browser.get(pages[1]).content.decode()
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


class TestWhatIsLeftOut:
    """Of a collection a link shows finished work of its maker that its maker put there."""

    def test_is_said_before_the_link_is_made(self, browser: Client, user: User, done: Generation) -> None:
        collection, colleague = birds(user, done), make_user()
        Collection.objects.update(is_team=True)
        collecting.add(colleague, collection.pk, [make_done(colleague).pk for _ in range(3)])
        page = browser.get(reverse("new_share"), {"collection": str(collection.pk)}).content.decode()
        assert "3 are left out" in page
        assert page.count('<img src="/generations/') == 1

    def test_is_what_a_link_has_no_room_for(self, browser: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(links, "MOST", 2)
        collection = birds(user, *[make_done(user) for _ in range(5)])
        asked = {"collection": str(collection.pk), "days": "30"}
        assert "the first 2 of these 5" in browser.get(reverse("new_share"), asked).content.decode()
        browser.post(reverse("new_share"), {**asked, "follows": "on"})
        assert Client().get(path(Share.objects.get())).content.count(b"<figure") == 2

    def test_takes_no_room_in_the_link(self, browser: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(links, "MOST", 3)
        good = [make_done(user) for _ in range(3)]
        collection = birds(user, *good, *[make_generation(user, status="failed") for _ in range(3)])
        browser.post(reverse("new_share"), {"collection": str(collection.pk), "days": "30"})
        assert Share.objects.get().contents().count() == 3

    def test_may_be_all_of_it_and_then_only_a_link_that_follows_is_made(self, browser: Client, user: User) -> None:
        collection = birds(user)
        asked = {"collection": str(collection.pk), "days": "30"}
        response = browser.post(reverse("new_share"), asked)
        assert response.status_code == 422
        assert "Nothing in it can be shared yet" in response.content.decode()
        browser.post(reverse("new_share"), {**asked, "follows": "on"})
        late = make_done(user)
        collecting.add(user, collection.pk, [late.pk])
        assert Share.objects.get().contents().get() == late

    @each("follows", [{}, {"follows": "on"}])
    def test_is_what_a_colleague_put_there_between_the_form_and_its_button(
        self, browser: Client, user: User, done: Generation, follows: dict[str, str]
    ) -> None:
        collection, inner = birds(user, done), make_done(user, "INTERNAL", team_at=timezone.now())
        Collection.objects.update(is_team=True)
        browser.get(reverse("new_share"), {"collection": str(collection.pk)})
        collecting.add(make_user(), collection.pk, [inner.pk])
        browser.post(
            reverse("new_share"), {"collection": str(collection.pk), "days": "30", "shows_prompts": "on", **follows}
        )
        page = Client().get(path(Share.objects.get())).content.decode()
        assert "a heron" in page
        assert "INTERNAL" not in page

    def test_stays_left_out_when_the_colleagues_account_is_deleted(self, user: User) -> None:
        colleague, row = make_user(), make_done(user, "INTERNAL", team_at=timezone.now())
        collection = birds(user)
        Collection.objects.update(is_team=True)
        share = links.share(user, [], follow=collection)
        collecting.add(colleague, collection.pk, [row.pk])
        colleague.delete()
        assert CollectionItem.objects.get().added_by is None
        assert "INTERNAL" not in Client().get(path(share)).content.decode()
        collecting.add(user, collection.pk, [row.pk])  # its owner does it, too
        assert "INTERNAL" in Client().get(path(share)).content.decode()


def test_pages_of_what_a_link_shows_through_its_collection_say_so(
    browser: Client, user: User, done: Generation
) -> None:
    collection = birds(user, done)
    pages = {
        done.get_absolute_url(): ["No links yet", "Only you."],
        collection.get_absolute_url(): ["Only you can see this collection"],
        reverse("collection_settings", args=[collection.pk]): ["Only you."],
    }
    for address, words in pages.items():
        assert all(word in browser.get(address).content.decode() for word in words)
    share = links.share(user, [], follow=collection)
    for address, words in pages.items():
        page = browser.get(address).content.decode()
        assert not any(word in page for word in words)
        assert "anyone with a link" in page
    assert "Also shown by the link to the collection Birds." in browser.get(done.get_absolute_url()).content.decode()
    assert "Birds · has a link" in browser.get(reverse("studio")).content.decode()
    links.revoke(share)
    for address, words in pages.items():
        assert all(word in browser.get(address).content.decode() for word in words)


@each("how", ["collect", "move"])
def test_whoever_puts_something_into_a_collection_that_a_link_shows_is_told(
    browser: Client, user: User, done: Generation, how: str
) -> None:
    target, source = birds(user), Collection.objects.create(owner=user, name="Inside")
    collecting.add(user, source.pk, [done.pk])
    share = links.share(user, [], follow=target)
    assert "Birds (what you add is visible through a link)" in browser.get(reverse("collection_names")).content.decode()
    settings = browser.get(reverse("collection_settings", args=[source.pk])).content.decode()
    assert "Birds · has a link" in settings
    asked = {"selected": str(done.pk), "do": how, "collection": "Birds", "from": str(source.pk)}
    page = browser.post(reverse("selected"), asked, headers={"HX-Request": "true"}).content.decode()
    assert "Anyone with its link sees what you add." in page
    assert list(share.contents()) == [done]


def test_a_colleague_is_not_told_of_a_link_that_shows_nothing_of_theirs(browser: Client, user: User) -> None:
    ana = make_user("ana")
    theirs = Collection.objects.create(owner=ana, name="Client", is_team=True)
    links.share(ana, [], follow=theirs)
    assert "a link shows" not in browser.get(reverse("collection_names")).content.decode()
    asked = {"selected": str(make_done(user).pk), "do": "collect", "collection": "Client · ana"}
    page = browser.post(reverse("selected"), asked, headers={"HX-Request": "true"}).content.decode()
    assert "The team sees what is in it." in page
    assert "A link shows" not in page


def test_what_is_taken_back_from_the_team_is_not_called_private_while_a_link_shows_it(
    browser: Client, user: User, done: Generation
) -> None:
    collection = birds(user, done)
    collecting.show(user, collection.pk, shown=True)
    links.share(user, [], follow=collection)
    page = browser.post(reverse("collection_team", args=[collection.pk]), {"shown": ""}, follow=True).content.decode()
    assert "The team no longer sees this collection." in page
    assert "Only you" not in page
    page = browser.post(reverse("selected"), {"selected": str(done.pk), "do": "private"}, follow=True).content.decode()
    assert "1 hidden from the team." in page
    assert "only yours" not in page


def test_what_the_maker_merges_into_it_is_put_there_by_them_even_if_a_colleague_did_before(user: User) -> None:
    row, target = make_done(user, team_at=timezone.now()), birds(user)
    Collection.objects.update(is_team=True)
    collecting.add(make_user(), target.pk, [row.pk])
    share = links.share(user, [], follow=target)
    assert list(share.contents()) == []
    source = Collection.objects.create(owner=user, name="Mine")
    collecting.add(user, source.pk, [row.pk])
    collecting.merge(user, source.pk, target.pk)
    assert list(share.contents()) == [row]
