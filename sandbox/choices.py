"""The choices in a body, and the values that apply where a choice was left open."""

from dataclasses import dataclass

from meigen_api.types import Json, members, number, text
from sandbox.catalogue import extra, is_video, names, video


@dataclass(frozen=True)
class Choices:
    """The applied choices. Each is empty, or None, if the model has no such choice."""

    tier: str
    resolution: str
    quality: str
    duration: float | None


def applied(entry: Json, body: Json, *, with_clips: bool) -> Choices:
    """The body's choices, then the model's defaults, then the first value listed."""
    config = extra(entry)
    tier = text(body.get("tier")) or _first(config.get("defaultTier"), tiers(entry, with_clips=with_clips))
    sizes = resolutions(entry, tier, with_clips=with_clips)
    return Choices(
        tier=tier,
        resolution=text(body.get("resolution")) or _first(config.get("defaultResolution"), sizes),
        quality=text(body.get("quality")) or _first(config.get("defaultQuality"), names(config.get("qualities"))),
        duration=_seconds(body) if "duration" in body else default_duration(entry),
    )


def _first(default: object, allowed: list[str]) -> str:
    """The default if it is allowed or nothing is listed, otherwise the first value."""
    if isinstance(default, str) and (default in allowed or not allowed):
        return default
    return allowed[0] if allowed else ""


def tiers(entry: Json, *, with_clips: bool) -> list[str]:
    every = names(extra(entry).get("tiers"))
    with_video = names(members(video(entry).get("referenceVideo")).get("tiers"))
    return [tier for tier in every if tier in with_video] if with_clips and with_video else every


def resolutions(entry: Json, tier: str, *, with_clips: bool) -> list[str]:
    """The resolutions of a tier, fewer if there are reference clips."""
    config, clips = extra(entry), members(video(entry).get("referenceVideo"))
    every = names(members(config.get("tierResolutions")).get(tier)) or names(config.get("resolutions"))
    if not with_clips:
        return every
    said = names(members(clips.get("resolutionsByTier")).get(tier)) or names(clips.get("resolutions"))
    # Older servers indicate it only through their prices.
    prices = members(config.get("pricingPerSecWithVideo"))
    priced = members(prices.get(tier)) or prices
    return said or [size for size in every if size in priced] or every


def default_duration(entry: Json) -> float | None:
    """The seconds of video if the body states none, from the first of four places that defines them."""
    if not is_video(entry):
        return None
    config, capabilities = extra(entry), video(entry)
    output = members(capabilities.get("outputDuration"))
    listed = config.get("durations")
    places = [
        members(capabilities.get("billing")).get("requestDefaultSeconds"),
        output.get("default"),
        config.get("defaultDuration"),
        listed[0] if isinstance(listed, list) and listed else None,
    ]
    return next((seconds for seconds in map(number, places) if seconds), None)


def _seconds(body: Json) -> float | None:
    return number(body.get("duration"))


def follows_input(entry: Json, body: Json) -> bool:
    """Whether the picture takes the ratio of the input: "adaptive", chosen or by default."""
    asked = body.get("aspectRatio", "auto")
    return asked == "adaptive" or (asked == "auto" and "adaptive" in names(entry.get("supported_ratios")))


def aspect_ratio(entry: Json, body: Json) -> str:
    """The ratio that is applied, as responses report it."""
    if follows_input(entry, body):
        return "adaptive"
    asked = text(body.get("aspectRatio"))
    if asked not in {"", "auto"}:
        return asked
    usual = "16:9" if is_video(entry) else "1:1"
    known = names(entry.get("supported_ratios"))
    return usual if usual in known or not known else known[0]
