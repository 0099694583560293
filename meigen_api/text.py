"""Cleans text from untrusted servers."""


def clean(words: str) -> str:
    """The text without what databases and pages cannot hold: lone surrogates and NUL."""
    return words.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
