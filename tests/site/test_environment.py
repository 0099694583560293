"""Configuration: a wrong value stops the process and names the variable."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from meigen_api.secret import Secret
from meigen_site import env, mail
from tests.cases import each

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@each(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("TOKEN_KEYS", ""),
        ("TOKEN_KEYS", "nokey"),
        ("TOKEN_KEYS", "a:short"),
        ("TOKEN_KEYS", f"a:{KEY},a:{KEY}"),
        ("STUDIO_NAME", "x" * 41),
        ("STUDIO_NAME", "Two\nlines"),
        ("MEIGEN_BASE_URL", "http://meigen.example"),
        ("MEIGEN_BASE_URL", "ftp://127.0.0.1"),
        ("MEIGEN_BASE_URL", "https://user@meigen.example"),
        ("MEIGEN_UPLOAD_URL", "nonsense"),
        ("MEIGEN_RATE", "12"),
        ("MEIGEN_RATE", "0/60"),
        ("MEIGEN_POLL_SECONDS", "often"),
        ("MEIGEN_POLL_SECONDS", "-1"),
        ("SHARE_MAX_DAYS", "800000"),
        ("SHARE_DAYS", "1e9"),
        ("TRASH_DAYS", "36501"),
        ("AUDIT_DAYS", "29"),
        ("DEBUG", "perhaps"),
        ("DATABASE_URL", "mysql://somewhere"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "Asia"),
        ("TIME_ZONE", "/etc/localtime"),
        ("TIME_ZONE", "../zoneinfo/UTC"),
        ("STAFF_NEED_MFA", "sometimes"),
        ("ADMINS_SEE_PICTURES", "some"),
        ("SESSION_IDLE_HOURS", "0.5"),
        ("SESSION_IDLE_HOURS", "forever"),
        ("OIDC_URL", "http://login.example"),
        ("ALLOWED_HOSTS", "https://studio.example"),
        ("ALLOWED_HOSTS", "studio.example:8000"),
        ("ALLOWED_HOSTS", "[::1]:8000"),
        ("BASE_PATH", "a b"),
        ("BASE_PATH", "/a//b"),
        ("BASE_PATH", "/../b"),
        ("BASE_PATH", "https://studio.example/b"),
        ("COOKIE_PREFIX", "__Host-"),
        ("COOKIE_PREFIX", "a b"),
        ("COOKIE_PREFIX", "a" * 41),
        ("MEDIA_STORAGE", "bucket"),
        ("MEDIA_STORAGE", "s3://"),
        ("MEDIA_STORAGE", "s3://Not A Bucket"),
        ("MEDIA_STORAGE", "s3://bucket/../other"),
        ("MEDIA_STORAGE", "https://bucket.example.org"),
        ("LOG_FORMAT", "xml"),
        ("SLOW_SECONDS", "0"),
        ("METRICS_TOKEN", "too-short"),
        ("METRICS_TOKEN", "two words of it, or more"),
        ("SENTRY_DSN", "https://sentry.example.org/1"),
        ("MEDIA_ACCEL", "kept"),
        ("MEDIA_ACCEL", "/"),
        ("MEDIA_ACCEL", "https://elsewhere/"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OIDC_CLIENT_ID", "studio")
        patch.setenv("OIDC_CLIENT_SECRET", "a-secret")
        patch.setenv(name, value)
        with pytest.raises(ImproperlyConfigured, match=f"^{name} "):
            env.read()


@pytest.mark.parametrize("missing", ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"])
def test_half_an_openid_provider_is_none(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in {"OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"} - {missing}:
        monkeypatch.setenv(name, "given")
    monkeypatch.setenv("OIDC_URL", "https://login.example/realms/team")
    with pytest.raises(ImproperlyConfigured, match=f"^{missing} "):
        env.read()


def test_an_openid_provider_is_called_by_its_host_unless_it_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"URL": "https://login.example/a/", "CLIENT_ID": "studio", "CLIENT_SECRET": "hush"}.items():
        monkeypatch.setenv(f"OIDC_{name}", value)
    provider = env.read().openid
    assert provider == env.OpenID("https://login.example/a", "studio", Secret("hush"), "login.example")
    assert "hush" not in repr(provider)
    monkeypatch.setenv("OIDC_NAME", "Example")
    assert env.read().openid == env.OpenID("https://login.example/a", "studio", Secret("hush"), "Example")


@each("url", ["http://127.0.0.1:8900", "http://localhost:1", "http://[::1]:5", "https://x.example"])
def test_plain_http_is_for_loopback_only(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("MEIGEN_BASE_URL", url + "/")
    assert env.read().meigen_base_url == url


def test_several_keys_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_KEYS", f"new:{KEY}, old:{KEY}")
    assert [key_id for key_id, _ in env.read().token_keys] == ["new", "old"]


@each(("hosts", "plain"), [("", True), ("localhost,127.0.0.1", True), ("studio.example", False)])
def test_https_is_demanded_as_soon_as_a_host_is_not_this_machine(
    monkeypatch: pytest.MonkeyPatch, hosts: str, *, plain: bool
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", hosts)
    assert env.read().plain_http is plain


@each(("given", "hosts"), [("::1", ["[::1]"]), ("[::1], .a.example", ["[::1]", ".a.example"]), ("*", ["*"])])
def test_an_ipv6_host_may_stand_with_or_without_brackets(
    monkeypatch: pytest.MonkeyPatch, given: str, hosts: list[str]
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", given)
    assert env.read().allowed_hosts == hosts


@each("given", ["studio", "/studio", "/studio/", " studio/ "])
def test_a_base_path_may_stand_with_or_without_slashes(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("BASE_PATH", given)
    assert env.read().base_path == "/studio"


def test_the_table_in_the_readme_names_every_variable() -> None:
    source = Path(env.__file__).read_text().partition("def read()")[2]
    readme = (env.BASE_DIR / "README.md").read_text()
    example = (env.BASE_DIR / ".env.example").read_text()
    import re

    names = set(re.findall(r'"([A-Z][A-Z_]{3,})"', source))
    assert names
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []
    for_tests = {"STUDIO_FAILPOINTS"}
    assert [name for name in sorted(names - for_tests) if f"{name}=" not in example] == []


def test_a_bucket_is_named_by_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_STORAGE", "s3://studio-files/kept/here/")
    monkeypatch.setenv("S3_ENDPOINT", "http://127.0.0.1:9000/")
    monkeypatch.setenv("S3_REGION", "garage")
    monkeypatch.setenv("S3_ACCESS_KEY", "me")
    monkeypatch.setenv("S3_SECRET_KEY", "se/cr+et")
    bucket = env.read().bucket
    keys = Secret("me"), Secret("se/cr+et")
    assert bucket == env.Bucket("studio-files", "kept/here", "http://127.0.0.1:9000", "garage", *keys)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("S3_SECRET_KEY", {"S3_ACCESS_KEY": "me"}),
        ("S3_ACCESS_KEY", {"S3_SECRET_KEY": "secret"}),
        ("S3_ENDPOINT", {"S3_ENDPOINT": "http://minio.example.org"}),
        ("MEDIA_ACCEL", {"MEDIA_ACCEL": "/kept/"}),
    ],
)
def test_what_does_not_go_with_a_bucket_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, others: dict[str, str]
) -> None:
    monkeypatch.setenv("MEDIA_STORAGE", "s3://studio-files")
    for other, value in others.items():
        monkeypatch.setenv(other, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} "):
        env.read()


def test_a_bucket_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIA_STORAGE", "s3://studio-files")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-s3\.lock"):
        env.read()


class TestMail:
    @pytest.mark.parametrize(
        ("url", "host", "port", "starttls", "tls"),
        [
            ("smtp://studio:p%40ss@mail.example.org", "mail.example.org", 587, True, False),
            ("smtps://studio:p%40ss@mail.example.org", "mail.example.org", 465, False, True),
            ("smtp://localhost:1025", "localhost", 1025, False, False),
            ("console:", "", 0, False, False),
        ],
    )
    def test_leaves_as_its_address_says(self, url: str, host: str, port: int, starttls: bool, tls: bool) -> None:
        found = mail.parsed(url, "studio@example.org")
        assert (found.host, found.port, found.starttls, found.tls) == (host, port, starttls, tls)
        assert found.password.reveal() == ("p@ss" if "@" in url else "")

    @pytest.mark.parametrize(
        "url",
        ["mail.example.org", "smtp://", "smtp://a:b@host:port", "http://host", "smtp://user@host", "smtp://h/x?tls=1"],
    )
    def test_says_what_is_wrong_and_no_password(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        monkeypatch.setenv("DEFAULT_FROM_EMAIL", "studio@example.org")
        with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
            env.read()

    def test_needs_a_sender(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_URL", "smtp://mail.example.org")
        for sender in ["", "studio", "a b@example.org"]:
            monkeypatch.setenv("DEFAULT_FROM_EMAIL", sender)
            with pytest.raises(ImproperlyConfigured, match="DEFAULT_FROM_EMAIL"):
                env.read()

    def test_has_a_password_that_no_report_shows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_URL", "smtp://studio:hunter@mail.example.org")
        monkeypatch.setenv("DEFAULT_FROM_EMAIL", "Studio <studio@example.org>")
        found = env.read()
        assert "hunter" not in repr(found)
        assert "hunter" in [secret.reveal() for secret in found.secrets]
