"""The search box of the list: who, which model, which id, or words of the prompt."""

import contextlib
import re
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from generations.admin import filters
from generations.models import Generation

HELP = "Words in the prompt, a username, an email address, a model, or an id: ours, Meigen's or the key's beginning."
# The beginning of an id. Without a digit or dash it is rather a word, such as "facade".
START = re.compile(r"(?=.*[0-9-])[0-9a-f-]{4,36}", re.IGNORECASE)


def find(rows: Any, text: str) -> Any:
    """The rows that are meant, by the first of these that there is."""
    words = text.strip().replace("\0", "")
    if not words:
        return rows
    name = User.normalize_username(words)
    if person := User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).first():
        return filters.of_person(rows, person.pk)
    if "@" in words and " " not in words:
        return rows.filter(owner__email__icontains=name)
    named = [pk for pk, model in filters.models() if words.casefold() in {pk.casefold(), model.casefold()}]
    if named:
        return rows.filter(model_id__in=named)
    ids = _by_id(words)
    return rows.filter(ids) if Generation.objects.filter(ids).exists() else rows.search(words)


def _by_id(words: str) -> Q:
    """Of these ids, each of which has an index. Names and ids are few, so asking first costs little."""
    found = Q(remote_id=words)
    digits = words.replace("-", "")
    if START.fullmatch(words) and len(digits) <= 32:
        with contextlib.suppress(ValueError):
            span = (UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
            found |= Q(pk__range=span) | Q(idempotency_key__range=span)
    return found
