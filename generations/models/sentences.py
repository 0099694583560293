"""What the studio itself says in a row or a refusal: kept as a code with parameters, put into words for the reader."""

import json
from collections.abc import Callable
from enum import Enum, unique
from typing import Self

from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.sentences import marked, with_reason
from meigen_api.errors import MeigenError
from meigen_api.text import clean

# How every code begins. Other texts, Meigen's above all, are shown as they are.
START = '{"code":'


@unique
class Sentence(Enum):
    """A sentence and the code that rows keep in its place. The sentence may be reworded; the code must stay.

    Members are not strings, so that mypy finds one that is kept without `stored`.
    """

    label: Promise

    def __new__(cls, code: str, label: Promise) -> Self:
        member = object.__new__(cls)
        member._value_ = code
        member.label = label
        return member

    # Sending
    SERVER_BUSY = "server_busy", _("The server was busy for too long, so the request was not sent.")
    RESPONSE_NOT_SAVED = "response_not_saved", _("Meigen's response could not be saved.")
    UNTRACKED = "untracked", _("The request could not be tracked to its end.")
    KEEP_TRYING = "keep_trying", _("Could not reach Meigen. We will keep trying.")
    ASKED_TO_WAIT = "asked_to_wait", _("Meigen asked us to wait (429).")
    REFERENCE_TOO_SLOW = "reference_too_slow", _("Meigen could not load a reference in time.")
    SENT_ONCE = "sent_once", _("%(reason)s We make sure it is sent only once.")
    REFUSED = "refused", _("%(status)s: %(reason)s")
    TOKEN_UNREADABLE = "token_unreadable", _("The server cannot decrypt your token. Replace it on the token page.")
    NEW_KEYS = "new_keys", _("The studio is being given new keys. Your token is fine, and this goes on by itself.")
    NEVER_TAKEN = (
        "never_taken",
        _("Meigen could not accept this for 24 hours. It was never sent, so nothing was charged."),
    )
    UPLOADS_EXPIRED = (
        "uploads_expired",
        _("It waited so long that its references have expired at Meigen. It was never sent; send it as new."),
    )
    MAYBE_CHARGED = (
        "maybe_charged",
        _("We could not find out what happened to this. It may have been charged; check your Meigen history."),
    )
    CONFLICT_MAYBE_CHARGED = (
        "conflict_maybe_charged",
        _(
            "Meigen already has a different request with this key, so it will not be sent again automatically. It may "
            "have been charged; check your Meigen history."
        ),
    )
    SWITCHED_OFF = (
        "switched_off",
        _("The account was switched off before this was sent, so nothing was charged."),
    )
    NEVER_ARRIVED = "never_arrived", _("Meigen never received this, so nothing was charged.")
    STILL_ACCEPTING = (
        "still_accepting",
        _("Meigen is still processing the request. We will send the same request again; it is charged only once."),
    )

    # Watching
    NOT_WATCHED = "not_watched", _("Still running at Meigen, but we stopped watching. Check again; it is free.")
    NO_REASON = "no_reason", _("The model failed without giving a reason.")
    JOB_GONE = (
        "job_gone",
        _("Meigen no longer has this generation (%(status)s). It will not be sent again automatically."),
    )

    # Decided by a person
    CANCELLED = "cancelled", _("Cancelled.")
    CHECKED_AGAIN = "checked_again", _("Checked again.")
    SENT_AGAIN = "sent_again", _("Sent again.")
    SENT_AGAIN_BY_ADMIN = "sent_again_by_admin", _("Sent again by an admin.")
    ALL_SENT_AGAIN = "all_sent_again", _("Sent again, along with everything that was waiting for credits.")
    OVER_BUDGET = "over_budget", _("It no longer fits into this month's budget, so it was not sent again.")
    APPROVED = "approved", _("Approved by %(name)s.")
    NOT_APPROVED = "not_approved", _("%(name)s did not approve this, so nothing was charged.")
    NOT_APPROVED_BECAUSE = "not_approved_because", _("%(name)s did not approve this: %(reason)s")
    TOKEN_REPLACED = "token_replaced", _("The token was replaced.")

    # Files
    FILE_SAVED = "file_saved", _("File %(number)s saved.")
    FILE_LOST = "file_lost", _("File %(number)s: %(reason)s")
    FILE_GONE = "file_gone", _("Meigen no longer has the file (%(status)s).")
    FILE_RESPONSE = "file_response", _("The file server responded with %(status)s.")
    FILE_UNFINISHED = "file_unfinished", _("The connection to the file server was lost.")
    FILE_TOO_SLOW = "file_too_slow", _("The file took too long to arrive.")
    FILE_TOO_LARGE = "file_too_large", _("The file is larger than %(megabytes)s MB.")
    FILE_NOT_SAVED = "file_not_saved", _("The file could not be saved here: %(reason)s.")
    DISK_ERROR = "disk_error", _("disk error")
    FILE_CRASHES = "file_crashes", _("The file cannot be opened: it crashes the program that reads it.")
    FILE_INCOMPLETE = "file_incomplete", _("The file is incomplete.")
    FILE_MISSING = "file_missing", _("The file is missing. Ask an admin of your team to look into it.")
    NOT_A_PICTURE = "not_a_picture", _("The file is not a readable PNG, JPEG, WebP, GIF, AVIF or HEIC picture.")
    JPEG_XL = "jpeg_xl", _("JPEG XL pictures are not supported. PNG, JPEG, WebP, GIF, AVIF and HEIC are.")
    TOO_MANY_PIXELS = "too_many_pixels", _("The picture has more than %(millions)s million pixels.")
    TOO_HEAVY = "too_heavy", _("The picture takes too much memory or time to open.")
    VIDEO_INCOMPLETE = "video_incomplete", _("The video is incomplete.")
    INVALID_ADDRESS = "invalid_address", _("The result's address is not a valid URL.")
    PRIVATE_HOST = (
        "private_host",
        _("%(host)s leads to an address of a private network, and nothing is fetched from there."),
    )
    WRONG_HOST = (
        "wrong_host",
        _("Results are not fetched from %(host)s. MEIGEN_MEDIA_HOSTS lists the allowed hosts."),
    )

    # References
    STORAGE_FAILS = (
        "storage_fails",
        _("The studio's storage is not accepting files right now. Try again later, or tell your admin."),
    )
    LINK_NOT_PUBLIC = "link_not_public", _("A reference link must be a public https address.")
    CLIP_NOT_AT_MEIGEN = "clip_not_at_meigen", _("A reference video or sound must be hosted by Meigen.")
    NO_CLIP = "no_clip", _("There is no video or sound at this address.")
    VIDEO_FORMAT = "video_format", _("Meigen accepts reference videos as MP4 or QuickTime.")
    SOUND_FORMAT = "sound_format", _("Meigen accepts reference sounds as WAV or MP3.")

    # What the API client, which knows no Django, says: the members of `meigen_api.errors.Problem`
    UNREACHABLE = "unreachable", _("Meigen could not be reached.")
    NO_RESPONSE = "no_response", _("Meigen did not respond in time.")
    CONNECTION_LOST = "connection_lost", _("The connection was lost before Meigen's response was complete.")
    RESPONSE_TOO_SLOW = "response_too_slow", _("Meigen's response took too long.")
    RESPONSE_TOO_LARGE = "response_too_large", _("Meigen's response is larger than 10 MB.")
    RESPONDED = "responded", _("Meigen responded with %(status)s.")
    NO_SUCCESS = "no_success", _("Meigen responded with success: false.")
    NOT_JSON = "not_json", _("Meigen's response is not JSON.")
    NOT_AN_OBJECT = "not_an_object", _("Meigen's response is not a JSON object.")
    NESTED_TOO_DEEPLY = "nested_too_deeply", _("Meigen's response is nested too deeply.")
    NO_MODELS = "no_models", _("Meigen's list of models is empty or unreadable.")
    NO_IMAGE = "no_image", _("Meigen's response has no picture.")
    NO_SEARCH_RESULTS = "no_search_results", _("Meigen's response has no search results.")
    NO_TOKENS = "no_tokens", _("Meigen's response has no list of tokens.")
    NOT_SHOWN = "not_shown", _("Meigen created a token but did not show it.")
    NO_USAGE = "no_usage", _("Meigen's response has no usage.")
    NO_UPLOAD_ADDRESS = "no_upload_address", _("Meigen's response has no upload address.")
    NO_STATUS = "no_status", _("Meigen's response has no status.")
    NO_GENERATION_ID = "no_generation_id", _("Meigen accepted the request but returned no generation id.")

    def stored(self, **parameters: str | int | None) -> str:
        """The text to store. A parameter may be such a text itself."""
        return json.dumps({"code": self.value, **parameters}, ensure_ascii=False, separators=(",", ":"))

    @property
    def beginning(self) -> str:
        """What the stored text begins with, whatever its parameters are."""
        return self.stored().removesuffix("}")


