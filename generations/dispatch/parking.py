"""What waits for somebody whose account is switched off: it is put away, and sent only when they are back and say so.

The rows alone tell what is parked (`models/sending.py`), and nothing parked can be claimed. Putting it away only
makes it visible: the card says why, and whatever was reserved for it is free again.
"""

from datetime import datetime

from generations.models import Generation, Trail
from generations.models.sentences import Sentence

S = Generation.Status


def put_away(generation: Generation, now: datetime, trail: Trail | None = None) -> bool:
    """Takes a parked generation out of the queue; its owner can send it when they are back."""
    told = Sentence.SWITCHED_OFF.stored()
    return generation.move(
        S.CANCELLED, expecting=[S.QUEUED, S.HELD], note=told, at=now, trail=trail, message=told, finished_at=now
    )
