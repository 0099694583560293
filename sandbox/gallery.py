"""The sandbox's curated gallery: a few dozen generated pictures with prompts, some of them structured."""

import json
import uuid
from functools import cache

from meigen_api.types import Json
from sandbox import pictures

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
PAIRS = 2  # the round whose items have two pictures
INTERNAL = {"ratio", "second_ratio", "matched"}
AUTHORS = [("mira", "Mira K."), ("jonas_l", "Jonas L."), ("wei", "Wei"), ("ana", "Ana Sousa")]


@cache
def items() -> dict[str, Json]:
    """Every item by id, without file addresses."""
    every: dict[str, Json] = {}
    for number, subject in enumerate(SUBJECTS):
        for turn, style in enumerate(STYLES):
            item_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox gallery {number} {turn}"))
            ratio = RATIOS[(number + turn) % len(RATIOS)]
            width, height = pictures.size(ratio, 1024)
            username, name = AUTHORS[(number * 3 + turn) % len(AUTHORS)]
            model = MODELS[(number + 2 * turn) % len(MODELS)]
            structured = {"subject": subject, "style": style, "camera": {"lens": "50mm", "angle": "eye level"}}
            every[item_id] = {
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
                # Some posts have a second picture with another ratio. The words match either the first or the second.
                "second_ratio": RATIOS[(number + turn + 1) % len(RATIOS)] if turn == PAIRS else "",
                "matched": number % 2 if turn == PAIRS else 0,
            }
    return every


def public(item: Json, base: str) -> Json:
    """The item as the API returns it."""
    names = [item["id"], f"{item['id']}_2"] if item["second_ratio"] else [item["id"]]
    pictures = [f"{base}/gallery/{name}.jpg" for name in names]
    told = {name: value for name, value in item.items() if name not in INTERNAL}
    return {**told, "media_urls": pictures, "thumbnail_url": pictures[0]}


def found(item: Json, base: str, media: str) -> Json:
    """The item as a search returns it. `media` is the request's parameter for telling which picture matched."""
    matched = {"matched_media_index": item["matched"]} if media == "matched-v1" else {}
    return {**public(item, base), **matched}


def search(words: str) -> list[Json]:
    wanted = words.lower().split()
    return [item for item in items().values() if all(word in item["text"].lower() for word in wanted)]


def picture(name: str) -> bytes | None:
    """The file with that name: "<id>.jpg", or "<id>_2.jpg" if there is a second picture."""
    item_id, _, second = name.removesuffix(".jpg").partition("_")
    item = items().get(item_id)
    ratio = item["second_ratio" if second == "2" else "ratio"] if item and second in {"", "2"} else ""
    return pictures.picture(str(item["text"]), ratio, number=int(second == "2"), kind="jpg") if item and ratio else None
