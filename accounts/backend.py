"""Loads the signed-in person in one query with the token they spend from, because every page shows its credits."""

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import FilteredRelation, Q

from .models import User


class Backend(AuthenticationBackend):  # type: ignore[misc]
    def get_user(self, user_id: int) -> User | None:
        token = FilteredRelation("tokens", condition=Q(tokens__is_default=True))
        # This fills the cached property of that name; django-stubs understands neither trick.
        users = User.objects.annotate(current_token=token).select_related("current_token")  # type: ignore[misc, no-redef]
        user = users.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
