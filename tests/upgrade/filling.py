"""Rows of every kind, for any state of the migrations: of a release long ago as of today."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone

from accounts import link_secrets, sealing, vault
from meigen_api.secret import Secret

# The dumps of all releases hold these.
PLAIN = "meigen_sk_of_a_studio_that_was_upgraded"
PROMPT = "a lighthouse, 灯塔 🦊 “at dusk”\nsecond line\x01"
# Before it was a row of its own, it was the first key of TOKEN_KEYS.
FINGERPRINT_KEY = settings.TOKEN_KEYS[0][1]
LONG_AGO = datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
STATUSES = ["queued", "sending", "running", "done", "failed", "rejected", "stalled", "cancelled", "held"]
# Numbers that PostgreSQL writes in another way, deep nesting, and what looks like something else.
JSON = {"prompt": PROMPT, "numbers": [1e16, 1.5, -0.0, 2**53], "deep": [[[{"null": None}]]], "quote": "'\"\\u0041%s"}


class Filling:
    """`apps` has the models as that state of the migrations knows them."""

    def __init__(self, apps: Any) -> None:
        self.apps = apps

    def make(self, label: str, /, **values: Any) -> Any:
        """A row with those of the values that its table has yet; None where there is no such table yet."""
        try:
            model = self.apps.get_model(label)
        except LookupError:
            return None
        return model._base_manager.create(**{name: values[name] for name in values if _has(model, name)})

    def fill(self) -> None:
        now = timezone.now().replace(microsecond=0)
        people = [
            self.person("ada", now, is_superuser=True, is_staff=True),
            self.person("ben", now),
            self.person("eve", now),
        ]
        people.pop().delete()  # whose number nobody may get
        sealed = vault.seal(FINGERPRINT_KEY, owner_id=sealing.NOBODY)
        self.make("accounts.FingerprintKey", pk=1, ciphertext=sealed, key_id=vault.current_key_id())
        for person in people:
            self.token(person, now)
        self.signing_in(people[0], now)
        works = [self.generation(people[0], status, now) for status in STATUSES]
        done = works[STATUSES.index("done")]
        results = [self.result(done, number, now) for number in range(2)]
        self.generation(people[1], "done", LONG_AGO, team_at=now, made_from=done)
        self.generation(people[1], "done", now, deleted_at=now)
        self.references(people[0], done, results[0], now)
        self.shown(people, done, results[0], now)
        self.kept(people[0], now)
        self.money(people, now)
        self.background(now)

    def person(self, name: str, now: datetime, **values: Any) -> Any:
        person = self.make("accounts.User", username=name, email=f"{name}@example.org", password="!", **values)
        self.make("account.EmailAddress", user=person, email=person.email, verified=True, primary=True)
        return person

    def token(self, owner: Any, now: datetime) -> None:
        secret = Secret(f"{PLAIN}_{owner.username}")
        fingerprint = vault.fingerprint(secret, FINGERPRINT_KEY)
        self.make(
            "accounts.Token", owner=owner, label="Mine 🔑", kind="api", key_id=vault.current_key_id(), is_default=True,
            ciphertext=vault.seal(secret, owner_id=owner.pk), fingerprint=fingerprint, last4="aded",
            credits=100, credits_at=now, checked_at=now,
        )  # fmt: skip
        self.make("generations.RateGate", token_fingerprint=fingerprint, limited_at=now)

    def signing_in(self, person: Any, now: datetime) -> None:
        make, key, seed = self.make, "k" * 32, vault.seal(Secret("a seed"), owner_id=sealing.NOBODY)
        group = self.make("auth.Group", name="Illustrators")
        group.permissions.add(self.apps.get_model("auth.Permission").objects.first())
        person.groups.add(group)
        person.user_permissions.add(self.apps.get_model("auth.Permission").objects.last())
        make("sessions.Session", session_key=key, session_data="{}", expire_date=now + timedelta(days=1))
        make("usersessions.UserSession", user=person, ip="2001:db8::1", session_key=key, user_agent="x", data=JSON)
        make("mfa.Authenticator", user=person, type="recovery_codes", data={"seed": seed, "used_mask": 0})
        app = make("socialaccount.SocialApp", provider="openid_connect", name="n", client_id="c", settings=JSON)
        social = make("socialaccount.SocialAccount", user=person, provider="p", uid="1", extra_data=JSON)
        make("socialaccount.SocialToken", app=app, account=social, token="t", token_secret="")
        address = self.apps.get_model("account.EmailAddress").objects.first()
        make("account.EmailConfirmation", email_address=address, key="key")
        make("admin.LogEntry", user=person, action_flag=1, object_repr="Ä", change_message="[]")
        make("audit.Entry", action="signed-in", actor_id=person.pk, actor_name="ada", address="::1", details=JSON)
        make("audit.Entry", action="exported", at=LONG_AGO, actor_name="ada")
        make("accounts.Throttle", key="t" * 64, tries=3, waits_until=now, forgotten_at=now + timedelta(days=1))
        make(
            "accounts.Invitation", created_by=person, secret_hash="h" * 64, name="Zoë", expires_at=now, role="member",
            budget=5,
        )  # fmt: skip

    def generation(self, owner: Any, status: str, at: datetime, **values: Any) -> Any:
        if status == "held" and not _has(self.apps.get_model("generations.Generation"), "needs_approval"):
            return None
        key, taken = uuid.uuid4(), status in {"running", "done", "failed"}
        body = {"prompt": PROMPT, "modelId": "z-image-turbo", "idempotencyKey": str(key)}
        token = self.apps.get_model("accounts.Token").objects.get(owner=owner)
        row = self.make(
            "generations.Generation", owner=owner, status=status, nonce=uuid.uuid4().hex, idempotency_key=key,
            body=json.dumps(body, ensure_ascii=False), prompt=PROMPT, model_id="z-image-turbo", wish="w" * 64,
            model_name="Z Image Turbo", media_type="image", credits_estimated=2, credits_estimated_most=3, token=token,
            created_at=at, queued_at=at, changed_at=at, counted_on=at.date(), tries=1, expected_wait=1.1,
            needs_approval=status == "held", remote_id=f"job-{key}" if taken else "", credits_used=2 if taken else None,
            credits_status="refunded" if status == "failed" else "", running_at=at if taken else None,
            watch_until=at if taken else None, answer_status=402 if status == "rejected" else None,
            answer_body=json.dumps(JSON), message='{"code":"file_gone","status":410}' if status == "failed" else "",
            **values,
        )  # fmt: skip
        self.make("generations.Event", generation=row, at=at, status=status, note="")
        if status not in {"queued", "cancelled", "held"}:
            self.make(
                "generations.Attempt", generation=row, number=1, token_fingerprint=token.fingerprint, token_revision=1,
                sent_at=at, outcome="accepted" if taken else "refused", status_code=200, answer=json.dumps(JSON),
                error="", milliseconds=900,
            )  # fmt: skip
        return row

    def result(self, generation: Any, number: int, now: datetime) -> Any:
        pk = uuid.uuid4()
        names = {name: f"results/{pk.hex[:2]}/{pk.hex}{end}" for name, end in FILES.items()}
        return self.make(
            "generations.Result", id=pk, generation=generation, number=number, kept_at=now, content_type="image/png",
            source_url="https://images.meigen.ai/a.png", size=2**33, sha256="a" * 64, width=32, height=24, **names,
        )  # fmt: skip

    def references(self, owner: Any, generation: Any, result: Any, now: datetime) -> None:
        link = self.make(
            "generations.Reference", owner=owner, name="host", public_url="https://example.org/a.png", created_at=now
        )
        self.make("generations.Reference", owner=owner, name="a.png", result=result, sha256="a" * 64, uploaded_at=now)
        self.make("generations.ReferenceUse", generation=generation, reference=link, number=1)

    def shown(self, people: list[Any], done: Any, result: Any, now: datetime) -> None:
        ada, ben = people
        self.make("generations.Star", user=ben, generation=done, at=now, made_at=done.created_at)
        shelf = self.make("generations.Collection", owner=ada, name="Lighthouses ⚓", is_team=True, cover=done)
        self.make(
            "generations.CollectionItem", collection=shelf, generation=done, added_by=ada, position=1,
            made_at=done.created_at,
        )  # fmt: skip
        for number, collection in enumerate([None, shelf]):
            pk = uuid.uuid4()
            share = self.make(
                "generations.Share", id=pk, created_by=ada, title=f"Link {number}", collection=collection,
                secret_hash=link_secrets.hashed(link_secrets.secrets_of("share link", pk)[0]), allows_hearts=True,
            )  # fmt: skip
            self.make("generations.ShareItem", share=share, generation=done, number=number)
            self.make("generations.Heart", share=share, result=result, guest="g" * 64, name="Guest ♥")

    def kept(self, owner: Any, now: datetime) -> None:
        values = {"prompt": "a lighthouse", "model_id": "z-image-turbo", "odd": JSON}
        self.make("generations.Preset", owner=owner, name="Dusk", is_team=True, values=values, references=[])
        self.make("generations.Draft", owner=owner, values=values, references=[])
        self.make("generations.SavedView", owner=owner, name="Client Ä", query="q=%C3%84&starred=on")

    def money(self, people: list[Any], now: datetime) -> None:
        project = self.make("generations.Project", name="Coast", code="C-1")
        self.make("generations.Budget", scope="project", project=project, credits=1000)
        self.make("generations.Budget", scope="person", person=people[1], credits=2**31 - 1)
        self.make("generations.Approval", owner=people[1], nonce="n", credits=9, decided_by=people[0], approved=True)
        if project:
            import_module("generations.migrations.0004_ledger").book_what_was(self.apps, None)

    def background(self, now: datetime) -> None:
        self.make("generations.Lease", name="trash", expires_at=now)
        self.make("generations.Catalogue", pk=1, body="")
        self.make("generations.CatalogueChange", kind="dearer", model_id="m", model_name="M", least=2, least_before=1)
        self.make("django_q.OrmQ", key="studio", payload="p", lock=now)
        self.make("django_q.Schedule", func="f", next_run=now)
        self.make("django_q.Task", id="t" * 32, name="n", func="f", started=now, stopped=now, result={"pickled": 1})


FILES = {"file": ".png", "thumbnail": ".thumb.webp", "preview": ".preview.webp"}


def _has(model: Any, name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return name == "pk"
    return True