BY_CODE = {sentence.value: sentence for sentence in Sentence}


def reason_of(error: MeigenError) -> str:
    """The text to store for an error: Meigen's own words, or what the client says because Meigen said nothing."""
    if error.problem is None:
        return error.message
    parameters = {"status": error.status} if "%(status)s" in error.problem else {}
    return Sentence[error.problem.name].stored(**parameters)


def translated(text: str) -> str:
    """A stored text, or that of a refusal, in the reader's language.

    Anything else is returned as it is, since a text of Meigen's can begin like a code.
    """
    return _told(text, str, str)


def translated_html(text: str, shorten: Callable[[str], str] = str) -> SafeString:
    """The same for a page, with Meigen's own words marked as theirs, and shortened first."""
    return SafeString(_told(text, lambda words: marked(shorten(words)), conditional_escape))


def _told(text: str, theirs: Callable[[str], str], ours: Callable[[str], str], depth: int = 2) -> str:
    """`theirs` prepares Meigen's words, `ours` the rest. Reasons are translated down to `depth`."""
    if not depth or not text.startswith(START):
        return theirs(text)
    try:
        kept = json.loads(text)
        words = ours(str(BY_CODE[kept["code"]].label))
        parameters = {name: ours(clean(str(value))) for name, value in kept.items() if name != "reason"}
        if "reason" not in kept:
            return words % parameters
        return with_reason(words, _told(clean(str(kept["reason"])), theirs, ours, depth - 1), **parameters)
    except (ValueError, KeyError, TypeError, RecursionError):
        return theirs(text)
