"""The environment, read once: every variable the studio knows, with its form and its default.

`.env` in the project folder is read too; what the process was started with wins. A wrong value raises
ImproperlyConfigured and names the variable.
"""

import base64
import binascii
import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dotenv import load_dotenv

from meigen_api.secret import Secret

from . import branding, databases, mail, network, variables
from .mail import Mail, is_loopback

A_CENTURY = 36_500  # days: more than a calendar holds would be added to dates
MEDIA_HOSTS = frozenset({"images.meigen.ai", "images.meigen.art"})

BASE_DIR = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Bucket:
    """Where an S3-compatible server keeps the files. Without keys boto3 looks for them where it usually does."""

    name: str
    prefix: str
    endpoint: str
    region: str
    access_key: Secret
    secret_key: Secret

    @property
    def storage(self) -> dict[str, Any]:
        """The storage as Django's settings name it."""
        options = {
            "bucket_name": self.name,
            "location": self.prefix,
            "endpoint_url": self.endpoint or None,
            "region_name": self.region or None,
            "access_key": self.access_key.reveal() or None,
            "secret_key": self.secret_key.reveal() or None,
        }
        given = {name: value for name, value in options.items() if value is not None}
        return {"BACKEND": "generations.media.bucket.Bucket", "OPTIONS": given}


@dataclass(frozen=True)
class OpenID:
    """The OpenID provider that people may sign in with: its issuer's address, what it knows us by, what we call it."""

    url: str
    client_id: str
    client_secret: Secret
    name: str

    @property
    def app(self) -> dict[str, Any]:
        """The provider as allauth's settings name it."""
        return {
            "provider_id": re.sub(r"[^\w.-]+", "-", self.url.partition("://")[2], flags=re.ASCII),
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.client_secret.reveal(),
            "settings": {"server_url": self.url, "oauth_pkce_enabled": True},
        }


@dataclass(frozen=True)
class Environment:
    """The values as Python types. `token_keys` are (id, Fernet key) pairs; the first one encrypts."""

    secret_key: Secret
    debug: bool
    studio_name: str
    studio_logo: branding.Logo | None
    allowed_hosts: list[str]
    base_path: str
    cookie_prefix: str
    csrf_trusted_origins: list[str]
    database_url: Secret
    token_keys: list[tuple[str, Secret]]
    media_root: Path
    bucket: Bucket | None
    media_accel: str
    meigen_base_url: str
    meigen_upload_url: str
    meigen_media_hosts: frozenset[str]
    meigen_upload_hosts: frozenset[str] | None  # the contract does not say where uploads go
    poll_seconds: float
    rate: tuple[int, float]  # posts, within so many seconds
    proxies: int
    proxy_addresses: list[network.Network]
    share_days: int
    share_max_days: int
    trash_days: int
    audit_days: int  # the database refuses to delete younger entries
    time_zone: str
    approval_above: int | None
    project_required: bool
    digest_mail: bool
    staff_need_mfa: bool
    admins_see_pictures: bool
    session_idle_hours: float
    openid: OpenID | None
    mail: Mail | None
    log_format: str
    slow_seconds: float
    metrics_token: Secret | None
    sentry_dsn: Secret | None
    failpoints: Path | None

    @property
    def plain_http(self) -> bool:
        """Whether pages may be served without https: only when every allowed host is this machine."""
        return all(map(is_loopback, self.allowed_hosts))

    def cookies_below(self, path: str) -> str:
        """What the names of cookies for a path begin with.

        Under https browsers then take them from this host alone: no neighbour on a subdomain, and nobody on the way
        who speaks plain http, can plant one.
        """
        if self.plain_http:
            return self.cookie_prefix
        return f"{'__Host-' if path == '/' else '__Secure-'}{self.cookie_prefix}"

    @property
    def is_local_sandbox(self) -> bool:
        """Whether both the studio and its Meigen server are on this machine alone."""
        return self.plain_http and is_loopback(urlsplit(self.meigen_base_url).hostname or "")

    @property
    def secrets(self) -> list[Secret]:
        """All that must appear in no report, the database's password by itself too."""
        url = self.database_url.reveal()
        password = Secret(unquote(urlsplit(url).password or ""))
        keys = [key for _, key in self.token_keys]
        others = [self.bucket.access_key, self.bucket.secret_key] if self.bucket else []
        others += [self.openid.client_secret] if self.openid else []
        others += [self.mail.password] if self.mail else []
        others += [secret for secret in (self.metrics_token, self.sentry_dsn) if secret]
        return [self.secret_key, *([self.database_url] if password.reveal() else []), password, *keys, *others]


