"""A Meigen server of our own: the real protocol over HTTP, with pretend credits and pictures drawn on the spot.

`python -m meigen_api.sandbox --port 8900` serves it; `Sandbox` with `transport()` mounts it in a test process.
"""

from .app import Sandbox
from .serve import transport

__all__ = ["Sandbox", "transport"]
