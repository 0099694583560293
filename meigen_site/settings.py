"""Settings. What differs between installations comes from the environment, read once in env.py."""

import re
import warnings
from typing import Any

from csp.constants import NONE, SELF

from . import databases, env, logs, private

ENV = env.read()
BASE_DIR = env.BASE_DIR

SECRET_KEY = ENV.secret_key.reveal()
DEBUG = ENV.debug
# What the studio calls itself. Guests see neither name nor logo unless the operator has chosen one.
STUDIO_NAME = ENV.studio_name or "Meigen Studio"
STUDIO_LOGO = ENV.studio_logo
# localhost too, for health checks inside a container.
ALLOWED_HOSTS = [*ENV.allowed_hosts, "localhost"]
# Where the host is shared: the path below which everything is, and what the names of all cookies begin with.
BASE_PATH = ENV.base_path
FORCE_SCRIPT_NAME = BASE_PATH or None
COOKIE_PREFIX = ENV.cookies_below(f"{BASE_PATH}/")
LINK_COOKIE_PREFIX = ENV.cookies_below(f"{BASE_PATH}/s/")  # of guests, who see nothing but their links
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins

INSTALLED_APPS = [
    "meigen_site.apps.StudioAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "meigen_site.apps.SiteConfig",
    "audit",
    "accounts",
    "generations",  # before django_q, whose `qcluster` command it extends
    "django_q",
]

MIDDLEWARE = [
    "accounts.address.from_proxies_alone",  # before anybody asks whether the request came by https
    "meigen_site.middleware.followed",
    # First, so that no answer lacks the headers, whichever of those below gives it.
    "meigen_site.middleware.EveryAnswer",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "meigen_site.middleware.probes_by_any_name",
    "django.middleware.security.SecurityMiddleware",  # to https
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "meigen_site.middleware.whole_forms",
    "generations.library.tick.ticks_first",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "meigen_site.middleware.audited",
    "accounts.time_zones.own_time",
    "accounts.sessions.kept_alive",
    "django_htmx.middleware.HtmxMiddleware",
    "meigen_site.middleware.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "meigen_site.middleware.WithOldKeys",
]

ROOT_URLCONF = "meigen_site.urls"
WSGI_APPLICATION = "meigen_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.balance",
                "accounts.context.page_of",
                "meigen_site.context.brand",
            ],
        },
    },
]

# Database: SQLite on one host, PostgreSQL for more.

_file_mode = private.FILE_OF_PROXY if ENV.media_accel else private.FILE
_folder_mode = private.FOLDER_OF_PROXY if ENV.media_accel else private.FOLDER
DATABASES = {"default": databases.configured(ENV.database_url.reveal(), _folder_mode)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # allauth's alone: its limits for people who are signed in, a few small rows for each.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    # In the database, so that the process that is asked for a picture knows what another has found.
    "gallery": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "gallery_cache",
        "OPTIONS": {"MAX_ENTRIES": 5000},  # about 1 kB each
    },
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "local"},
    "cards": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "cards",
        "TIMEOUT": 86_400,
        "OPTIONS": {"MAX_ENTRIES": 5000},  # a few kB each
    },
    "chat": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "chat",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 50},  # up to 300 kB each
    },
}

# What accounts wakes when a token is replaced; accounts may not import the app that waits for it.
WAKE_TASK = "generations.tasks.wake_sweeps"

# Background work. The rows in the database are the truth, a task is a wake-up: it may come twice or late.

# How many processes may poll at once, on any host; each watches its share of the running generations. SQLite has one
# writer, and gains nothing from a second.
SWEEPS = 1 if DATABASES["default"]["ENGINE"].endswith("sqlite3") else 2
FAILPOINTS = ENV.failpoints  # for tests that kill processes; never set in production

Q_CLUSTER = {
    "name": "studio",
    "orm": "default",
    "cache": "local",  # its statistics are written twice a second
    "workers": 3 + SWEEPS,  # two may fetch files, and one is always free for the next wake-up
    "queue_limit": 8,
    "bulk": 4,
    "poll": 0.25,
    "timeout": 150,
    "retry": 240,  # counts from dequeue, so it exceeds the wait in memory plus the run
    "max_attempts": 3,
    "ack_failures": True,
    "save_limit": -1,
    "recycle": 200,
    "scheduler": False,  # the worker command itself wakes the watchdog, more often than once a minute
    "guard_cycle": 0.5,
}

# Meigen

TOKEN_KEYS = ENV.token_keys
MEIGEN_BASE_URL = ENV.meigen_base_url
MEIGEN_UPLOAD_URL = ENV.meigen_upload_url
MEIGEN_MEDIA_HOSTS = ENV.meigen_media_hosts
MEIGEN_UPLOAD_HOSTS = ENV.meigen_upload_hosts
MEIGEN_POLL_SECONDS = ENV.poll_seconds
APPROVAL_ABOVE = ENV.approval_above
PROJECT_REQUIRED = ENV.project_required
DIGEST_MAIL = ENV.digest_mail
TRASH_DAYS = ENV.trash_days
AUDIT_DAYS = ENV.audit_days
IS_LOCAL_SANDBOX = ENV.is_local_sandbox
MEIGEN_RATE = ENV.rate

