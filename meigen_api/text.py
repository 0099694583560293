"""Text as it comes from a stranger's server."""


def clean(words: str) -> str:
    """The text without what no database or page can hold: lone surrogates and NUL."""
    return words.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
