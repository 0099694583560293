"""TOKEN_KEYS changes while processes run: in whatever order, no token is lost or called a bad one."""

import io
from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import factors, sealing, tokens, vault
from accounts.models import Token, User
from accounts.sealing import FingerprintKey
from accounts.token_check import Verdict
from generations.dispatch import submit
from generations.models import Generation
from generations.models.sentences import translated
from meigen_api.secret import Secret
from tests.cases import each
from tests.clips import generate
from tests.conftest import FastSandbox
from tests.helpers import make_clip, make_generation, make_token, make_user

PLAIN = "meigen_sk_0123456789abcdef0123456789abcdef"
OLD, NEW = ((name, Secret(Fernet.generate_key().decode())) for name in ("old", "new"))
WAITS = "is being given new keys"


@pytest.fixture(autouse=True)
def _old_keys(settings: Settings) -> None:
    settings.TOKEN_KEYS = [OLD]


def rotate(*options: str) -> str:
    said = io.StringIO()
    call_command("rotate_tokens", *options, stdout=said, stderr=said)
    return said.getvalue()


def sent(row: Generation) -> tuple[str, str]:
    """What became of one try to send it: its status, and what its card says."""
    submit.send(row.pk)
    row.refresh_from_db()
    return row.status, translated(row.message)


def test_a_token_stays_the_same_one_and_its_rate_window_goes_on(
    sandbox: FastSandbox, user: User, settings: Settings
) -> None:
    token = make_token(user, PLAIN)
    settings.MEIGEN_RATE = (2, 60)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        rows = [make_generation(user) for _ in range(3)]
        waiting = [row for row in rows if sent(row)[0] == "queued" and sent(row)[0] == "queued"]
        assert len(waiting) == 1
        settings.TOKEN_KEYS = [NEW, OLD]
        rotate()
        settings.TOKEN_KEYS = [NEW]
        assert Token.objects.get().fingerprint == token.fingerprint
        assert sent(waiting[0])[0] == "queued"
        # Pasted again, it is known; a colleague who has it too shares its window.
        tokens.add(user, Secret(PLAIN), "Again", Verdict.GOOD)
        assert Token.objects.values_list("label", "revision").get() == ("Again", 1)
        colleague = make_user()
        assert make_token(colleague, PLAIN).fingerprint == token.fingerprint
        assert sent(make_generation(colleague))[0] == "queued"
        clock.shift(timedelta(seconds=62))
        assert sent(waiting[0])[0] == "running"


def test_a_process_with_old_keys_waits_for_its_restart_and_calls_no_token_bad(
    sandbox: FastSandbox, user: User, browser: Client, settings: Settings
) -> None:
    token = make_token(user, PLAIN)
    row = make_generation(user)
    settings.TOKEN_KEYS = [NEW, OLD]
    rotate()
    code = factors.Adapter().encrypt("code")

    settings.TOKEN_KEYS = [OLD]
    status, words = sent(row)
    assert status == "queued"
    assert WAITS in words
    assert "Replace" not in words
    assert not row.attempts.exists()
    page = browser.post(f"/accounts/tokens/{token.pk}/check/", follow=True).content.decode()
    assert WAITS in page
    assert "Replace it, or tell your admin" not in page
    assert Token.objects.get().refused_at is None
    # Nor does it seal anything with a key that may be gone tomorrow.
    for url in ["/accounts/tokens/", f"/accounts/tokens/{token.pk}/replace/"]:
        answer = browser.post(url, {"token": f"meigen_sk_{'1' * 32}", "label": "Other"})
        assert answer.status_code == 503
        assert WAITS in answer.content.decode()
    for use in (factors.Adapter().encrypt, factors.Adapter().decrypt):
        with pytest.raises(vault.OldKeys):
            use(code)
    with pytest.raises(CommandError, match="lacks the key new"):
        rotate()

    settings.TOKEN_KEYS = [NEW]
    assert Token.objects.get().secret() == Secret(PLAIN)
    with time_machine.travel(timezone.now() + timedelta(seconds=20)):
        assert sent(row)[0] == "running"
    assert len(sandbox.ledger.charges()) == 1


