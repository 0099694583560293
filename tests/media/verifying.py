"""`manage.py verify_media`, and files of a certain age."""

import io
import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone


def run(*options: str) -> str:
    """What the command says; raises CommandError when something is wrong."""
    said = io.StringIO()
    try:
        call_command("verify_media", *options, stdout=said)
    except CommandError as error:
        raise CommandError(said.getvalue()) from error
    return said.getvalue()


def age(name: str, days: float = 2) -> None:
    moment = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(Path(configured.MEDIA_ROOT) / name, (moment, moment))


def left(name: str, days: float = 2) -> str:
    """A file that no row names."""
    default_storage.save(name, ContentFile(b"left over"))
    age(name, days)
    return name
