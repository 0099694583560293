"""The sandbox's curated gallery: a few dozen drawn pictures with prompts, some of them structured."""

import json
import uuid
from functools import cache

from ..types import Json
from . import pictures

SUBJECTS = [
    "a lighthouse on a basalt cliff",
    "a calico cat asleep on a warm windowsill",
    "a night market in the rain",
    "a lone cypress in a tuscan valley",
    "a glass teapot with blooming jasmine",
    "a research station on red mars dunes",
    "a fishing boat returning at sunset",
    "a city of bridges at blue hour",
    "an alpine lake at dawn",
    "a bouquet of ranunculus, studio light",
    "a caravan crossing a golden desert",
    "a mountain hut under the milky way, night",
]
STYLES = ["35mm film, soft grain", "gouache, flat colour", "long exposure, calm", "editorial, wide angle"]
RATIOS = ["1:1", "3:4", "16:9", "4:3"]
MODELS = ["Nanobanana", "GPT Image", "Midjourney", "Seedream"]
AUTHORS = [("mira", "Mira K."), ("jonas_l", "Jonas L."), ("wei", "Wei"), ("ana", "Ana Sousa")]


@cache
def items() -> dict[str, Json]:
    """Every item by id, without the addresses of its files."""
    found: dict[str, Json] = {}
    for number, subject in enumerate(SUBJECTS):
        for turn, style in enumerate(STYLES):
            item_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox gallery {number} {turn}"))
            ratio = RATIOS[(number + turn) % len(RATIOS)]
            width, height = pictures.size(ratio, 1024)
            username, name = AUTHORS[(number * 3 + turn) % len(AUTHORS)]
            model = MODELS[(number + 2 * turn) % len(MODELS)]
            structured = {"subject": subject, "style": style, "camera": {"lens": "50mm", "angle": "eye level"}}
            found[item_id] = {
                "id": item_id,
                "text": json.dumps(structured) if turn == 1 else f"{subject}, {style}",
                "prompt_ready": True,
                "image_width": width,
                "image_height": height,
                "ratio": ratio,
                "model": model,
                "sref": "2413857" if model == "Midjourney" else None,
                "created_at": f"2026-{1 + number % 9:02}-{1 + turn * 7:02}T09:00:00Z",
                "likes": 12 * number + turn,
                "views": 340 * (number + 1),
                "author_username": username,
                "author_display_name": name,
            }
    return found


def public(item: Json, base: str) -> Json:
    """The item as the API tells it."""
    picture = f"{base}/gallery/{item['id']}.jpg"
    return {**{k: v for k, v in item.items() if k != "ratio"}, "media_urls": [picture], "thumbnail_url": picture}


def search(words: str) -> list[Json]:
    wanted = words.lower().split()
    return [item for item in items().values() if all(word in item["text"].lower() for word in wanted)]


def picture(item: Json) -> bytes:
    return pictures.picture(str(item["text"]), item["ratio"], kind="jpg")
