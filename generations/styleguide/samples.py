"""Generations as pages know them, in every state. None of them is in the database."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Token, User
from generations.library.walls import Click
from generations.models import Collection, Generation, Place, Preset, Result
from generations.models.collection import MANY
from meigen_api.prices import Price

S = Generation.Status
FAMILY = "57a1e000"  # what the ids of all samples begin with
PROMPT = "A lighthouse on a basalt cliff, long exposure, the light of early morning"
HUES = (28, 210, 140, 330, 265, 90)


class State(NamedTuple):
    """A card, and what is special about it."""

    name: str
    card: Generation


def drawing(number: int) -> str:
    """A picture for a sample: a plain field, so that what is compared is what lies around it."""
    hue = HUES[number % len(HUES)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480" viewBox="0 0 4 3">'
        f'<path fill="hsl({hue} 35% 55%)" d="M0 0h4v3H0z"/></svg>'
    )


def cards(viewer: User) -> list[State]:
    now = timezone.now()
    good, refused = _token(viewer), _token(viewer, refused_at=now)
    kept, lost = {"kept_at": now, "thumbnail": "t", "preview": "p"}, {"gone_at": now, "problem": "Not found"}
    waits = {"place": Place(2, now + timedelta(seconds=35)), "token": good}
    runs = {"running_at": now - timedelta(seconds=7.5), "expected_wait": 18.0}
    needs = {"error": "Insufficient credits", "required": 87, "available": 13}
    wrong = {"error": "Unknown size", "field": "imageSize", "allowed": ["1K", "2K"]}
    made: list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = [
        ("held", S.HELD, {}, []),
        ("in line", S.QUEUED, waits, []),
        ("one of four in line", S.QUEUED, {**waits, "batch_size": 4}, []),
        ("in line behind a refused token", S.QUEUED, {"token": refused}, []),
        ("sending", S.SENDING, {"token": good, "sent_at": now - timedelta(seconds=2.5)}, []),
        ("sending again", S.SENDING, {"token": good, "message": "Meigen is busy", "sent_at": now}, []),
        ("running", S.RUNNING, runs, []),
        ("a video that runs", S.RUNNING, {**runs, "media_type": "video", "aspect_ratio": "16:9"}, []),
        ("being saved", S.DONE, {}, [{}]),
        ("done", S.DONE, {}, [kept]),
        ("starred, shown to the team", S.DONE, {"is_starred": True, "stars_count": 3, "team_at": now}, [kept]),
        ("of a colleague", S.DONE, {"is_own": False, "owner": _colleague(), "team_at": now}, [kept]),
        ("a set of four", S.DONE, {}, [kept] * 4),
        ("a set that lacks one", S.DONE, {}, [kept] * 3 + [lost]),
        ("a video", S.DONE, {"media_type": "video"}, [{**kept, "content_type": "video/mp4"}]),
        ("charged otherwise", S.DONE, {"credits_used": 7}, [kept]),
        ("lost", S.DONE, {}, [lost]),
        ("failed, refunded", S.FAILED, {"message": "Out of stock", "credits_status": "refunded"}, []),
        ("failed, not refunded yet", S.FAILED, {"message": "Out of stock"}, []),
        ("short of credits", S.REJECTED, {"answer_status": 402, "token": good, "answer_body": json.dumps(needs)}, []),
        ("not accepted", S.REJECTED, {"answer_status": 400, "answer_body": json.dumps(wrong)}, []),
        ("rejected with its token", S.REJECTED, {"answer_status": 401, "token": refused}, []),
        ("no longer watched", S.STALLED, {"token": good, "message": "Meigen still works on it"}, []),
        ("cancelled", S.CANCELLED, {"token": good}, []),
        ("deleted", S.DONE, {"deleted_at": now}, [kept]),
    ]
    return [
        State(name, _card(viewer, now, number, status=status, results=results, **columns))
        for number, (name, status, columns, results) in enumerate(made)
    ]


def clicks(viewer: User) -> list[tuple[Click, list[Generation]]]:
    """A click of several prompts that goes on, with its cards, and one of a single picture."""
    now = timezone.now()
    runs = {"running_at": now - timedelta(seconds=7.5), "expected_wait": 18.0}
    waits = {"place": Place(2, now + timedelta(seconds=35)), "token": _token(viewer)}
    four = [
        _card(viewer, now, 90 + place, status=status, number=place + 1, batch_size=4, results=[], **columns)
        for place, (status, columns) in enumerate(
            [(S.RUNNING, runs), (S.RUNNING, runs), (S.QUEUED, waits), (S.FAILED, {})]
        )
    ]
    one = [_card(viewer, now, 95, status=S.RUNNING, results=[], **runs)]
    return [(_line(four, prompts=2, trouble=1), four), (_line(one), one)]


def collections(viewer: User, cover: Generation) -> list[tuple[Collection, Result | None]]:
    """One with a cover, an empty one of the team's, and one of a colleague."""
    picture = cover.results.all()[0]
    made = [("Lighthouses", viewer, 12, picture, {}), ("Basalt", viewer, 0, None, {"is_team": True})]
    made += [("Harbours", _colleague(), MANY, picture, {"is_team": True})]
    found: list[tuple[Collection, Result | None]] = []
    for number, (name, owner, count, shown, columns) in enumerate(made):
        one = Collection(pk=UUID(f"{FAMILY}-0000-4000-a000-{number:012}"), owner=owner, name=name, **columns)
        one.count = count
        found.append((one, shown))
    return found


