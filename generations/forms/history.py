"""What to look for in the history. Every choice is in the address, so a page can be kept or sent."""

from collections.abc import Mapping
from datetime import date, datetime, time
from urllib.parse import urlencode

from django import forms
from django.core.cache import caches
from django.utils import timezone

from accounts.models import User
from generations.models import Generation, GenerationQuerySet

S = Generation.Status

STATES = {
    "waiting": ("Waiting or running", [S.QUEUED, S.SENDING, S.RUNNING]),
    "done": ("Done", [S.DONE]),
    "trouble": ("Needs a look", [S.FAILED, S.REJECTED, S.STALLED]),
    "cancelled": ("Cancelled", [S.CANCELLED]),
}
MODELS_LAST = 60  # seconds


class HistoryForm(forms.Form):
    """Filters; an empty one holds nothing back. A value that makes no sense is shown with its error and left out."""

    q = forms.CharField(
        label="Search prompts",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words of the prompt", "data-key": "/"}),
    )
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "All"), *((name, word) for name, (word, _) in STATES.items())]
    )
    kind = forms.ChoiceField(
        label="Kind", required=False, choices=[("", "All"), ("image", "Pictures"), ("video", "Videos")]
    )
    model = forms.ChoiceField(label="Model", required=False)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    starred = forms.BooleanField(label="Starred", required=False)

    def __init__(self, user: User, data: Mapping[str, str]) -> None:
        super().__init__(data, label_suffix="", auto_id="find-%s")
        model = self.fields["model"]
        assert isinstance(model, forms.ChoiceField)
        model.choices = [("", "All"), *_models_of(user)]
        self.full_clean()

    def filter(self, rows: GenerationQuerySet) -> GenerationQuerySet:
        values = self.cleaned_data
        if values.get("q"):
            rows = rows.filter(prompt__icontains=values["q"])
        if values.get("state"):
            rows = rows.filter(status__in=STATES[values["state"]][1])
        if values.get("kind"):
            rows = rows.filter(media_type=values["kind"])
        if values.get("model"):
            rows = rows.filter(model_id=values["model"])
        if values.get("starred"):
            rows = rows.filter(starred_at__isnull=False)
        if values.get("since"):
            rows = rows.filter(created_at__gte=_moment(values["since"], time.min))
        if values.get("until"):
            rows = rows.filter(created_at__lte=_moment(values["until"], time.max))
        return rows

    @property
    def is_filtering(self) -> bool:
        return any(self.cleaned_data.values())

    @property
    def query(self) -> str:
        """The filters as the query of an address, without the place in the list."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})


def _moment(day: date, hour: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, hour))


def _models_of(user: User) -> list[tuple[str, str]]:
    """(id, name) of every model this person has used."""
    cache, key = caches["local"], f"models-of-{user.pk}"
    known: list[tuple[str, str]] | None = cache.get(key)
    if known is None:
        rows = Generation.objects.visible_to(user).order_by("model_name").values_list("model_id", "model_name")
        known = list(dict(rows.distinct()).items())
        cache.set(key, known, MODELS_LAST)
    return known
