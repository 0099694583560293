"""Switches every guard off, one at a time, and says which the tests did not miss: `python -m tests.guards [words]`.

Each is a text of the product and what it becomes. The tests named with it run in a copy of the project, where they must
fail. With words, only the guards whose names contain one of them. Ends with 1 if a guard is missing or stayed green.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from meigen_site.env import BASE_DIR

AT_ONCE = 2


@dataclass(frozen=True)
class Guard:
    name: str
    path: str
    text: str
    instead: str
    tests: str


GUARDS = [
    # Who comes in.
    Guard(
        "every view is for signed-in people",
        "meigen_site/middleware.py",
        "super().process_view(request, view_func, view_args, view_kwargs)",
        "None",
        "tests/site/test_access.py",
    ),
    Guard(
        "a page of another person is refused",
        "meigen_site/middleware.py",
        "if page.is_of_another_person(request):",
        "if False:",
        "tests/site/test_stale_pages.py",
    ),
    Guard(
        "the admin's own sign-in is closed",
        "meigen_site/admin.py",
        "return secure_admin_login(self._come_in)(request)",
        "return super().login(request, extra_context)",
        "tests/accounts/test_guessing.py",
    ),
    Guard(
        "schedules stay out of the admin",
        "meigen_site/admin.py",
        'if not own.__module__.startswith(("allauth.", "django_q.")):',
        "if True:",
        "tests/site/test_admin.py",
    ),
    Guard(
        "wrong passwords are counted",
        "accounts/throttles.py",
        "if until > now:",
        "if False:",
        "tests/accounts/test_guessing.py",
    ),
    Guard(
        "a right password ends no pause that others began",
        "accounts/throttles.py",
        "timezone.now() if row.waits_until == until else row.waits_until",
        "timezone.now()",
        "tests/accounts/test_guessing.py",
    ),
    Guard(
        "a name and an address of one person are one count",
        "accounts/guessing.py",
        'Count(ACCOUNT, f"person {pk}")',
        'Count(ACCOUNT, f"person {pk} {[*logins]}")',
        "tests/accounts/test_guessing.py",
    ),
    Guard(
        "strangers do not lock out a known browser",
        "accounts/guessing.py",
        "if (browser := known.get(str(pk)))",
        "if (browser := None)",
        "tests/accounts/test_guessing.py",
    ),
    Guard(
        "an IPv6 visitor is a network",
        "accounts/throttles.py",
        'if ":" not in address:',
        "if True:",
        "tests/accounts/test_guessing.py tests/sharing/test_passwords.py",
    ),
    Guard(
        "a new password needs the old one, within the limit",
        "accounts/forms.py",
        "if not get_adapter().reauthenticate(self.user, password):",
        "if not self.user.check_password(password):",
        "tests/accounts/test_guessing.py",
    ),
    Guard(
        "an address is read from the proxy that is trusted",
        "accounts/address.py",
        "parsed(entries[-proxies])",
        "parsed(entries[0])",
        "tests/accounts/test_addresses.py",
    ),
    Guard(
        "other sites may not post for a member",
        "meigen_site/settings.py",
        '    "django.middleware.csrf.CsrfViewMiddleware",\n',
        "",
        "tests/site/test_access.py",
    ),
    Guard(
        "other sites may not post for a guest",
        "generations/sharing/guests.py",
        'if request.method == "POST" and is_cross_site(request):',
        "if False:",
        "tests/sharing/test_passwords.py",
    ),
    Guard(
        "the admin demands the second factor",
        "meigen_site/admin.py",
        "return super().has_permission(request) and not factors.is_lacking(request)",
        "return super().has_permission(request)",
        "tests/accounts/test_staff_factors.py",
    ),
    Guard(
        "the admin's password page is the studio's",
        "meigen_site/admin.py",
        'return redirect("account_change_password")',
        "return super().password_change(request, extra_context)",
        "tests/site/test_ranks.py tests/limits/test_matrix.py",
    ),
    Guard(
        "staff reach nobody above them",
        "accounts/admin.py",
        "return obj is None or request.user.is_superuser or self.reaches(request.user, obj)",
        "return True",
        "tests/site/test_ranks.py",
    ),
    Guard(
        "no list is queried by ciphertext",
        "meigen_site/admin.py",
        "return is_offered and super().lookup_allowed(lookup, value, request)",
        "return True",
        "tests/site/test_ranks.py",
    ),
    Guard(
        "nobody is let in by an address that is not verified",
        "accounts/openid.py",
        'claims.get("email_verified") is not True or ',
        "",
        "tests/accounts/test_openid.py",
    ),
    Guard(
        "a sign-in ends when nobody uses it",
        "accounts/sessions.py",
        "session.set_expiry(max(1, min(settings.SESSION_COOKIE_AGE, since + settings.SESSION_LASTS - now)))",
        "session.set_expiry(10**8)",
        "tests/accounts/test_sessions.py",
    ),
    Guard(
        "a leaked password is refused",
        "accounts/passwords.py",
        "if is_leaked(password.strip()):",
        "if False:",
        "tests/accounts/test_passwords.py",
    ),
    Guard(
        "passkeys are asked for so often",
        "accounts/security.py",
        "if asks:\n        try:",
        "if False:\n        try:",
        "tests/site/test_growth.py",
    ),
    Guard(
        "the audit log is not changed",
        "audit/models.py",
        "def update(self, **values: Any) -> NoReturn:\n        raise AppendOnly",
        "def update(self, **values: Any) -> int:  # type: ignore\n        return super().update(**values)",
        "tests/audit",
    ),
    Guard(
        "a flood fills no audit log",
        "audit/log.py",
        "if action in BY_ANYBODY:",
        "if False:",
        "tests/audit",
    ),
    Guard(
        "an export holds no formulas",
        "audit/admin.py",
        'return f"\'{text}" if text.startswith(("=", "+", "-", "@", "\\t", "\\r")) else text',
        "return text",
        "tests/audit",
    ),
    # What is whose.
    Guard(
        "a generation is opened by its owner or the team",
        "generations/models/generation.py",
        "return self.filter(visible(user), erased_at=None)",
        "return self.filter(erased_at=None)",
        "tests/site/test_access.py",
    ),
    Guard(
        "a generation is changed by its owner",
        "generations/models/generation.py",
        "return self.filter(owner=user, erased_at=None)",
        "return self.filter(erased_at=None)",
        "tests/site/test_access.py",
    ),
    Guard(
        "a file is read by whoever may open its generation",
        "generations/media/serving.py",
        'seen = Exists(generations.filter(pk=OuterRef("generation")))',
        'seen = Exists(Generation.objects.filter(pk=OuterRef("generation")))',
        "tests/site/test_access.py",
    ),
    Guard(
        "a collection is opened by its owner or the team",
        "generations/models/collection.py",
        'return self.filter(Q(owner=user) | Q(is_team=True)).select_related("owner")',
        'return self.select_related("owner")',
        "tests/site/test_access.py",
    ),
    Guard(
        "a collection is changed by its owner",
        "generations/models/collection.py",
        "return self.filter(owner=user)",
        "return self.all()",
        "tests/site/test_access.py tests/library/collections",
    ),
    Guard(
        "a token is replaced by its owner",
        "accounts/views.py",
        'token = get_object_or_404(Token, pk=pk, owner=request.user)\n    if request.method != "POST":',
        'token = get_object_or_404(Token, pk=pk)\n    if request.method != "POST":',
        "tests/site/test_access.py",
    ),
    Guard(
        "a link is changed by its maker",
        "generations/sharing/views.py",
        'Share.objects.live().select_related("collection", "created_by"), pk=pk, created_by=request.user',
        'Share.objects.live().select_related("collection", "created_by"), pk=pk',
        "tests/site/test_access.py",
    ),
    Guard(
        "a link is revoked by its maker",
        "generations/sharing/views.py",
        "get_object_or_404(Share, pk=pk, created_by=request.user)",
        "get_object_or_404(Share, pk=pk)",
        "tests/site/test_access.py",
    ),
    Guard(
        "a tick says nothing of others' cards",
        "generations/library/tick.py",
        'visible = f"(owner_id = %s OR ({shown})) AND erased_at IS NULL"',
        'visible = f"(owner_id = %s OR ({shown}) OR 1 = 1) AND erased_at IS NULL"',
        "tests/studio/test_tick.py",
    ),
    Guard(
        "a tick's token ends",
        "generations/library/tick.py",
        "unsign(token, max_age=LASTS)",
        "unsign(token)",
        "tests/studio/test_tick.py",
    ),
    Guard(
        "a draft is its writer's",
        "generations/studio/drafts.py",
        "if waiting and waiting.get(PERSON) == str(request.user.pk):",
        "if waiting:",
        "tests/site/test_growth.py",
    ),
    # What a link shows.
    Guard(
        "a link shows nothing without its password",
        "generations/sharing/guests.py",
        "or (not locked and not is_open(request, share))",
        "",
        "tests/sharing/test_passwords.py",
    ),
    Guard(
        "a link that is over or revoked shows nothing",
        "generations/models/share.py",
        "return self.live().filter(secret_hash=_hash(secret))",
        "return self.filter(secret_hash=_hash(secret))",
        "tests/sharing/test_ends.py tests/sharing/test_links.py",
    ),
    Guard(
        "a link shows its maker's work alone",
        "generations/models/share.py",
        "own = Generation.objects.finished_by(self.created_by)",
        "own = Generation.objects.filter(status=Generation.Status.DONE)",
        "tests/sharing tests/library/collections",
    ),
    Guard(
        "a link without downloads gives no file",
        "generations/sharing/guests.py",
        "if share.allows_downloads or row.is_video:",
        "if True:",
        "tests/sharing/test_choices.py",
    ),
    Guard(
        "a link without hearts takes none",
        "generations/sharing/guests.py",
        "if not share.allows_hearts:\n        raise Http404",
        "if False:\n        raise Http404",
        "tests/sharing/test_choices.py",
    ),
    Guard(
        "fresh guests are counted",
        "generations/sharing/guests.py",
        "if guest and on:",
        "if False:",
        "tests/sharing/test_choices.py",
    ),
    Guard(
        "guests get no metadata",
        "generations/sharing/guests.py",
        "return serving.serve_stripped(request, row, title=_title(share, row))",
        'return serving.serve(request, row, "file", title=_title(share, row))',
        "tests/sharing tests/media/test_strip_pictures.py",
    ),
    Guard(
        "logs hold no links",
        "meigen_site/logs.py",
        'return SHARE_LINK.sub(r"\1...", words)',
        "return words",
        "tests/sharing/test_links.py",
    ),
    # What a page may do.
    Guard(
        "pages are not kept by caches",
        "meigen_site/middleware.py",
        "patch_cache_control(response, private=True, no_store=True)",
        "pass",
        "tests/site/test_headers.py",
    ),
    Guard(
        "files run nothing in our name",
        "generations/media/serving.py",
        'response["Content-Security-Policy"] = "sandbox; default-src \'none\'"',
        "",
        "tests/media/test_serving.py",
    ),
    Guard(
        "forms are UTF-8",
        "meigen_site/middleware.py",
        'if charset.lower() in {"utf-8", "utf8"}',
        "if True",
        "tests/site",
    ),
    Guard(
        "a page leads back to this site alone",
        "accounts/http.py",
        "and url_has_allowed_host_and_scheme(target, allowed_hosts=None)",
        "",
        "tests/limits/test_fuzz.py tests/accounts",
    ),
    # What holds secrets.
    Guard(
        "a token opens for its owner alone",
        "accounts/vault.py",
        'if envelope["owner"] != owner_id:',
        "if False:",
        "tests/accounts/test_vault.py",
    ),
    Guard(
        "a secret has no repr",
        "meigen_api/secret.py",
        'return f"Secret({DOTS})"',
        'return f"Secret({self._value})"',
        "tests/contract/test_secrets.py tests/accounts/test_vault.py",
    ),
    Guard(
        "answers are stored without the token",
        "meigen_api/client.py",
        "body = token.scrub(body)",
        "pass",
        "tests/contract/test_secrets.py tests/limits/test_echo.py",
    ),
    Guard(
        "a token is never shown again",
        "accounts/forms.py",
        "def format_value(self, value: Any) -> None:\n        return None",
        "def format_value(self, value: Any) -> Any:\n        return value",
        "tests/accounts/test_token_page.py",
    ),
    Guard(
        "an error page masks with DEBUG too",
        "meigen_site/reports.py",
        "def is_active(self, request: HttpRequest | None) -> bool:\n        return True",
        "def is_active(self, request: HttpRequest | None) -> bool:\n        return not settings.DEBUG",
        "tests/site/test_error_pages.py",
    ),
    Guard(
        "an error page is scrubbed",
        "meigen_site/reports.py",
        "plain = secret.scrub(plain)",
        "pass",
        "tests/site/test_error_pages.py",
    ),
    Guard(
        "leaving clears the browser",
        "accounts/leaving.py",
        'response["Clear-Site-Data"] = \'"cache"\' if settings.BASE_PATH else \'"cache", "storage"\'',
        "pass",
        "tests/site/test_signing_out.py",
    ),
    # What comes from outside.
    Guard(
        "nothing goes into a private network",
        "meigen_api/outgoing.py",
        'if not is_public(str(connection.get_extra_info("server_addr")[0])):',
        "if False:",
        "tests/dispatch/test_named_addresses.py",
    ),
    Guard(
        "requests take no proxy of the environment",
        "meigen_api/outgoing.py",
        "trust_env=False",
        "trust_env=True",
        "tests/dispatch/test_named_addresses.py",
    ),
    Guard(
        "results and uploads go to allowed hosts",
        "meigen_api/outgoing.py",
        "(self.hosts is None or bool(names & self.hosts)) and ",
        "",
        "tests/dispatch/test_named_addresses.py tests/media/test_fetching.py",
    ),
    Guard(
        "results and uploads follow no redirect",
        "meigen_api/outgoing.py",
        "follow_redirects=False",
        "follow_redirects=True",
        "tests/dispatch/test_named_addresses.py tests/media/test_fetching.py",
    ),
    Guard(
        "results end at a size",
        "generations/media/download.py",
        "if size > max_bytes:",
        "if False:",
        "tests/media/test_fetching.py",
    ),
    Guard(
        "decoding has little memory",
        "generations/media/decoder_process.py",
        "resource.setrlimit(limit, (most, most))",
        "pass",
        "tests/media/test_decoder.py",
    ),
    # What is paid.
    Guard(
        "one process sends a generation",
        "generations/models/sending.py",
        'is_over("lease_until", now),',
        "",
        "tests/dispatch",
    ),
    Guard(
        "a key goes to one account",
        "generations/dispatch/submit.py",
        "if generation.tries and known.exclude(token_revision=token.revision).exists():",
        "if False:",
        "tests/dispatch",
    ),
    Guard(
        "a price that rose is asked about",
        "generations/studio/prices.py",
        "def risen(",
        "def risen(*_: object, **__: object) -> None:\n    return None\n\n\ndef _risen(",
        "tests/studio/test_prices.py tests/studio/test_form.py",
    ),
]


def main(words: list[str]) -> int:
    chosen = [guard for guard in GUARDS if not words or any(word in guard.name for word in words)]
    folders: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(AT_ONCE):
            copy = Path(folder) / str(number)
            _copy(copy)
            folders.put(copy)
        if _tested(copy, {path for guard in chosen for path in guard.tests.split()}, AT_ONCE):
            print("Some of these tests fail with every guard in place.")
            return 1

        def outcome(guard: Guard) -> str:
            copy = folders.get()
            try:
                return _switched_off(guard, copy)
            finally:
                folders.put(copy)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(outcome, chosen))
    for guard, said in zip(chosen, outcomes, strict=True):
        print(f"{said:13} {guard.name}")
    missed = [said for said in outcomes if said != "red"]
    print(f"{len(chosen)} guards, {len(missed)} of them not missed by a test")
    return 1 if missed else 0


def _copy(target: Path) -> None:
    """The project as git knows it, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (BASE_DIR / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BASE_DIR / name, target / name)


def _switched_off(guard: Guard, copy: Path) -> str:
    """`red` if its tests fail without the guard, else `STAYED GREEN`, or `NOT FOUND` if its text is not in the file."""
    file = copy / guard.path
    whole = file.read_text()
    if whole.count(guard.text) != 1:
        return "NOT FOUND"
    file.write_text(whole.replace(guard.text, guard.instead))
    try:
        ended = _tested(copy, guard.tests.split(), 0)
    finally:
        file.write_text(whole)
    return {0: "STAYED GREEN", 1: "red"}.get(ended, f"ERROR {ended}")


def _tested(copy: Path, tests: Iterable[str], processes: int) -> int:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", str(processes), "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