def presets(viewer: User) -> list[tuple[Preset, str, Price | None]]:
    """A person's own, and one of a colleague's that Meigen would refuse now."""
    made = [("Lighthouse", viewer, "", Price(5, 5)), ("Harbour", _colleague(), _("No longer offered"), None)]
    return [
        (
            Preset(pk=UUID(f"{FAMILY}-0000-4000-b000-{number:012}"), owner=owner, name=name, model_name="Nanobanana 2"),
            trouble,
            price,
        )
        for number, (name, owner, trouble, price) in enumerate(made)
    ]


def _colleague() -> User:
    return User(pk=0, username="lin")


def _line(rows: list[Generation], prompts: int = 1, trouble: int = 0) -> Click:
    first = rows[0].pk
    return Click("", first, PROMPT, prompts, len(rows), 0, trouble, 0, len(rows) - trouble, 40, first)


def _card(viewer: User, now: datetime, sample: int, *, results: Iterable[dict[str, Any]], **columns: Any) -> Generation:
    told = {name: columns.pop(name) for name in ("place", "is_starred", "stars_count", "is_own") if name in columns}
    usual = {
        "id": UUID(f"{FAMILY}-0000-4000-8000-{sample:012}"),
        "owner": viewer,
        "prompt": PROMPT,
        "body": json.dumps({"prompt": PROMPT}),
        "model_name": "Nanobanana 2",
        "media_type": "image",
        "aspect_ratio": "4:3",
        "nonce": f"{sample:08}",
        "credits_estimated": 5,
        "credits_used": 5 if columns["status"] in {S.DONE, S.FAILED} else None,
        "created_at": now,
    }
    card = Generation(**{**usual, **columns})
    for name, value in {"is_own": True, **told}.items():
        setattr(card, name, value)
    files = [_result(card, sample, number, values) for number, values in enumerate(results)]
    card._prefetched_objects_cache = {"results": files}  # type: ignore[attr-defined]  # noqa: SLF001  as if prefetched
    return card


def _result(card: Generation, sample: int, number: int, values: dict[str, Any]) -> Result:
    pk = UUID(f"{FAMILY}-0000-4000-9000-{sample * 10 + number:012}")
    usual = {"content_type": "image/png", "width": 1280, "height": 960}
    return Result(id=pk, generation=card, number=number, **{**usual, **values})


def _token(owner: User, **columns: Any) -> Token:
    return Token(pk=0, owner=owner, label="Mine", **columns)
