"""Files people save are named in their words, in every script and on every system."""

import io
import re
import zipfile
from pathlib import PureWindowsPath
from urllib.parse import unquote

from django.test import Client

from accounts.models import User
from generations.media.names import file_stem
from generations.sharing import links
from tests.cases import each
from tests.helpers import make_generation, make_result

HINDI = "\u0939\u093f\u0902\u0926\u0940 \u092e\u0947\u0902 \u091c\u093e\u0928\u0915\u093e\u0930\u0940"
TAMIL = "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd"
ARABIC = "\u0645\u064e\u0631\u0652\u062d\u064e\u0628\u064b\u0627"
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


@each(
    ("words", "stem"),
    [
        ("A Red  Fox, 16:9", "a-red-fox-16-9"),
        ("don't", "dont"),
        (HINDI, HINDI.replace(" ", "-")),
        (TAMIL, TAMIL),
        (ARABIC, ARABIC),
        ("cre\u0300me", "cr\u00e8me"),
        (FAMILY, FAMILY),
        ("con", "con_"),
        ("NUL", "nul_"),
        ("com1", "com1_"),
        ("nul.txt", "nul-txt"),
        ("..\\..//etc/passwd. ", "etc-passwd"),
        ("-rf --no", "rf-no"),
        ('<a>:"b"|c?*', "a-b-c"),
        ("\u202egpj.exe", "gpj-exe"),
        ("a\x00b\x1fc", "ab-c"),
        ("", "picture"),
        ("\u200b\u0301!?", "picture"),
    ],
)
def test_a_stem_keeps_the_words_and_nothing_dangerous(words: str, stem: str) -> None:
    assert file_stem(words, "picture") == stem


@each("sign", ["x", "\u4e2d", "\u0915\u094d\u0937\u093f", FAMILY, "e\u0323\u0302\u0301"])
def test_a_long_stem_ends_with_a_whole_character(sign: str) -> None:
    stem = file_stem(sign * 500, "picture")
    assert len(stem.encode()) <= 170
    assert stem == file_stem(sign, "picture") * (len(stem) // len(file_stem(sign, "picture")))


def names_of(user: User, prompt: str) -> list[str]:
    """Under which names a member and a guest save it: from its page, in zips, and by a link."""
    row = make_generation(user, status="done", prompt=prompt)
    result = make_result(row)
    share = links.share(user, [row], title=prompt[:120])
    member, guest = Client(), Client()
    member.force_login(user)
    url, shared = row.get_absolute_url(), f"/s/{share.secret}/"
    zips = [member.post("/generations/selected/", {"do": "download", "selected": row.pk}), guest.get(f"{shared}zip/")]
    named = [
        member.get(f"{url}results/0/?download"),
        member.get(f"{url}results/0/?text"),
        guest.get(f"{shared}{result.pk}/?download"),
        zips[1],
    ]
    found = [response["Content-Disposition"] for response in named]
    headers = [re.search(r"filename\*=utf-8''(\S+)|filename=\"([^\"]+)\"", header) for header in found]
    names = [unquote(match[1] or match[2]) for match in headers if match]
    for response in zips:
        with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:  # type: ignore[attr-defined]
            names += archive.namelist()
    return [name for name in names if name != "metadata.json"]


@each("prompt", [HINDI, TAMIL, ARABIC, "cr\u00e8me br\u00fbl\u00e9e"])
def test_every_saved_file_keeps_its_marks(user: User, prompt: str) -> None:
    names = names_of(user, prompt)
    assert len(names) == 6
    assert all(prompt.replace(" ", "-") in name for name in names), names


@each("prompt", ["CON", "\u202efxp.exe\\..", "\u4e2d" * 300, "- . -", '=1+1 <"|?*>'])
def test_every_saved_file_is_allowed_on_windows(user: User, prompt: str) -> None:
    for name in names_of(user, prompt):
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f\u202a-\u202e\u2066-\u2069]|^[-.]|[. ]$', name), name
        assert not PureWindowsPath(name).is_reserved()
        assert len(name.encode()) <= 200