def read() -> Environment:
    load_dotenv(BASE_DIR / ".env")
    base = variables.base_path("BASE_PATH")
    return Environment(
        secret_key=Secret(variables.required("SECRET_KEY", "a long random text")),
        debug=variables.flag("DEBUG"),
        studio_name=variables.title("STUDIO_NAME"),
        studio_logo=_logo("STUDIO_LOGO"),
        allowed_hosts=variables.hosts("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"],
        base_path=base,
        cookie_prefix=variables.cookie_prefix("COOKIE_PREFIX", base),
        csrf_trusted_origins=variables.listed("CSRF_TRUSTED_ORIGINS"),
        database_url=_database("DATABASE_URL"),
        token_keys=_keys("TOKEN_KEYS"),
        media_root=Path(os.environ.get("MEDIA_ROOT") or BASE_DIR / "var" / "media").resolve(),
        bucket=_bucket("MEDIA_STORAGE"),
        media_accel=_accel("MEDIA_ACCEL"),
        meigen_base_url=variables.url("MEIGEN_BASE_URL", "https://www.meigen.ai"),
        meigen_upload_url=variables.url("MEIGEN_UPLOAD_URL", "https://gen.meigen.art/api"),
        meigen_media_hosts=variables.host_set("MEIGEN_MEDIA_HOSTS") or MEDIA_HOSTS,
        meigen_upload_hosts=variables.host_set("MEIGEN_UPLOAD_HOSTS") or None,
        poll_seconds=variables.number("MEIGEN_POLL_SECONDS", "3", least=0.05),
        rate=variables.rate("MEIGEN_RATE", "12/60"),
        proxies=int(variables.number("TRUSTED_PROXIES", "0", least=0)),
        proxy_addresses=variables.networks("PROXY_ADDRESSES"),
        share_days=int(variables.number("SHARE_DAYS", "30", least=0, most=A_CENTURY)),
        share_max_days=int(variables.number("SHARE_MAX_DAYS", "0", least=0, most=A_CENTURY)),
        trash_days=int(variables.number("TRASH_DAYS", "30", least=1, most=A_CENTURY)),
        audit_days=int(variables.number("AUDIT_DAYS", "365", least=30, most=A_CENTURY)),
        time_zone=variables.time_zone("TIME_ZONE", "UTC"),
        approval_above=variables.credits("APPROVAL_ABOVE"),
        project_required=variables.flag("PROJECT_REQUIRED"),
        digest_mail=variables.flag("DIGEST_MAIL"),
        staff_need_mfa=variables.flag("STAFF_NEED_MFA"),
        admins_see_pictures=variables.flag("ADMINS_SEE_PICTURES"),
        session_idle_hours=variables.number("SESSION_IDLE_HOURS", "336", least=1, most=24 * 365),
        openid=_openid("OIDC_URL"),
        mail=_mail("EMAIL_URL"),
        log_format=variables.one_of("LOG_FORMAT", "plain", "json"),
        slow_seconds=variables.number("SLOW_SECONDS", "10", least=0.1),
        metrics_token=_metrics_token("METRICS_TOKEN"),
        sentry_dsn=_sentry("SENTRY_DSN"),
        failpoints=_failpoints("STUDIO_FAILPOINTS"),
    )


def _logo(name: str) -> branding.Logo | None:
    """None when there is no logo. A screen reader says the name in its place."""
    value = os.environ.get(name, "").strip()
    if value and not variables.title("STUDIO_NAME"):
        raise variables.wrong("STUDIO_NAME", f"is not set, but {name} is")
    return branding.logo(name, value)


def _bucket(name: str) -> Bucket | None:
    """The bucket of `s3://bucket/prefix`; None when files are kept in MEDIA_ROOT."""
    value = os.environ.get(name, "").strip()
    region, access_key, secret_key = (
        os.environ.get(other, "").strip() for other in ("S3_REGION", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    )
    if not value:
        return None
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([\w./-]*))?", value)
    if not found or ".." in value:
        raise variables.wrong(name, f"must be s3://bucket or s3://bucket/prefix, not {value!r}")
    if bool(access_key) != bool(secret_key):
        missing = "S3_SECRET_KEY" if access_key else "S3_ACCESS_KEY"
        raise variables.wrong(missing, "is not set, but the other one of S3_ACCESS_KEY and S3_SECRET_KEY is")
    if not importlib.util.find_spec("storages") or not importlib.util.find_spec("boto3"):
        raise variables.wrong(
            name, "needs django-storages and boto3: pip install --require-hashes -r requirements-s3.lock"
        )
    endpoint = variables.url("S3_ENDPOINT", "") if os.environ.get("S3_ENDPOINT", "").strip() else ""
    return Bucket(found[1], (found[2] or "").strip("/"), endpoint, region, Secret(access_key), Secret(secret_key))


