"""Settings for the tests: the real ones, with an environment of their own. DATABASE_URL chooses the database."""

import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.gettempdir()) / f"meigen-studio-tests-{os.getpid()}"
_folder.mkdir(exist_ok=True)
os.environ.update(
    SECRET_KEY="only for tests",
    TOKEN_KEYS="test:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    DEBUG="0",
    STUDIO_NAME="",
    STUDIO_LOGO="",
    ALLOWED_HOSTS="",
    BASE_PATH="",
    COOKIE_PREFIX="",
    CSRF_TRUSTED_ORIGINS="",
    MEDIA_ROOT=str(_folder / "media"),
    MEDIA_STORAGE="",
    MEDIA_ACCEL="",
    MEIGEN_BASE_URL="http://127.0.0.1:9",  # nobody listens there; the sandbox fixture sets its own
    MEIGEN_RATE="12/60",
    TRUSTED_PROXIES="0",
    PROXY_ADDRESSES="",
    TIME_ZONE="",
    STAFF_NEED_MFA="",
    ADMINS_SEE_PICTURES="",
    SESSION_IDLE_HOURS="",
    OIDC_URL="",
    EMAIL_URL="",
    LOG_FORMAT="",
    SLOW_SECONDS="",
    METRICS_TOKEN="",
    SENTRY_DSN="",
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_folder / 'studio.sqlite3'}")

from meigen_site.settings import *  # noqa: E402, F403
from meigen_site.settings import DATABASES  # noqa: E402

# A file rather than memory: several threads and processes must be able to meet in it.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
    # Speed; what a power cut leaves behind is not what these tests ask.
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SWEEPS = 1  # one slice does it all; the tests of sharding ask for two
