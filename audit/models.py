"""The rows of the audit log. They are added and, when they are old, purged; nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

BATCH = 1000


class AppendOnly(Exception):
    """Somebody tried to change or delete an entry."""

    def __init__(self) -> None:
        super().__init__("The audit log is append-only.")


class Action(models.TextChoices):
    SIGNED_IN = "signed-in", _("Signed in")
    SIGN_IN_FAILED = "sign-in-failed", _("Failed to sign in")
    SIGNED_OUT = "signed-out", _("Signed out")
    PASSWORD_CHANGED = "password-changed", _("Changed the password")
    FACTOR_ADDED = "factor-added", _("Added a second factor")
    FACTOR_REMOVED = "factor-removed", _("Removed a second factor")
    FACTOR_RENEWED = "factor-renewed", _("Renewed a second factor")
    FACTOR_FAILED = "factor-failed", _("Failed at the second factor")
    TOKEN_ADDED = "token-added", _("Added a token")
    TOKEN_REPLACED = "token-replaced", _("Replaced a token")
    TOKEN_CHOSEN = "token-chosen", _("Chose the token that pays")
    TOKEN_REMOVED = "token-removed", _("Removed a token")
    TOKEN_REVOKED = "token-revoked", _("Revoked a token at Meigen")
    SHARE_CREATED = "share-created", _("Created a link")
    SHARE_CHANGED = "share-changed", _("Changed a link")
    SHARE_OPENED = "share-opened", _("Opened a link")
    SHARE_UNLOCKED = "share-unlocked", _("Unlocked a link")
    SHARE_REFUSED = "share-refused", _("Typed a wrong password for a link")
    SHARE_REVOKED = "share-revoked", _("Revoked a link")
    ADMIN_LOOKED = "admin-looked", _("Looked at it in the admin")
    ADMIN_LISTED = "admin-listed", _("Looked at a list in the admin")
    ADMIN_ADDED = "admin-added", _("Added it in the admin")
    ADMIN_CHANGED = "admin-changed", _("Changed it in the admin")
    ADMIN_DELETED = "admin-deleted", _("Deleted it in the admin")
    INVITED = "invited", _("Invited somebody")
    INVITATION_USED = "invitation-used", _("Used an invitation")
    INVITATION_REVOKED = "invitation-revoked", _("Took an invitation back")
    HANDED_OVER = "handed-over", _("Handed a person's work over")
    PERSON_ERASED = "person-erased", _("Erased a person's work")
    EXPORTED = "exported", _("Exported the audit log")


class EntryQuerySet(models.QuerySet["Entry"]):
    def update(self, **values: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnly

    def purge(self, before: datetime) -> int:
        """Deletes up to a thousand of the entries from before this moment. Returns how many.

        The database itself refuses to delete what is younger than four weeks.
        """
        old = list(self.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:BATCH])
        models.QuerySet(Entry, using=self.db).filter(pk__in=old).delete()
        return len(old)


class Entry(models.Model):
    """One thing that somebody did. Triggers of the database refuse to change it, whoever asks.

    The actor and the object are named rather than referred to, because an entry outlives both.
    """

    at = models.DateTimeField(_("time"), default=timezone.now)
    action = models.CharField(_("action"), max_length=30, choices=Action)
    actor_id = models.BigIntegerField(_("actor's id"), null=True, help_text=_("Empty for guests and the server."))
    actor_name = models.CharField(_("actor"), max_length=150, blank=True)
    object_kind = models.CharField(_("kind of object"), max_length=60, blank=True)
    object_id = models.CharField(_("object's id"), max_length=64, blank=True)
    object_words = models.CharField(_("object"), max_length=200, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    details = models.JSONField(_("details"), default=dict)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
            models.Index(fields=["actor_id", "-at"], name="audit_by_actor"),
            models.Index(fields=["actor_name", "-at"], name="audit_by_name"),
            models.Index(fields=["object_id", "-at"], name="audit_by_object"),
            models.Index(fields=["address", "-at"], name="audit_by_address"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at).isoformat(' ', 'seconds')} {self.actor_name} {self.action}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise AppendOnly
