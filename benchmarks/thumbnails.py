"""The time that checking a picture and making its two small ones takes in the decoder's process, beside Pillow's bare
`thumbnail` with its draft mode in this one."""

import io
import random
import statistics
import time
from collections.abc import Callable

from PIL import Image

from generations.media.decode import inspect
from generations.media.formats import PREVIEW, THUMBNAIL

WANTED = 1.15
ROUNDS = 9
SIZES = {"4K": (3840, 2160), "1K": (1024, 1024)}
KINDS: dict[str, dict[str, object]] = {"JPEG": {"quality": 92}, "PNG": {"compress_level": 3}, "WEBP": {"quality": 85}}


def main(*, small: bool) -> None:
    rounds, sizes = (1, ["1K"]) if small else (ROUNDS, [*SIZES])
    print(f"\nSmall pictures of {THUMBNAIL} and {PREVIEW} px as WebP, median of {rounds} (wanted: {WANTED} x)")
    for name in sizes:
        picture = drawing(SIZES[name])
        for kind, options in KINDS.items():
            buffer = io.BytesIO()
            picture.save(buffer, kind, **options)
            ours, pillow = compare(buffer, rounds)
            print(f"  {name} {kind:5} {ours * 1000:6.1f} ms beside {pillow * 1000:6.1f} ms: {ours / pillow:.2f} x bare")


def drawing(size: tuple[int, int]) -> Image.Image:
    """Something with edges, gradients and grain, always the same."""
    random.seed(1)
    picture = Image.radial_gradient("L").resize(size).convert("RGB")
    for _ in range(300):
        tone = tuple(random.randrange(256) for _ in range(3))
        left, top = random.randrange(size[0]), random.randrange(size[1])
        picture.paste(tone, (left, top, left + size[0] // 20, top + size[1] // 30))
    grain = Image.frombytes("RGB", (256, 256), random.randbytes(256 * 256 * 3)).resize(size)
    return Image.blend(picture, grain, 0.08)


def bare(file: io.BytesIO) -> None:
    with Image.open(file) as image:
        for side in (PREVIEW, THUMBNAIL):
            image.thumbnail((side, side))
            image.save(io.BytesIO(), "WEBP", quality=80)


def compare(file: io.BytesIO, rounds: int) -> tuple[float, float]:
    """(ours, bare) in seconds."""
    makers: list[Callable[[io.BytesIO], object]] = [inspect, bare]
    times: list[list[float]] = [[], []]
    for _ in range(rounds):  # interleaved, so that a slow moment hits both
        for place, make in enumerate(makers):
            file.seek(0)
            begun = time.perf_counter()
            make(file)
            times[place].append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])
