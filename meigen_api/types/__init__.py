"""Meigen's responses as small frozen types that tolerate unknown, missing and malformed fields.

Every `from_json` takes a decoded JSON object and never raises because of a wrong inner type: such a field counts as
absent. Only the capabilities of video models are read strictly.
"""

from meigen_api.types.capabilities import ClipLimits, DurationRange
from meigen_api.types.catalogue import ADAPTIVE, MIDJOURNEY_QUALITIES, MIDJOURNEY_RANGES, Model, models_from_json
from meigen_api.types.fields import PLAIN_ID, Json, links, members, number, price, text
from meigen_api.types.gallery import GalleryImage
from meigen_api.types.status import Balance, Status
from meigen_api.types.tokens import Presigned, TokenInfo, TokenUsage

__all__ = [
    "ADAPTIVE",
    "MIDJOURNEY_QUALITIES",
    "MIDJOURNEY_RANGES",
    "PLAIN_ID",
    "Balance",
    "ClipLimits",
    "DurationRange",
    "GalleryImage",
    "Json",
    "Model",
    "Presigned",
    "Status",
    "TokenInfo",
    "TokenUsage",
    "links",
    "members",
    "models_from_json",
    "number",
    "price",
    "text",
]
