"""Making share links and taking them back."""

from django.utils import timezone

from accounts.models import User

from .models import Generation, Share


def share(generation: Generation, by: User) -> Share:
    row = Share(generation=generation, created_by=by)
    row.seal()
    row.save()
    return row


def revoke(share: Share) -> None:
    """Takes the link back at once; a link taken back stays so."""
    Share.objects.live().filter(pk=share.pk).update(revoked_at=timezone.now())
