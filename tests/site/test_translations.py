"""What is translated is whole: nothing missing, stale or broken."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

from tests.site.catalogues import CATALOGUES, messages, read_po


def in_python(path: Path) -> Iterator[str]:
    """The keys of all messages that a Python file asks for."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if re.fullmatch(r"_|u?n?p?gettext(_lazy|_noop)?", name):
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if texts:  # else the message is a variable, and marked where it is written
                yield "\x04".join(str(text) for text in texts[: 2 if "pgettext" in name else 1])


def in_template(path: Path) -> Iterator[str]:
    text = r"""\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*"""
    for name, first, second in re.findall(
        rf"\b(_|n?p?gettext)\({text}(?:,{text})?", templatize(path.read_text(encoding="utf-8"))
    ):
        yield "\x04".join(ast.literal_eval(part) for part in ([first, second] if "pgettext" in name else [first]))


def asked() -> set[str]:
    """The keys of all messages that the pages and the code ask for."""
    base = settings.BASE_DIR
    code = [path for app in ("accounts", "audit", "generations", "meigen_site") for path in (base / app).rglob("*.py")]
    templates = [path for kind in ("html", "txt") for path in (base / "templates").rglob(f"*.{kind}")]
    keys = {key for path in code for key in in_python(path)}
    return keys | {key for path in templates for key in in_template(path)}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}", text))


def test_every_offered_language_has_a_catalogue() -> None:
    offered = {translation.to_locale(code) for code, _ in settings.LANGUAGES} - {"en"}
    assert {path.parts[-3] for path in CATALOGUES} == offered


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
class TestCatalogue:
    def test_it_holds_what_is_asked_for_and_nothing_else(self, path: Path) -> None:
        """When this fails: `make messages`, translate what is new, `make messages` again."""
        assert {entry.key for entry in messages(path)} == asked()

    def test_everything_is_translated(self, path: Path) -> None:
        for entry in read_po(path):
            assert "fuzzy" not in entry.flags, entry.key
            assert all(entry.translations.values()), entry.key

    def test_placeholders_and_markup_agree(self, path: Path) -> None:
        for entry in messages(path):
            source = entry.strings.get("msgid_plural", entry.strings["msgid"])
            for text in entry.translations.values():
                assert placeholders(text) == placeholders(source), entry.key
                assert sorted(re.findall(r"<[^>]*>", text)) == sorted(re.findall(r"<[^>]*>", source)), entry.key
                # Many stand in attributes, where it would end them.
                assert text.count('"') == source.count('"'), entry.key

    def test_what_is_compiled_is_what_is_written(self, path: Path) -> None:
        """When this fails: `make messages`."""
        written: dict[str | tuple[str, int], str] = {}
        for entry in messages(path):
            for name, text in entry.translations.items():
                number = re.search(r"\d+", name)
                written[(entry.key, int(number[0])) if number else entry.key] = text
        with path.with_suffix(".mo").open("rb") as file:
            compiled = vars(gettext.GNUTranslations(file))["_catalog"]
        del compiled[""]  # the header, without its dates
        assert compiled == written
