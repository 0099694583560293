from django.urls import include, path

from . import views

urlpatterns = [
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/replace/", views.replace_token, name="replace_token"),
    path("tokens/<int:pk>/check/", views.check_token, name="check_token"),
    path("tokens/<int:pk>/remove/", views.remove_token, name="remove_token"),
    path("", include("allauth.account.urls")),
]
