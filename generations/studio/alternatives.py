"""Prompt alternatives: `a {red|blue} car` is two prompts."""

import itertools
import json
import math
import re

_GROUP = re.compile(r"\{([^{}]*\|[^{}]*)\}")


def count(prompt: str) -> int:
    """How many prompts `expand` returns, before duplicates are removed."""
    return math.prod(len(group.split("|")) for group in _groups(prompt))


def expand(prompt: str) -> list[str]:
    """Every combination of the alternatives, in reading order, without duplicates. Braces without a bar are left
    alone."""
    parts: list[list[str]] = []
    end = 0
    for match in _GROUP.finditer(prompt) if _groups(prompt) else ():
        parts += [[prompt[end : match.start()]], [choice.strip() for choice in match[1].split("|")]]
        end = match.end()
    parts.append([prompt[end:]])
    return list(dict.fromkeys("".join(words).strip() for words in itertools.product(*parts)))


def _groups(prompt: str) -> list[str]:
    """The contents of the groups. A structured prompt has none, because its braces are JSON."""
    found = _GROUP.findall(prompt)
    if not found:
        return []
    try:
        structured = isinstance(json.loads(prompt), dict | list)
    except (ValueError, RecursionError):
        structured = False
    return [] if structured else found
