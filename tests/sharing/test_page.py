"""How the page of a link looks: its head, what it prints, and what it leaves out when there is little to see."""

import re
from uuid import UUID

from django.test import Client

from accounts.models import User
from generations.library import collecting
from generations.models import Generation, Result, Share
from generations.sharing import links
from tests.helpers import make_generation, make_result
from tests.sharing.links import path

HEAD = re.compile(r'<header class="cover">\s*<img src="/s/[^/]+/([^/]+)/preview/"')


def finished(user: User, number: int) -> list[Generation]:
    rows = [make_generation(user, status="done", prompt=f"heron {one}") for one in range(number)]
    for row in rows:
        make_result(row)
    return rows


def page_of(share: Share) -> str:
    return Client().get(path(share)).content.decode()


def head_of(share: Share) -> UUID | None:
    """The picture at the head of the link's page."""
    found = HEAD.search(page_of(share))
    return UUID(found[1]) if found else None


def picture_of(row: Generation) -> UUID:
    return row.results.get().pk


class TestTheHeadOfThePage:
    def test_is_the_first_picture(self, user: User) -> None:
        rows = finished(user, 5)
        share = links.share(user, rows)
        assert head_of(share) == picture_of(rows[0])

    def test_is_the_cover_that_was_chosen_for_the_collection(self, user: User) -> None:
        rows = finished(user, 5)
        collection, _ = collecting.create(user, "Birds")
        collecting.add(user, collection.pk, [row.pk for row in rows])
        collecting.choose_cover(user, collection, rows[3].pk)
        share = links.share(user, rows, follow=collection)
        assert head_of(share) == picture_of(rows[3])
        assert f"{picture_of(rows[3])}/chat.jpg" in page_of(share)

    def test_is_never_a_picture_that_the_link_does_not_show(self, user: User) -> None:
        rows = finished(user, 6)
        collection, _ = collecting.create(user, "Birds")
        collecting.add(user, collection.pk, [row.pk for row in rows])
        collecting.choose_cover(user, collection, rows[3].pk)
        share = links.share(user, rows, follow=collection)
        Generation.objects.filter(pk=rows[3].pk).update(deleted_at=rows[3].created_at)
        assert head_of(share) not in {None, picture_of(rows[3])}

    def test_is_missing_where_few_pictures_follow(self, user: User) -> None:
        assert head_of(links.share(user, finished(user, 4))) is None

    def test_is_missing_where_the_first_is_a_video(self, user: User) -> None:
        rows = finished(user, 5)
        Result.objects.filter(generation=rows[0]).update(content_type="video/mp4")
        assert head_of(links.share(user, rows)) is None


class TestASlideshow:
    def test_is_offered_for_two_pictures(self, user: User) -> None:
        assert "Slideshow</button>" in page_of(links.share(user, finished(user, 2)))

    def test_is_not_offered_for_one_or_for_videos(self, user: User) -> None:
        rows = finished(user, 3)
        Result.objects.filter(generation__in=rows[1:]).update(content_type="video/mp4")
        for shown in (rows[:1], rows):
            assert "Slideshow</button>" not in page_of(links.share(user, shown))


def test_the_page_brings_its_code_for_paper_and_asks_nobody_for_it(user: User) -> None:
    [code] = re.findall(r'<div class="printed".*?</div>', page_of(links.share(user, finished(user, 1))), re.DOTALL)
    assert '<svg class="qr"' in code
    assert "http://testserver/s/" in code
