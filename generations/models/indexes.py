"""The indexes of generations, each for a list of theirs."""

from django.db import models
from django.db.models import Q

from generations.models.status import TROUBLE, WAITING

NEWEST = ("-created_at", "-id")
KEPT = Q(deleted_at=None)
TEAMS = KEPT & Q(team_at__isnull=False)
IN_PROJECT = Q(project__isnull=False)
MADE_FROM = Q(made_from__isnull=False)

# Each one is for a list that would otherwise be read through to find the few rows of a page. The partial ones
# are small, and most changes of a row do not touch them. The rest are paid for with every row.
INDEXES = [
    models.Index(fields=["-finished_at"], name="latest_finished"),
    models.Index(
        fields=["deleted_at"],
        name="in_the_trash",
        condition=models.Q(deleted_at__isnull=False, erased_at__isnull=True),
    ),
    # What is under way, and the admin's list of a status.
    models.Index(fields=["status", *NEWEST], name="by_status"),
    models.Index(fields=["wish"], name="by_wish"),
    # The history. All of it, and the admin's.
    models.Index(fields=["owner", *NEWEST], name="own_kept", condition=KEPT),
    models.Index(fields=[*NEWEST], name="all_newest_first"),
    # By its filters. Pictures and videos, and models: a person may have a million of one and ten of another.
    models.Index(fields=["owner", "media_type", *NEWEST], name="own_of_kind", condition=KEPT),
    models.Index(fields=["owner", "model_id", *NEWEST], name="own_of_model", condition=KEPT),
    # The states but "done", which nearly all are.
    models.Index(fields=["owner", *NEWEST], name="own_waiting", condition=KEPT & Q(status__in=WAITING)),
    models.Index(fields=["owner", *NEWEST], name="own_trouble", condition=KEPT & Q(status__in=TROUBLE)),
    models.Index(fields=["owner", *NEWEST], name="own_cancelled", condition=KEPT & Q(status="cancelled")),
    models.Index(fields=["owner", *NEWEST], name="own_deleted", condition=Q(deleted_at__isnull=False)),
    # What the team is shown.
    models.Index(fields=[*NEWEST], name="of_team", condition=TEAMS),
    models.Index(fields=["model_id", *NEWEST], name="of_team_and_model", condition=TEAMS),
    models.Index(fields=["owner", "status", *NEWEST], name="of_team_and_owner", condition=TEAMS),
    # By project: a person's, and everybody's.
    models.Index(fields=["owner", "project", *NEWEST], name="own_of_project", condition=KEPT & IN_PROJECT),
    models.Index(fields=["project", *NEWEST], name="of_project", condition=IN_PROJECT),
    models.Index(fields=["error_code", *NEWEST], name="by_error_code", condition=~Q(error_code="")),
    # What a result led to. Most are made from nothing.
    models.Index(fields=["made_from"], name="led_to", condition=MADE_FROM),
    # What waits for a new token or for credits; every sweep asks.
    models.Index(
        fields=["answer_status", "finished_at"],
        name="refused_by_answer",
        condition=KEPT & Q(status="rejected"),
    ),
]
