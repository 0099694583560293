"""The one type in which a plain Meigen token exists."""

import hmac
from typing import NoReturn


class Secret:
    """A token that does not show itself: not in a repr, a log line, a traceback or a pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plain text, for the Authorization header and for encryption only."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(••••)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled; pass the id of its row instead.")
