"""The admin of the work: what was requested, what it cost, what failed and why. Importing it registers its pages."""

from generations.people import admin as people

from . import generations, shares, spending, tokens

__all__ = ["generations", "people", "shares", "spending", "tokens"]
