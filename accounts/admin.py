"""People and their groups in the admin. Their tokens are in generations/admin/tokens.py, which knows their use."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission
from django.http import HttpRequest

from . import invitation_admin, security_admin  # noqa: F401 (they register what is theirs)
from .http import Request
from .models import User
from .rights import groups_within, rights


class Composed:
    """Looks for text in the Unicode form in which names and addresses are kept."""

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        found: tuple[Any, bool] = super().get_search_results(  # type: ignore[misc]
            request, queryset, User.normalize_username(search_term)
        )
        return found


class WithinOwnRights:
    """Whoever is no superuser gives away only what they have, and changes only those who have no more."""

    def reaches(self, actor: User, thing: Any) -> bool:
        """Whether this person, who is no superuser, may change the thing."""
        raise NotImplementedError

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._reaches(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._reaches(request, obj)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **options: Any) -> Any:
        if not request.user.is_superuser:
            if db_field.related_model is Permission:
                options["queryset"] = Permission.objects.filter(pk__in=rights(request.user))
            if db_field.related_model is Group:
                options["queryset"] = groups_within(request.user)
        return super().formfield_for_manytomany(db_field, request, **options)  # type: ignore[misc]

    def _reaches(self, request: Request, obj: Any) -> bool:
        return obj is None or request.user.is_superuser or self.reaches(request.user, obj)


@admin.register(User)
class PersonAdmin(WithinOwnRights, Composed, UserAdmin):
    """Django's own, in which nobody makes themselves or others more than they are."""

    def reaches(self, actor: User, thing: User) -> bool:
        return not thing.is_superuser and not rights(thing).exclude(pk__in=rights(actor)).exists()

    def get_readonly_fields(self, request: Request, obj: User | None = None) -> list[str]:  # type: ignore[override]
        fields = [*super().get_readonly_fields(request, obj)]
        return fields if request.user.is_superuser else [*fields, "is_superuser"]


admin.site.unregister(Group)


@admin.register(Group)
class StudioGroupAdmin(WithinOwnRights, GroupAdmin):
    """Django's own, in which nobody gives a group what they do not have."""

    def reaches(self, actor: User, thing: Group) -> bool:
        return groups_within(actor).filter(pk=thing.pk).exists()
