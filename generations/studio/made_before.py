"""Earlier results of the same request, which cost nothing to look at."""

from django.db.models import Exists, OuterRef

from accounts.models import User
from generations.models import Generation, Result
from generations.studio.form import GenerateForm

MOST = 4
PROMPTS = 40


def made(user: User, form: GenerateForm) -> list[Generation]:
    """The newest results of the form's prompts, model, settings and references that this person may see."""
    if not form.is_bound:
        form = GenerateForm(form.offer, data=form.chosen, references=form.references)
    if not form.is_valid():
        return []
    wishes = {form.wish(prompt) for prompt in form.prompts[:PROMPTS]}
    rows = Generation.objects.visible_to(user).kept().filter(wish__in=wishes, status=Generation.Status.DONE)
    kept = Result.objects.filter(generation=OuterRef("pk"), kept_at__isnull=False)
    return list(rows.filter(Exists(kept)).with_card().newest_first()[:MOST])
