"""Pictures worth looking at, drawn from a prompt: the words choose the scene and the colours, a hash does the rest.

The same prompt, ratio and number always give the same picture. Nothing is random, nothing is downloaded.
"""

import colorsys
import hashlib
import io
import itertools
import random
import re
from collections.abc import Callable
from importlib import resources

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

LONG_EDGE = {"1K": 1024, "2K": 2048, "3K": 3072, "4K": 4096}
CLIPS = {"wide": 16 / 9, "square": 1.0, "tall": 9 / 16}

# Hue in degrees, from the words that name a colour or a mood.
HUES = {
    "red": 4,
    "crimson": 350,
    "orange": 26,
    "autumn": 24,
    "amber": 38,
    "sunset": 18,
    "gold": 44,
    "yellow": 50,
    "sunlit": 42,
    "green": 130,
    "forest": 140,
    "jade": 155,
    "teal": 178,
    "sea": 196,
    "ocean": 202,
    "ice": 198,
    "blue": 216,
    "night": 232,
    "indigo": 246,
    "violet": 270,
    "purple": 280,
    "pink": 330,
    "rose": 342,
    "cherry": 338,
    "desert": 30,
    "dawn": 340,
}
SCENES = {
    "sea": "sea ocean wave waves boat ship beach island lighthouse fish whale harbour lake water",
    "city": "city street building skyline tower car neon cyberpunk tokyo york london kitchen office house robot",
    "dunes": "desert dune dunes sand camel pyramid mars planet moon space rocket",
    "mountains": "mountain mountains snow snowy forest tree trees valley hill hills landscape river fox wolf bear bird",
    "blooms": "flower flowers garden cat kitten dog portrait woman man girl boy face still vase fruit rose abstract logo",
}


def picture(prompt: str, aspect_ratio: str, resolution: str = "", number: int = 0, kind: str = "png") -> bytes:
    """The encoded picture (`kind` is "png" or "jpg"), LONG_EDGE pixels on its longer side (1024 when unsaid)."""
    width, height = size(aspect_ratio, LONG_EDGE.get(resolution, 1024))
    words = re.findall(r"[a-z]+", prompt.lower())
    dice = random.Random(hashlib.sha256(f"{prompt}|{number}".encode()).digest())
    # Drawn at 1024 px and enlarged: more pixels, not more minutes.
    scale = min(1, 1024 / max(width, height))
    canvas = Canvas(round(width * scale), round(height * scale), words, dice)
    image = _scene(words, dice)(canvas)
    image = _grain(image, dice)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
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
    """A short MP4 (H.264) of about this ratio. `clips/make.py` draws them."""
    width, height = size(aspect_ratio, 1000)
    name = min(CLIPS, key=lambda clip_name: abs(CLIPS[clip_name] - width / height))
    return resources.files(__package__).joinpath("clips", f"{name}.mp4").read_bytes()