def test_a_new_process_beside_old_ones_seals_with_the_new_key_and_they_seal_nothing_more(
    sandbox: FastSandbox, user: User, settings: Settings
) -> None:
    make_token(user, PLAIN)
    colleague = make_user()
    settings.TOKEN_KEYS = [NEW, OLD]
    make_token(colleague)

    settings.TOKEN_KEYS = [OLD]  # not restarted yet, and what is its own key's it still does
    assert sent(make_generation(user))[0] == "running"
    assert WAITS in sent(make_generation(colleague))[1]
    with pytest.raises(vault.OldKeys):
        make_token(make_user())

    settings.TOKEN_KEYS = [NEW, OLD]
    rotate()
    settings.TOKEN_KEYS = [NEW]
    assert [token.secret().reveal()[:10] for token in Token.objects.all()] == ["meigen_sk_"] * 2


def test_an_old_key_that_was_removed_too_early_is_named_until_it_is_back(
    sandbox: FastSandbox, user: User, settings: Settings
) -> None:
    make_token(user, PLAIN)
    row = make_generation(user)
    settings.TOKEN_KEYS = [NEW]
    assert WAITS in sent(row)[1]
    with pytest.raises(vault.OldKeys):
        make_token(make_user())
    with pytest.raises(CommandError, match="lacks the key old"):
        rotate()
    [found] = run_checks(databases=["default"])
    assert found.msg == "TOKEN_KEYS is missing old, which stored tokens are encrypted with."
    settings.TOKEN_KEYS = [NEW, OLD]
    assert "1 re-encrypted, 0 unreadable." in rotate()
    settings.TOKEN_KEYS = [NEW]
    assert Token.objects.get().secret() == Secret(PLAIN)
    assert not run_checks(databases=["default"])


def test_of_a_key_that_is_lost_for_good_people_are_told_to_replace_their_token(
    sandbox: FastSandbox, user: User, browser: Client, settings: Settings
) -> None:
    token = make_token(user, PLAIN)
    settings.TOKEN_KEYS = [NEW]
    assert f"Token {token.pk} of {user} cannot be decrypted." in rotate("--lost-keys")
    assert "Replace it on the token page" in sent(make_generation(user))[1]
    browser.post(f"/accounts/tokens/{token.pk}/replace/", {"token": PLAIN, "label": ""})
    token.refresh_from_db()
    assert token.secret() == Secret(PLAIN)
    assert make_token(make_user(), PLAIN).fingerprint == token.fingerprint


@each("keys", [[OLD], [NEW, OLD]])
def test_fingerprints_of_before_there_was_a_key_for_them_stay(
    user: User, settings: Settings, keys: list[tuple[str, Secret]]
) -> None:
    """As an earlier release left them: made with the key that encrypted the token."""
    token = make_token(user, PLAIN)
    FingerprintKey.objects.all().delete()
    before = vault.fingerprint(Secret(PLAIN), OLD[1])
    Token.objects.update(fingerprint=before)
    settings.TOKEN_KEYS = keys
    assert sealing.fingerprint(Secret(PLAIN)) == before
    rotate()
    token.refresh_from_db()
    assert (token.fingerprint, token.key_id) == (before, keys[0][0])


def test_a_clip_that_only_a_new_key_can_upload_waits_with_its_prompt(
    sandbox: FastSandbox, user: User, browser: Client, settings: Settings
) -> None:
    make_token(user, PLAIN)
    clip = make_clip(user, 3)
    settings.TOKEN_KEYS = [NEW, OLD]
    rotate()
    settings.TOKEN_KEYS = [OLD]
    page = generate(browser, clip, prompt="a patient heron")
    assert page.status_code == 422
    words = page.content.decode()
    assert f"The studio {WAITS}. Your token is fine" in words
    assert "a patient heron" in words
    assert "Replace it" not in words
    assert not Generation.objects.exists()
    settings.TOKEN_KEYS = [NEW]
    assert generate(browser, clip).status_code == 302
