"""The sandbox's session tokens: unsigned, but in the real format (a JWT with `sub` and `exp`)."""

import base64
import json


def make(subject: str, expires: float) -> str:
    parts = [{"alg": "none"}, {"sub": subject, "exp": int(expires)}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "sandbox"])


def read(token: str) -> tuple[str, float] | None:
    """(subject, expiry), or None if this is not a session token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return str(payload["sub"]), float(payload["exp"])
    except (ValueError, KeyError, TypeError):
        return None
