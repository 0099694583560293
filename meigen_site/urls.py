"""Every address of the studio."""

from django.contrib import admin
from django.urls import include, path

from accounts.languages import set_language
from meigen_site import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("logo/<str:version>/", views.logo, name="logo"),
    path("site.webmanifest", views.manifest, name="manifest"),
    path("i18n/setlang/", set_language, name="set_language"),
    path("", include("generations.urls")),
]
