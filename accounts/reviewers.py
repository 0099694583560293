"""The group of staff who see everything in the admin and do nothing there."""

from typing import Any

from django.contrib.auth.models import Group, Permission

NAME = "Reviewers"
APPS = ["accounts", "audit", "generations"]


def make_group(**_signal: Any) -> None:
    """Makes the group once, after the migrations, which is when Django has made the permissions.

    Afterwards it belongs to the admins: what they take from it stays away.
    """
    views = Permission.objects.filter(content_type__app_label__in=APPS, codename__startswith="view_")
    if Group.objects.filter(name=NAME).exists() or not views.filter(codename="view_generation").exists():
        return
    Group.objects.create(name=NAME).permissions.set(views)
