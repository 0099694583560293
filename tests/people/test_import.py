"""A spreadsheet of people becomes invitations: looked at first, all of them or nobody, whatever Excel wrote it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import importing, invitations
from accounts.models import Invitation, User
from tests.helpers import make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/accounts/invitation/import/"
GOOD = "name,e-mail,role,budget\nana,Ana@Example.com,reviewer,300\nbea,,,\n"


@pytest.fixture
def boss() -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def desk(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def look(desk: Client, data: str | bytes, **more: Any) -> str:
    file = SimpleUploadedFile("people.csv", data.encode() if isinstance(data, str) else data)
    return desk.post(PAGE, {"file": file, **more}).content.decode()


def problems(text: str, giver: User) -> dict[int, str]:
    return {line.number: " ".join(line.problems) for line in importing.read(text, giver) if line.problems}


def test_a_file_is_shown_first_and_invites_when_that_is_meant(desk: Client) -> None:
    assert "Invite 2 people" in look(desk, GOOD)
    assert not Invitation.objects.exists()
    page = desk.post(PAGE, {"text": GOOD, "sure": "on"}).content.decode()
    ana, bea = Invitation.objects.order_by("name")
    assert (ana.name, ana.email, ana.role, ana.budget) == ("ana", "ana@example.com", "reviewer", 300)
    assert (bea.name, bea.email, bea.role, bea.budget) == ("bea", "", "member", None)
    assert str(ana.secret) in page
    assert not User.objects.filter(username__in=["ana", "bea"]).exists()
    assert "is taken" in desk.post(PAGE, {"text": GOOD, "sure": "on"}).content.decode()
    assert Invitation.objects.count() == 2


def test_one_wrong_line_and_nobody_is_invited(desk: Client) -> None:
    text = f"{GOOD}b c,nowhere,king,many\n"
    assert "Nobody is invited" in look(desk, text)
    desk.post(PAGE, {"text": text, "sure": "on"})
    assert not Invitation.objects.exists()


def test_every_problem_is_told_by_its_line(boss: User) -> None:
    invitations.invite(boss, name="old", email="old@example.com")
    text = (
        "Name;E-Mail;Role;Budget\n"
        "BOSS;;;\n"
        "ana;ana@example.com;;\n"
        "\n"
        ";ANA@example.com;;\n"
        "b c;;;\n"
        "cara;nowhere;;\n"
        "dora;;king;\n"
        "emma;;;-5\n"
        "finn;;;99999999999\n"
        ";;member;\n"
        "old;old@example.com;;\n"
        "gil;;;;;\n"
    )
    told = problems(text, boss)
    assert [*told] == [2, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    for number, words in {
        2: "name is taken",
        5: "address is taken",
        6: "no spaces",
        7: "not an e-mail",
        8: "king",
    }.items():
        assert words in told[number]
    assert "whole number" in told[9]
    assert "neither a name nor an address" in told[11]


@pytest.mark.parametrize(
    ("data", "chosen"),
    [
        ("name;e-mail\nmüller;m@example.com\n".encode("utf-8-sig"), ""),
        ("name;e-mail\r\nmüller;m@example.com\r\n".encode("cp1252"), ""),
        ("name\te-mail\r\nmüller\tm@example.com\r\n".encode("utf-16"), ""),
        ("sep=;\r\nname;e-mail\r\nmüller;m@example.com\r\n".encode(), ""),
        ("name,e-mail\n王小明,m@example.com\n".encode("gb18030"), "gb18030"),
    ],
)
def test_whatever_excel_writes_is_read(boss: User, data: bytes, chosen: str) -> None:
    [line] = importing.read(importing.decoded(data, chosen), boss)
    assert (line.name in {"müller", "王小明"}, line.email, line.problems) == (True, "m@example.com", [])


@pytest.mark.parametrize(
    "data",
    [b"", b"who,where\nana,here\n", b"name,name\nana,bea\n", b"name\n", b'name\n"ana\n', b"\xff\xfe\x00", b"sep=;;\nx"],
)
def test_what_is_no_list_of_people_says_so(desk: Client, data: bytes) -> None:
    page = look(desk, data)
    assert "errornote" in page
    assert "What would happen" not in page


def test_nobody_imports_people_who_are_more_than_they_are(boss: User) -> None:
    clerk = make_user("clerk", is_staff=True)
    assert "may not invite" in problems("name,role\nana,admin\n", clerk)[2]
    assert problems("name,role\nana,admin\n", boss) == {}
    client = Client()
    client.force_login(clerk)
    assert client.get(PAGE).status_code == 403
