from django.urls import include, path

from . import remote_views, views

urlpatterns = [
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/replace/", views.replace_token, name="replace_token"),
    path("tokens/<int:pk>/check/", views.check_token, name="check_token"),
    path("tokens/<int:pk>/use/", views.use_token, name="use_token"),
    path("tokens/<int:pk>/remove/", views.remove_token, name="remove_token"),
    path("tokens/at-meigen/", remote_views.remote_tokens, name="remote_tokens"),
    path("tokens/at-meigen/<str:token_id>/revoke/", remote_views.revoke_remote, name="revoke_remote"),
    path("tokens/at-meigen/<str:token_id>/usage/", remote_views.remote_usage, name="remote_usage"),
    path("", include("allauth.account.urls")),
]