class Canvas:
    """The size, the palette and the dice of one picture."""

    def __init__(self, width: int, height: int, words: list[str], dice: random.Random) -> None:
        self.width, self.height, self.dice = width, height, dice
        named = [HUES[word] for word in words if word in HUES]
        self.hue = named[0] if named else dice.uniform(0, 360)
        self.second = named[1] if len(named) > 1 else self.hue + dice.choice([28, -34, 44])
        self.night = bool({"night", "dark", "neon", "moon", "space", "cyberpunk", "midnight"} & set(words))

    def colour(self, hue: float, saturation: float, light: float) -> Colour:
        red, green, blue = colorsys.hls_to_rgb(hue % 360 / 360, max(0, min(1, light)), max(0, min(1, saturation)))
        return round(red * 255), round(green * 255), round(blue * 255)

    def gradient(self, stops: list[Colour]) -> Image.Image:
        """The colours from top to bottom, smoothly."""
        column = Image.new("RGB", (1, len(stops)))
        for row, colour in enumerate(stops):
            column.putpixel((0, row), colour)
        return column.resize((self.width, self.height), Image.Resampling.BICUBIC)

    def sky(self) -> Image.Image:
        if self.night:
            stops = [self.colour(self.hue, 0.5, light) for light in (0.05, 0.1, 0.18)]
            return self.gradient([*stops, self.colour(self.second, 0.55, 0.36)])
        stops = [self.colour(self.hue, 0.5, 0.5), self.colour(self.hue, 0.55, 0.68)]
        return self.gradient([*stops, self.colour(self.second, 0.75, 0.82), self.colour(self.second, 0.8, 0.9)])

    def glow(self, image: Image.Image, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Adds a soft round light."""
        edge = max(8, round(radius * 2))
        disc = ImageChops.invert(Image.radial_gradient("L")).resize((edge, edge), Image.Resampling.BILINEAR)
        # The gradient still holds some light at the middle of each edge; start from there, or the square shows.
        rim = disc.tobytes()[edge // 2 * edge]
        fade = disc.point(lambda value: int((max(0, value - rim) / (255 - rim)) ** 2 * 255 * strength))
        light = Image.new("L", image.size)
        light.paste(fade, (int(x - radius), int(y - radius)))
        image.paste(ImageChops.screen(image, Image.new("RGB", image.size, colour)), (0, 0), light)

    def stars(self, image: Image.Image) -> None:
        pen = ImageDraw.Draw(image)
        for _ in range(260):
            x, y = self.dice.uniform(0, self.width), self.height * self.dice.random() ** 1.6 * 0.8
            light = self.dice.randint(120, 255)
            reach = self.dice.choice([0.4, 0.6, 0.6, 1.2])
            pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=(light, light, min(255, light + 15)))

    def ridge(self, base: float, height: float, roughness: float) -> list[tuple[float, float]]:
        """A mountain line by midpoint displacement, from the left edge to the right."""
        line, spread = [self.dice.uniform(-1, 1), self.dice.uniform(-1, 1)], 1.0
        while len(line) < 260:
            spread *= roughness
            middles = [(a + b) / 2 + self.dice.uniform(-spread, spread) for a, b in itertools.pairwise(line)]
            line = [point for pair in zip(line, [*middles, 0], strict=False) for point in pair][:-1]
        step = self.width / (len(line) - 1)
        return [(index * step, base - value * height) for index, value in enumerate(line)]

    def fill_below(self, image: Image.Image, line: list[tuple[float, float]], top: Colour, bottom: Colour) -> None:
        mask = Image.new("L", image.size)
        shape = [(0.0, float(self.height)), *line, (float(self.width), float(self.height))]
        ImageDraw.Draw(mask).polygon(shape, fill=255)
        image.paste(self.gradient([top, bottom]), (0, 0), mask)


def _scene(words: list[str], dice: random.Random) -> Callable[[Canvas], Image.Image]:
    drawers = {"sea": _sea, "city": _city, "dunes": _dunes, "blooms": _blooms, "mountains": _mountains}
    for word in words:
        for name, triggers in SCENES.items():
            if word in triggers.split():
                return drawers[name]
    return drawers[dice.choice(["mountains", "mountains", "sea", "blooms"])]


def _grain(image: Image.Image, dice: random.Random) -> Image.Image:
    noise = Image.new("L", (128, 128))
    noise.putdata([128 + dice.randint(-9, 9) for _ in range(128 * 128)])
    tiled = Image.new("L", image.size)
    for x in range(0, image.width, 128):
        for y in range(0, image.height, 128):
            tiled.paste(noise, (x, y))
    return ImageChops.overlay(image, Image.merge("RGB", [tiled] * 3))


def _light(canvas: Canvas, image: Image.Image, horizon: float) -> tuple[float, float]:
    """Sun or moon; returns where it stands."""
    x = canvas.width * canvas.dice.uniform(0.22, 0.78)
    y = canvas.height * horizon * canvas.dice.uniform(0.35, 0.85)
    radius = min(canvas.width, canvas.height) * canvas.dice.uniform(0.05, 0.09)
    colour = (235, 238, 250) if canvas.night else canvas.colour(canvas.second, 0.9, 0.93)
    if canvas.night:
        canvas.stars(image)
    canvas.glow(image, x, y, radius * 7, colour, 0.75)
    canvas.glow(image, x, y, radius * 2.6, colour, 0.9)
    disc = Image.new("L", image.size)
    ImageDraw.Draw(disc).ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    image.paste(colour, (0, 0), disc.filter(ImageFilter.GaussianBlur(1.2)))
    return x, y


def _layers(canvas: Canvas, image: Image.Image, start: float, end: float, count: int, roughness: float) -> None:
    """Ridges from far and pale to near and dark."""
    for layer in range(count):
        depth = layer / max(1, count - 1)
        base = canvas.height * (start + (end - start) * depth)
        hue = canvas.second + (canvas.hue - canvas.second) * depth
        light = (0.3 - 0.24 * depth) if canvas.night else (0.74 - 0.58 * depth)
        saturation = 0.34 + 0.12 * depth
        line = canvas.ridge(base, canvas.height * (0.07 + 0.05 * depth), roughness)
        top, bottom = canvas.colour(hue, saturation, light), canvas.colour(hue, saturation, light + 0.1)
        canvas.fill_below(image, line, top, bottom)


def _mountains(canvas: Canvas) -> Image.Image:
    image = canvas.sky()
    _light(canvas, image, 0.6)
    _layers(canvas, image, 0.5, 0.92, 6, 0.56)
    line = canvas.ridge(canvas.height * 0.97, canvas.height * 0.02, 0.6)
    dark = canvas.colour(canvas.hue, 0.4, 0.06)
    canvas.fill_below(image, line, dark, dark)
    pen = ImageDraw.Draw(image)
    for x, y in line[:: canvas.dice.randint(5, 8)]:
        tall, wide = canvas.height * canvas.dice.uniform(0.03, 0.12), canvas.width * 0.008
        for step in range(5):
            top = y - tall + tall * step / 6
            pen.polygon(
                [
                    (x, top),
                    (x - wide * (step + 1) / 2.2, top + tall / 3),
                    (x + wide * (step + 1) / 2.2, top + tall / 3),
                ],
                fill=dark,
            )
        pen.rectangle([x - 1, y - tall / 4, x + 1, y + 6], fill=dark)
    return image


def _sea(canvas: Canvas) -> Image.Image:
    image = canvas.sky()
    x, _ = _light(canvas, image, 0.5)
    horizon = round(canvas.height * canvas.dice.uniform(0.5, 0.6))
    far = canvas.ridge(horizon, canvas.height * 0.05, 0.55)
    canvas.fill_below(
        image,
        far,
        canvas.colour(canvas.second, 0.3, 0.4 if not canvas.night else 0.14),
        canvas.colour(canvas.second, 0.3, 0.5 if not canvas.night else 0.2),
    )
    mirror = image.crop((0, max(0, 2 * horizon - canvas.height), canvas.width, horizon)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirror = mirror.resize((canvas.width, canvas.height - horizon)).filter(ImageFilter.BoxBlur(3))
    tint = Image.new("RGB", mirror.size, canvas.colour(canvas.hue, 0.55, 0.3 if not canvas.night else 0.1))
    image.paste(Image.blend(mirror, tint, 0.42), (0, horizon))
    pen = ImageDraw.Draw(image, "RGBA")
    for _ in range(420):
        depth = canvas.dice.random()
        y = horizon + (canvas.height - horizon) * depth**1.7
        length = canvas.width * (0.004 + 0.05 * depth * canvas.dice.random())
        near = canvas.dice.random() < 0.6
        centre = (
            x + canvas.dice.gauss(0, canvas.width * (0.03 + 0.1 * depth))
            if near
            else canvas.dice.uniform(0, canvas.width)
        )
        light = (255, 250, 235, canvas.dice.randint(30, 120)) if near else (255, 255, 255, 18)
        pen.line([(centre - length, y), (centre + length, y)], fill=light, width=1 + int(depth * 2))
    boat_x, boat_y, unit = (
        canvas.width * canvas.dice.uniform(0.2, 0.8),
        horizon + (canvas.height - horizon) * 0.2,
        canvas.height * 0.05,
    )
    dark = canvas.colour(canvas.hue, 0.4, 0.1)
    pen.polygon(
        [
            (boat_x - unit, boat_y),
            (boat_x + unit, boat_y),
            (boat_x + unit * 0.7, boat_y + unit * 0.3),
            (boat_x - unit * 0.7, boat_y + unit * 0.3),
        ],
        fill=dark,
    )
    pen.polygon(
        [
            (boat_x - unit * 0.05, boat_y - unit * 2.2),
            (boat_x - unit * 0.05, boat_y - 3),
            (boat_x + unit * 0.95, boat_y - 3),
        ],
        fill=canvas.colour(canvas.second, 0.5, 0.94),
    )
    pen.polygon(
        [
            (boat_x - unit * 0.15, boat_y - unit * 1.8),
            (boat_x - unit * 0.15, boat_y - 3),
            (boat_x - unit * 0.7, boat_y - 3),
        ],
        fill=canvas.colour(canvas.second, 0.6, 0.86),
    )
    return image


def _city(canvas: Canvas) -> Image.Image:
    image = canvas.sky()
    _light(canvas, image, 0.6)
    for layer in range(4):
        depth = layer / 3
        shade = (0.24 - 0.18 * depth) if canvas.night else (0.66 - 0.5 * depth)
        wall = canvas.colour(canvas.hue, 0.3, shade)
        pen, x = ImageDraw.Draw(image), -10.0
        while x < canvas.width:
            wide = canvas.width * canvas.dice.uniform(0.04, 0.1)
            tall = canvas.height * canvas.dice.uniform(0.2, 0.62 - 0.3 * depth) * (0.75 + 0.25 * depth)
            top = canvas.height * (0.86 + 0.14 * depth) - tall
            pen.rectangle([x, top, x + wide, canvas.height], fill=wall)
            if canvas.dice.random() < 0.25:
                pen.line([(x + wide / 2, top), (x + wide / 2, top - tall * 0.18)], fill=wall, width=2)
            _windows(canvas, pen, x, top, wide, depth)
            x += wide * canvas.dice.uniform(0.9, 1.15)
        haze = canvas.gradient([canvas.colour(canvas.second, 0.5, 0.3 if canvas.night else 0.85)] * 2)
        image = Image.blend(image, haze, 0.12 * (1 - depth))
    return image


def _windows(canvas: Canvas, pen: ImageDraw.ImageDraw, x: float, top: float, wide: float, depth: float) -> None:
    pane = max(3.0, canvas.width * 0.005 * (1 + depth))
    y = top + pane * 2
    while y < canvas.height - pane:
        column = x + pane
        while column < x + wide - pane * 1.5:
            if canvas.dice.random() < (0.38 if canvas.night else 0.22):
                warm = canvas.colour(canvas.dice.choice([44, 40, canvas.second]), 0.85, canvas.dice.uniform(0.6, 0.85))
                pen.rectangle([column, y, column + pane * 0.8, y + pane * 1.1], fill=warm)
            column += pane * 2
        y += pane * 2.4


def _dunes(canvas: Canvas) -> Image.Image:
    image = canvas.sky()
    _light(canvas, image, 0.6)
    _layers(canvas, image, 0.55, 0.98, 6, 0.34)
    return image.filter(ImageFilter.SMOOTH)


def _blooms(canvas: Canvas) -> Image.Image:
    """Large soft petals over a calm ground."""
    ground = canvas.colour(canvas.hue, 0.35, 0.12 if canvas.night else 0.93)
    edge = canvas.colour(canvas.second, 0.4, 0.22 if canvas.night else 0.8)
    image = canvas.gradient([ground, edge])
    reach = min(canvas.width, canvas.height)
    for _ in range(7):
        x, y = canvas.dice.uniform(0, canvas.width), canvas.dice.uniform(0, canvas.height)
        canvas.glow(image, x, y, reach * canvas.dice.uniform(0.2, 0.5), canvas.colour(canvas.second, 0.8, 0.6), 0.5)
    flowers = canvas.dice.randint(4, 7)
    for flower in range(flowers):
        depth = flower / (flowers - 1)
        x, y = canvas.width * canvas.dice.uniform(0.1, 0.9), canvas.height * canvas.dice.uniform(0.1, 0.9)
        size_here = reach * (0.1 + 0.16 * depth)
        hue = canvas.hue + canvas.dice.uniform(-24, 24) if flower % 3 else canvas.second
        for ring in (1.0, 0.72, 0.45):
            petals, turn = canvas.dice.choice([7, 9, 11]), canvas.dice.uniform(0, 360)
            for petal in range(petals):
                light = 0.42 + 0.2 * (1 - ring) + canvas.dice.uniform(-0.04, 0.04) + 0.1 * depth
                _petal(image, x, y, size_here * ring, turn + 360 / petals * petal, canvas.colour(hue, 0.62, light))
        canvas.glow(image, x, y, size_here * 0.5, canvas.colour(46, 0.9, 0.7), 0.9)
        if depth < 0.5:
            image = image.filter(ImageFilter.GaussianBlur(3 * (0.6 - depth)))
    return image


def _petal(image: Image.Image, x: float, y: float, reach: float, angle: float, colour: Colour) -> None:
    edge = max(12, round(reach * 2))
    mask = Image.new("L", (edge, edge))
    ImageDraw.Draw(mask).ellipse([edge * 0.5, edge * 0.36, edge * 0.99, edge * 0.64], fill=215)
    mask = mask.rotate(angle, Image.Resampling.BILINEAR)
    image.paste(colour, (round(x - edge / 2), round(y - edge / 2)), mask)
