"""One try to send, and the moment of the next."""

from datetime import timedelta

import time_machine

from generations.dispatch import submit
from generations.models import Generation

S = Generation.Status


SUBMIT = "/api/generate/v2"


def sent(generation: Generation) -> Generation:
    submit.send(generation.pk)
    generation.refresh_from_db()
    return generation


def after(generation: Generation) -> time_machine.travel:
    """The moment at which the next try is due."""
    assert generation.not_before is not None
    return time_machine.travel(generation.not_before + timedelta(seconds=1))