# Share links: days until one ends by itself, unless its maker says otherwise, and at most; 0 is never.
SHARE_DAYS = ENV.share_days
SHARE_MAX_DAYS = ENV.share_max_days

# Accounts. There is no public sign-up: an admin makes accounts.

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backend.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "accounts.passwords.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "studio"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reset_password": "accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
}
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# accounts/guessing.py counts wrong passwords and codes; a limit of all sign-ins of an address would lock out an office.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    ["login", "login_failed", "change_password", "reauthenticate", "reset_password", "reset_password_from_key"]
)
# accounts/address.py reads both, for allauth too.
TRUSTED_PROXIES = ENV.proxies
PROXY_ADDRESSES = ENV.proxy_addresses

# Mail, if there is any: invitations, and new passwords for those who forgot theirs.

HAS_MAIL = ENV.mail is not None
if ENV.mail is not None:
    globals().update(ENV.mail.settings)
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody has the studio write to strangers
PASSWORD_RESET_TIMEOUT = 3600

# Second factors. A passkey may also replace the password.
MFA_ADAPTER = "accounts.factors.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = STUDIO_NAME
MFA_ALLOW_UNVERIFIED_EMAIL = True  # admins vouch for addresses
MFA_FORMS = {
    "authenticate": "accounts.factor_forms.CodeForm",
    "reauthenticate": "accounts.factor_forms.CodeAgainForm",
    "activate_totp": "accounts.factor_forms.NewAppForm",
    "deactivate_totp": "accounts.factor_forms.RemoveAppForm",
    "generate_recovery_codes": "accounts.factor_forms.NewCodesForm",
    "add_webauthn": "accounts.factor_forms.NewPasskeyForm",
    "authenticate_webauthn": "accounts.factor_forms.PasskeyForm",
    "reauthenticate_webauthn": "accounts.factor_forms.PasskeyAgainForm",
    "login_webauthn": "accounts.factor_forms.PasskeyAloneForm",
}
STAFF_NEED_MFA = ENV.staff_need_mfa
ADMINS_SEE_PICTURES = ENV.admins_see_pictures

# Sign-in by an OpenID provider, if one is named. What its accounts are kept under tells providers apart: another one
# may have the same numbers for other people.

SOCIALACCOUNT_ADAPTER = "accounts.openid.Adapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [] if ENV.openid is None else [ENV.openid.app]}}

# A session ends so long after its person was last seen, and at the latest so long after the sign-in, in seconds
# (accounts/sessions.py).
SESSION_COOKIE_AGE = int(ENV.session_idle_hours * 3600)
SESSION_LASTS = 30 * 86_400

# Pages and security

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
LANGUAGE_COOKIE_AGE = 31_536_000  # who chose a language keeps it, signed in or not
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = ENV.time_zone
USE_TZ = True

STATIC_URL = f"{BASE_PATH}/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Before `collectstatic` has run, files are served from their folders.
_collected = not DEBUG and (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_USE_FINDERS = not _collected
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_ROOT = BASE_DIR / "public"  # what browsers and robots look for by names of their own
if not _collected:
    warnings.filterwarnings("ignore", "No directory at", UserWarning)
MEDIA_ROOT = ENV.media_root


def on_disk() -> dict[str, Any]:
    modes = {"file_permissions_mode": _file_mode, "directory_permissions_mode": _folder_mode}
    return {"BACKEND": "generations.media.storage.DurableStorage", "OPTIONS": modes}


MEDIA_ACCEL = ENV.media_accel
STORAGES = {
    "default": on_disk() if ENV.bucket is None else ENV.bucket.storage,
    "staticfiles": {"BACKEND": "meigen_site.static.StaticStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
HEADERS = {
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = not ENV.plain_http
SECURE_REDIRECT_EXEMPT = [rf"^{re.escape(f'{BASE_PATH}/'.lstrip('/'))}(healthz|metrics)$"]
SECURE_HSTS_SECONDS = 0 if ENV.plain_http else 31_536_000
# Both speak of the studio's own host and what is below it, never of its parent domain.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not ENV.plain_http
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{BASE_PATH}/"
MESSAGE_STORAGE = "meigen_site.cookies.Messages"
CSRF_FAILURE_VIEW = "generations.studio.stale.csrf_failure"
if ENV.proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3_000  # a long history, all of it chosen, is told in words that it is too much

DEFAULT_EXCEPTION_REPORTER = "meigen_site.reports.Report"
DEFAULT_EXCEPTION_REPORTER_FILTER = "meigen_site.reports.Filter"

# What is seen of it from outside: lines of the log, /metrics, reports of errors (docs/monitoring.md).
LOGGING = logs.config(ENV.log_format, to_sentry=ENV.sentry_dsn is not None)
SLOW_SECONDS = ENV.slow_seconds
METRICS_TOKEN = ENV.metrics_token
