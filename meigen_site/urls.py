"""Every address of the studio."""

from django.contrib import admin
from django.urls import include, path

from accounts.languages import set_language

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("i18n/setlang/", set_language, name="set_language"),
    path("", include("generations.urls")),
]
