"""A Meigen server of our own: the real protocol over HTTP, with pretend credits and generated pictures.

`python -m sandbox --port 8900` serves it. `Sandbox` with `transport()` mounts it in a test process.
"""

from sandbox.app import Sandbox
from sandbox.serve import transport

__all__ = ["Sandbox", "transport"]
