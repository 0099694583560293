"""Asks Meigen whether a token is valid, free of charge."""

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
    """Looks up a request that cannot exist: 401 means an invalid token, `request_not_found` a valid one.

    A server that does not support this call is asked for the status of a job that cannot exist; there only a 401 is
    conclusive.
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
