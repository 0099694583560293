"""The image has all that the studio needs, though no engine is at hand to build it."""

from pathlib import Path

import pytest

from tests.deploy import image

SECRETS = (
    "SECRET_KEY=x TOKEN_KEYS=x:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= DATABASE_URL=sqlite:////$HOME/x.sqlite3"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> image.Image:
    return image.build(tmp_path_factory.mktemp("image"))


@pytest.mark.slow
def test_the_image_of_this_folder_migrates_and_serves_where_its_port_is_published(built: image.Image) -> None:
    assert built.command == ["gunicorn", "meigen_site.wsgi:application"]
    said = built.run(f"export {SECRETS}; python manage.py migrate --plan; {' '.join(built.command)} --print-config")
    assert "generations.0001_initial" in said
    assert "'0.0.0.0:8000'" in said
    assert (built.place("staticfiles") / "staticfiles.json").exists()


def test_it_holds_nothing_of_this_machine(built: image.Image) -> None:
    top = {path.name for path in built.place(".").iterdir()}
    assert top.isdisjoint({".env", ".git", "var", "tests", "sandbox", "benchmarks", "docs"})


def test_a_file_that_is_not_sent_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = image._sent()
    monkeypatch.setattr(image, "_sent", lambda: [name for name in sent if not name.startswith("audit/")])
    with pytest.raises(image.CannotBuild, match="audit is not there"):
        image.build(tmp_path)
