"""Pictures worth looking at, from a few drawn scenes: the prompt's words choose one, a hash crops and tints it.

The same prompt, ratio and number always give the same picture. Nothing is random, nothing is downloaded.
"""

import hashlib
import io
import random
import re
from functools import lru_cache
from importlib import resources

from PIL import Image, ImageOps

LONG_EDGE = {"1K": 1024, "2K": 2048, "3K": 3072, "4K": 4096}
CLIPS = {"wide": 16 / 9, "square": 1.0, "tall": 9 / 16}
SCENES = {
    "sea": "sea ocean wave waves boat ship beach island lighthouse fish whale harbour lake water",
    "city": "city street building skyline tower car neon cyberpunk tokyo york london kitchen office house robot",
    "dunes": "desert dune dunes sand camel pyramid mars planet moon space rocket",
    "mountains": "mountain mountains snow snowy forest tree trees valley hill hills landscape river fox wolf bear bird",
    "blooms": "flower flowers garden cat kitten dog portrait woman man girl boy face vase fruit rose abstract logo",
}


def picture(prompt: str, aspect_ratio: str, resolution: str = "", number: int = 0, kind: str = "png") -> bytes:
    """The encoded picture (`kind` is "png" or "jpg"), LONG_EDGE pixels on its longer side (1024 when unsaid)."""
    dice = random.Random(hashlib.sha256(f"{prompt}|{number}".encode()).digest())
    image = _scene(dice.choice(_names(prompt, dice)))
    if dice.random() < 0.5:
        image = ImageOps.mirror(image)
    zoom, centre = dice.uniform(0, 0.1), (dice.random(), dice.random())
    target = size(aspect_ratio, LONG_EDGE.get(resolution, 1024))
    image = ImageOps.fit(image, target, Image.Resampling.BICUBIC, bleed=zoom, centering=centre)
    image = _tinted(image, dice.randint(-18, 18))
    buffer = io.BytesIO()
    if kind == "png":
        image.save(buffer, "PNG", compress_level=3)
    else:
        image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def size(aspect_ratio: str, long_edge: int) -> tuple[int, int]:
    """(width, height) in pixels for "16:9" and the like; anything unreadable is a square."""
    try:
        across, down = (float(part) for part in aspect_ratio.split(":"))
        shape = min(max(across / down, 0.1), 10)
    except (ValueError, ZeroDivisionError):
        shape = 1.0
    if shape >= 1:
        return long_edge, max(1, round(long_edge / shape))
    return max(1, round(long_edge * shape)), long_edge


def clip(aspect_ratio: str) -> bytes:
    """A short MP4 (H.264) of about this ratio."""
    width, height = size(aspect_ratio, 1000)
    name = min(CLIPS, key=lambda clip_name: abs(CLIPS[clip_name] - width / height))
    return resources.files(__package__).joinpath("clips", f"{name}.mp4").read_bytes()


def _names(prompt: str, dice: random.Random) -> list[str]:
    """The files of the scene that the first telling word chooses, or else the dice."""
    words = re.findall(r"[a-z]+", prompt.lower())
    told = (name for word in words for name, triggers in SCENES.items() if word in triggers.split())
    scene = next(told, None) or dice.choice(["mountains", "sea", "blooms"])
    files = resources.files(__package__).joinpath("scenes").iterdir()
    return sorted(file.name for file in files if file.name.startswith(scene))


@lru_cache
def _scene(name: str) -> Image.Image:
    data = resources.files(__package__).joinpath("scenes", name).read_bytes()
    return Image.open(io.BytesIO(data)).convert("RGB")


def _tinted(image: Image.Image, turn: int) -> Image.Image:
    """The picture with its hues turned by so many 256ths of the circle."""
    hue, saturation, value = image.convert("HSV").split()
    return Image.merge("HSV", (hue.point(lambda at: (at + turn) % 256), saturation, value)).convert("RGB")
