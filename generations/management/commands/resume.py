"""`manage.py resume`: ends the pause after a restore, once Meigen has been asked about everything that was open."""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import vault
from generations.dispatch import reconcile
from generations.dispatch.reconcile import Charge, Found
from generations.models import Generation, Pause
from meigen_api.errors import MeigenError

S = Generation.Status

SILENT = (
    "Meigen does not answer (%(problem)s), so the studio stays paused. Run resume again later; what has been found out "
    "stays. With --anyway, what Meigen is silent about is put aside for its owner to check."
)
SENDING = "Meigen never received these %(number)s, so nothing was charged. They are sent now."
PUT_AWAY = (
    "Meigen never received these %(number)s, so nothing was charged. They are cancelled; their owners can send them "
    "again."
)
UNCERTAIN = "It is not known what became of these %(number)s. Their owners can check again, free of charge."
REVIVED = (
    "What was taken back, switched off or deleted after %(moment)s is there again: look through share links, accounts, "
    "Meigen tokens and deleted work."
)


class Command(BaseCommand):
    help = (
        "Ask Meigen about everything that was open in the backup, say what is newer there, gone, or charged and not "
        "here, and end the pause after a restore. Free of charge; safe to interrupt and to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--send",
            action="store_true",
            help="send what waited in the backup and never arrived at Meigen, rather than leave that to its owners; "
            "for a backup of minutes ago, since what waited in an older one was mostly cancelled for a reason",
        )
        parser.add_argument("--anyway", action="store_true", help="put aside what Meigen does not answer about")

    def handle(self, *args: Any, send: bool, anyway: bool, **options: Any) -> None:
        pause = Pause.objects.first()
        if pause is None:
            self.stdout.write("The studio is not paused.")
            return
        found = []
        try:
            for one in reconcile.open_ones(pause, sends=send, anyway=anyway):
                found.append(one)
                self._tell(one)
        except reconcile.NoWord as problem:
            raise CommandError(SILENT % {"problem": problem}) from None
        self._sum_up(found)
        self._tell_charges(pause)
        self.stdout.write(REVIVED % {"moment": f"{pause.backup_at:%Y-%m-%d %H:%M} UTC"})
        reconcile.resume()
        self.stdout.write("The studio works again.")

    def _tell(self, found: Found) -> None:
        row = found.generation
        if found.has_moved:
            cost = "" if row.credits_used is None else f", {row.credits_used} credits"
            gone = ", gone at Meigen" if found.is_gone else ""
            self.stdout.write(f"{row.pk} of {row.owner}: {found.before} -> {row.status}{cost}{gone}")

    def _sum_up(self, found: list[Found]) -> None:
        moved = [one for one in found if one.has_moved]
        became = Counter(one.generation.status for one in moved)
        gone = sum(one.is_gone for one in moved)
        newer = len(moved) - gone - became[S.CANCELLED] - became[S.STALLED]
        self.stdout.write(
            f"{len(found)} were open: {newer} newer at Meigen, {gone} gone, {len(found) - len(moved)} as before."
        )
        waiting = sum(one.generation.status == S.QUEUED for one in found)
        for words, number in [(SENDING, waiting), (PUT_AWAY, became[S.CANCELLED]), (UNCERTAIN, became[S.STALLED])]:
            if number:
                self.stdout.write(words % {"number": number})

    def _tell_charges(self, pause: Pause) -> None:
        told: dict[str, Charge] = {}
        read = set()
        for session in reconcile.sessions():
            try:
                told |= {one.usage.id: one for one in reconcile.charges_of(session, pause.backup_at)}
                read.add(session.owner_id)
            except (MeigenError, vault.Unreadable) as problem:
                self.stdout.write(f"What {session.owner}'s tokens have paid for could not be read: {problem}")
        for charge in told.values():
            used = charge.usage
            self.stdout.write(
                f"Charged and not here: {used.id}, {used.created_at}, {used.model}, {used.credits_used} credits, "
                f"{used.status}, token {charge.token} of {charge.owner}"
            )
        if unseen := reconcile.people_unseen(read):
            names = ", ".join(person.get_username() for person in unseen)
            self.stdout.write(f"What was charged is not known for {names}: no session token tells it. See meigen.ai.")
        credits = sum(charge.usage.credits_used or 0 for charge in told.values())
        self.stdout.write(f"{len(told)} charged at Meigen since the backup and not here, {credits} credits.")
