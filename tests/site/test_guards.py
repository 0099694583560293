"""The list of guards is true, as far as one sees without switching one off; `python -m tests.guards` does that."""

from meigen_site.env import BASE_DIR
from tests import guards


def test_every_guard_is_there_once_and_so_are_its_tests() -> None:
    known = guards.known()
    assert len({guard.name for guard in known}) == len(known)
    for guard in known:
        assert (BASE_DIR / guard.path).read_text().count(guard.text) == 1, guard.name
        assert guard.instead != guard.text, guard.name
        assert all((BASE_DIR / test.partition("::")[0]).exists() for test in guard.tests.split()), guard.name


def test_the_page_for_readers_is_made_from_it() -> None:
    assert guards.PAGE.read_text() == guards.page(), "run python -m tests.guards --write"
