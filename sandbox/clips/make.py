"""Renders the three clips that the sandbox serves for video jobs: `python -m sandbox.clips.make` (needs ffmpeg)."""

import io
import subprocess
from pathlib import Path

from PIL import Image

from sandbox import pictures

FRAMES, RATE = 48, 12
SIZES = {"wide": (640, 360), "square": (480, 480), "tall": (360, 640)}


def main() -> None:
    for name, (width, height) in SIZES.items():
        across, down = round(width * 1.25), round(height * 1.25)
        still = Image.open(_bytes(f"{across}:{down}")).resize((across, down))
        frames = b"".join(_frame(still, width, height, number / FRAMES).tobytes() for number in range(FRAMES))
        target = Path(__file__).with_name(f"{name}.mp4")
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(RATE), "-i", "-"]
        coded = [
            "-c:v",
            "libx264",
            "-preset",
            "veryslow",
            "-crf",
            "30",
            "-pix_fmt",
            "yuv420p",
            "-movflags",
            "+faststart",
        ]
        subprocess.run(
            ["ffmpeg", "-y", "-loglevel", "error", *source, *coded, str(target)], input=frames, check=True, timeout=300
        )


def _bytes(ratio: str) -> io.BytesIO:
    return io.BytesIO(pictures.picture("a sailing boat on a teal sea at sunset", ratio))


def _frame(still: Image.Image, width: int, height: int, phase: float) -> Image.Image:
    """A slow camera move across the still picture."""
    free_x, free_y = still.width - width, still.height - height
    smooth = phase * phase * (3 - 2 * phase)
    left, top = round(free_x * smooth), round(free_y * (1 - smooth))
    return still.crop((left, top, left + width, top + height))


if __name__ == "__main__":
    main()
