"""The tokens of a Meigen account, managed with a session token: list, create, revoke, usage."""

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from audit.log import record
from audit.models import Action
from meigen_api import calls
from meigen_api.client import Client
from meigen_api.types import TokenInfo, TokenUsage

from . import tokens
from .models import Token
from .token_check import Verdict

SECONDS = 10.0


def _client(session: Token) -> Client:
    return Client(settings.MEIGEN_BASE_URL, session.secret(), seconds=SECONDS)


def listed(session: Token) -> list[TokenInfo]:
    """The account's tokens as Meigen lists them. Raises MeigenError."""
    with _client(session) as client:
        return client.send(calls.tokens())


@sensitive_variables("made")
def create(session: Token, name: str) -> str:
    """Creates an API token at Meigen and stores it right away. Returns the plain token, to be shown once.

    Raises MeigenError, also if Meigen created a token without returning it.
    """
    with _client(session) as client:
        made = client.send(calls.create_token(name))
    tokens.add(session.owner, made, name, Verdict.GOOD)
    return made.reveal()


def revoke(session: Token, token_id: str) -> None:
    """Revokes a token at Meigen for good. Raises MeigenError."""
    with _client(session) as client:
        client.send(calls.revoke_token(token_id))
    record(Action.TOKEN_REVOKED, kind="meigen.token", words=token_id)


def usage(session: Token, token_id: str) -> list[TokenUsage]:
    """The generations paid with the token. Raises MeigenError."""
    with _client(session) as client:
        return client.send(calls.token_usage(token_id))
