r"""Prompt alternatives: `a {red|blue} car` is two prompts. `\{`, `\|` and `\}` stand for the plain characters. JSON and
nested braces are left alone, because they are code and not alternatives."""

import itertools
import json
import math
import re
from dataclasses import dataclass

_SIGN = re.compile(r"\\.|[{}]", re.DOTALL)
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED = re.compile(r"\\([{|}])")
_JSON_BEGINS = re.compile(r'\{\s*"')
_JSON = json.JSONDecoder()
MAX_JSON = 100  # objects in one prompt


def count(prompt: str) -> int:
    """How many prompts `expand` returns, before duplicates are removed."""
    return math.prod(map(len, _read(prompt).parts))


def expand(prompt: str) -> list[str]:
    """Every combination of the alternatives, in reading order, without duplicates. Braces without a bar are left
    alone."""
    return list(dict.fromkeys("".join(words).strip() for words in itertools.product(*_read(prompt).parts)))


def is_unclosed(prompt: str) -> bool:
    """Whether a brace that could begin alternatives is never closed, so that the rest is left alone."""
    return _read(prompt).is_unclosed


@dataclass(frozen=True)
class _Reading:
    """The prompt as a sequence of choices, in which a text between groups is a choice of one."""

    parts: list[list[str]]
    is_unclosed: bool = False


def _read(prompt: str) -> _Reading:
    if _is_list(prompt):
        return _Reading([[prompt]])
    parts, end = [], 0
    depth = deepest = begin = objects = 0
    for sign in _SIGN.finditer(prompt):
        at = sign.start()
        if at < end or sign[0] not in "{}":
            continue
        if sign[0] == "{":
            if depth == 0:
                begin, deepest, objects = at, 0, objects + 1
                if objects <= MAX_JSON and (stop := _end_of_json(prompt, at)):
                    parts += [[_plain(prompt[end:at])], [prompt[at:stop]]]
                    end = stop
                    continue
            depth += 1
            deepest = max(depth, deepest)
        elif depth:
            depth -= 1
            choices = _BAR.split(prompt[begin + 1 : at]) if depth == 0 and deepest == 1 else []
            if len(choices) > 1:
                parts += [[_plain(prompt[end:begin])], [_plain(choice.strip()) for choice in choices]]
                end = at + 1
    parts.append([_plain(prompt[end:])])
    return _Reading(parts, is_unclosed=bool(depth) and bool(_BAR.search(prompt, begin)))


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _is_list(prompt: str) -> bool:
    try:
        return prompt.lstrip().startswith("[") and isinstance(json.loads(prompt), list)
    except (ValueError, RecursionError):
        return False


def _end_of_json(prompt: str, begin: int) -> int:
    """Where the JSON object that begins there ends, or 0 if there is none."""
    try:
        return _JSON.raw_decode(prompt, begin)[1] if _JSON_BEGINS.match(prompt, begin) else 0
    except (ValueError, RecursionError):
        return 0
