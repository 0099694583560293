"""Asks Meigen whether a token is good, free of charge."""

import uuid
from enum import Enum

from django.conf import settings

from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.secret import Secret

SECONDS = 8.0


class Verdict(Enum):
    GOOD = "good"
    REFUSED = "refused"
    UNKNOWN = "unknown"


def check(secret: Secret) -> Verdict:
    """Reads a request that cannot exist: 401 means a bad token, `request_not_found` a good one.

    A server too old for that call is asked for the status of a job that cannot exist: there only a 401 tells anything.
    """
    nobody = str(uuid.uuid4())
    with Client(settings.MEIGEN_BASE_URL, secret, seconds=SECONDS) as client:
        try:
            client.send(calls.request(nobody))
        except errors.BadToken:
            return Verdict.REFUSED
        except errors.NotFound as error:
            if error.code == "request_not_found":
                return Verdict.GOOD
        except errors.MeigenError:
            return Verdict.UNKNOWN
        try:
            client.send(calls.status(nobody))
        except errors.BadToken:
            return Verdict.REFUSED
        except errors.MeigenError:
            pass
    return Verdict.UNKNOWN