def _accel(name: str) -> str:
    """The place under which a proxy finds the files, with its slashes; "" when we send them ourselves."""
    value = os.environ.get(name, "").strip()
    if not value:
        return ""
    if os.environ.get("MEDIA_STORAGE", "").strip():
        raise variables.wrong(name, "is for files in MEDIA_ROOT; it cannot be set together with MEDIA_STORAGE")
    if not re.fullmatch(r"/[\w./-]*\w/?", value):
        raise variables.wrong(name, f"must be the proxy's internal location such as /kept/, not {value!r}")
    return value.rstrip("/") + "/"


def _openid(name: str) -> OpenID | None:
    """None when people sign in with passwords and passkeys only."""
    client_id, client_secret, label = (
        os.environ.get(other, "").strip() for other in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME")
    )
    if not os.environ.get(name, "").strip():
        return None
    for other, value in {"OIDC_CLIENT_ID": client_id, "OIDC_CLIENT_SECRET": client_secret}.items():
        if not value:
            raise variables.wrong(other, f"is not set, but {name} is")
    url = variables.url(name, "").removesuffix("/.well-known/openid-configuration")
    return OpenID(url, client_id, Secret(client_secret), label or urlsplit(url).hostname or "")


def _mail(name: str) -> Mail | None:
    """None when the studio sends no mail."""
    url, sender = (os.environ.get(each, "").strip() for each in (name, mail.SENDER))
    try:
        return mail.parsed(url, sender) if url else None
    except mail.Unfit as unfit:
        raise variables.wrong(*unfit.args) from None


def _metrics_token(name: str) -> Secret | None:
    """None when there are no metrics."""
    value = os.environ.get(name, "").strip()
    if value and not re.fullmatch(r"[!-~]{16,}", value):
        raise variables.wrong(name, "must be at least 16 letters, digits and signs without a space")
    return Secret(value) if value else None


def _sentry(name: str) -> Secret | None:
    """None when errors are reported to nobody."""
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    if not re.fullmatch(r"https?://[^@/\s]+@[^@\s]+/\d+", value):
        raise variables.wrong(name, "must be the address that Sentry shows, such as https://key@sentry.example.org/1")
    if not importlib.util.find_spec("sentry_sdk"):
        raise variables.wrong(name, "needs sentry-sdk: pip install --require-hashes -r requirements-s3.lock")
    return Secret(value)


def _failpoints(name: str) -> Path | None:
    folder = os.environ.get(name)
    if not folder:
        return None
    if not is_loopback(urlsplit(variables.url("MEIGEN_BASE_URL", "https://www.meigen.ai")).hostname or ""):
        raise variables.wrong(name, "lets tests kill the studio's processes; it is for a sandbox on this machine only")
    return Path(folder)


def _database(name: str) -> Secret:
    value = os.environ.get(name, "").strip()
    if not value:
        return Secret(f"sqlite:///{BASE_DIR / 'var' / 'studio.sqlite3'}")
    if not value.startswith(databases.SCHEMES):
        raise variables.wrong(name, databases.FORMS)
    return Secret(value)


def _keys(name: str) -> list[tuple[str, Secret]]:
    value = variables.required(name, "id:fernetkey, or several with commas between; the first encrypts")
    keys: list[tuple[str, Secret]] = []
    for part in value.split(","):
        key_id, _, key = part.strip().partition(":")
        if not key_id or len(key_id) > 32:
            raise variables.wrong(name, "needs an id of 1 to 32 characters before each key, as in first:KEY")
        if key_id in dict(keys):
            raise variables.wrong(name, f"has two keys named {key_id!r}")
        try:
            raw = base64.urlsafe_b64decode(key)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != 32:
            raise variables.wrong(name, f"has a key {key_id!r} that is not 32 bytes in URL-safe base64")
        keys.append((key_id, Secret(key)))
    return keys
