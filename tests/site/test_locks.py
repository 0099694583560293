"""What is installed: the locks hold every library that the project names. `make lock` writes them."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from meigen_site import VERSION
from tests.cases import each

PROJECT = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())


def named(needed: Any) -> Iterator[str]:
    for line in needed:
        yield re.split(r"[^\w.-]", line)[0].lower()


@each(
    ("lock", "needed"),
    [
        ("requirements.lock", []),
        (
            "requirements-s3.lock",
            [each for extra in PROJECT["project"]["optional-dependencies"].values() for each in extra],
        ),
        ("requirements-dev.lock", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_a_lock_holds_every_library_that_the_project_names(lock: str, needed: list[str]) -> None:
    held = set(re.findall(r"(?m)^([\w.-]+)(?:\[[\w,]+\])?==", (settings.BASE_DIR / lock).read_text()))
    assert set(named([*PROJECT["project"]["dependencies"], *needed])) - held == set()


def test_the_code_knows_its_version() -> None:
    assert PROJECT["project"]["version"] == VERSION
