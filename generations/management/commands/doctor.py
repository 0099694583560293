"""`manage.py doctor`: looks at everything the studio needs, and says what to do."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generations import doctor


class Command(BaseCommand):
    help = "Check the whole installation. Exits with 1 if something is wrong; what is only noted may be as it should."
    requires_system_checks = ()  # they are among what is reported

    def handle(self, *args: Any, **options: Any) -> None:
        paint = {"ok": self.style.SUCCESS, "note": self.style.WARNING, "wrong": self.style.ERROR}
        broken = 0
        for subject, (verdict, words, to_do) in doctor.findings():
            self.stdout.write(f"{paint[verdict](f'{verdict:5}')} {subject:10} {words}")
            if to_do:
                self.stdout.write(f"{'':16} -> {to_do}")
            broken += verdict == "wrong"
        if broken:
            raise CommandError(f"{broken} things are wrong." if broken > 1 else "One thing is wrong.")
