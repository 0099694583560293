from allauth.account import views as allauth
from django.urls import path

from . import page, remote_views, views

urlpatterns = [
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<int:pk>/replace/", views.replace_token, name="replace_token"),
    path("tokens/<int:pk>/check/", views.check_token, name="check_token"),
    path("tokens/<int:pk>/use/", views.use_token, name="use_token"),
    path("tokens/<int:pk>/remove/", views.remove_token, name="remove_token"),
    path("tokens/at-meigen/", remote_views.remote_tokens, name="remote_tokens"),
    path("tokens/at-meigen/<str:token_id>/revoke/", remote_views.revoke_remote, name="revoke_remote"),
    path("tokens/at-meigen/<str:token_id>/usage/", remote_views.remote_usage, name="remote_usage"),
    path("fresh-token/", page.fresh_token, name="fresh_token"),
    path("time-zone/", views.time_zone, name="time_zone"),
    # The pages of django-allauth that need no email. Forgotten passwords are reset by an admin.
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("password/change/", allauth.password_change, name="account_change_password"),
]
