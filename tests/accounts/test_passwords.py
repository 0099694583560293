"""A password that many people use is refused, without asking anybody on the network."""

import gzip
from pathlib import Path

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from tests.cases import each

COMMON = Path(password_validation.__file__).with_name("common-passwords.txt.gz")


def codes(password: str, user: User | None = None) -> set[str]:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        return {problem.code or "" for problem in error.error_list}
    return set()


@each(
    "password",
    ["password123", "qwertyuiop123", "iloveyou1234", "correcthorsebatterystaple", "1q2w3e4r5t6y", "zaq12wsxcde3"],
)
def test_what_leaked_is_refused_however_it_is_spelled(password: str) -> None:
    for spelling in [password, password.upper(), password.capitalize(), password.title(), password.swapcase()]:
        assert codes(spelling) == {"password_too_common"}, spelling
        assert codes(f" {spelling}\n") == {"password_too_common"}


def test_what_django_knows_is_refused_too() -> None:
    words = gzip.decompress(COMMON.read_bytes()).decode().split()
    long = [word for word in words if len(word) >= 10]
    assert len(long) > 1000
    assert [word for word in long[::20] if "password_too_common" not in codes(word.capitalize())] == []


@each("password", ["a-longer-heron", "correct horse battery staple", "海鹭在黎明时分飞过湖面吗", "ё" * 300])
def test_what_nobody_uses_is_accepted(password: str) -> None:
    assert codes(password) == set()


def test_what_is_short_is_said_to_be_short_alone() -> None:
    assert codes("xkq") == {"password_too_short"}


def test_the_page_says_it(browser: Client) -> None:
    typed = {"oldpassword": "a-long-password", "password1": "Qwertyuiop123", "password2": "Qwertyuiop123"}
    page = browser.post("/accounts/password/change/", typed)
    assert "Many people use this password" in page.content.decode()
