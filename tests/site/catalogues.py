"""The files of translated words, read without gettext."""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

CATALOGUES = sorted(settings.BASE_DIR.glob("locale/*/LC_MESSAGES/django.po"))


# The catalogues


@dataclass
class Entry:
    """One message of a .po file."""

    flags: set[str] = field(default_factory=set)
    strings: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """As gettext keys it: the context goes in front."""
        context = self.strings.get("msgctxt")
        return self.strings["msgid"] if context is None else f"{context}\x04{self.strings['msgid']}"

    @property
    def translations(self) -> dict[str, str]:
        return {name: text for name, text in self.strings.items() if name.startswith("msgstr")}


def read_po(path: Path) -> list[Entry]:
    """Every message, the header first."""
    entries: list[Entry] = [Entry()]
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        comes = re.fullmatch(r'(?:(msgctxt|msgid|msgid_plural|msgstr(?:\[\d+\])?) )?(".*")', line)
        if entries[-1].translations and not (comes and (not comes[1] or comes[1].startswith("msgstr"))):
            entries.append(Entry())
        if comes:
            name = comes[1] or name
            entries[-1].strings[name] = entries[-1].strings.get(name, "") + ast.literal_eval(comes[2])
        elif line.startswith("#,"):
            entries[-1].flags |= {flag.strip() for flag in line[2:].split(",")}
        else:
            assert not line or line.startswith("#"), line
    return [entry for entry in entries if entry.translations]


def messages(path: Path) -> list[Entry]:
    return read_po(path)[1:]
