from allauth.account import views as allauth
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, register_converter

from . import forgotten, leaving, openid, page, remote_views, security, views

register_converter(forgotten.Base36Converter, "base36")

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
    # The pages of django-allauth. Where there is no mail, forgotten passwords are reset by an admin.
    path("login/", allauth.login, name="account_login"),
    path("logout/", leaving.sign_out, name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/forgotten/", forgotten.ask, name="account_reset_password"),
    path("password/forgotten/sent/", forgotten.sent, name="account_reset_password_done"),
    path("password/forgotten/<base36:uidb36>-<str:key>/", forgotten.choose, name="account_reset_password_from_key"),
    path("password/forgotten/done/", forgotten.done, name="account_reset_password_from_key_done"),
    # Second factors, under the names by which django-allauth finds its pages; `mfa_index` is ours.
    path("security/", security.security, name="mfa_index"),
    path("security/", security.security, name="account_set_password"),  # where a password is changed that is not there
    path("security/app/", security.add_app, name="mfa_activate_totp"),
    path("security/app/qr/", security.app_qr, name="app_qr"),
    path("security/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("security/codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("security/codes/new/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("security/codes/download/", recovery_codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("security/passkeys/add/", security.add_passkey, name="mfa_add_webauthn"),
    path("security/passkeys/<int:pk>/remove/", security.remove_passkey, name="mfa_remove_webauthn"),
    path("reauthenticate/code/", security.confirm_by_code, name="mfa_reauthenticate"),
    path("reauthenticate/passkey/", security.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("login/code/", security.authenticate, name="mfa_authenticate"),
    path("login/passkey/", security.sign_in_by_passkey, name="mfa_login_webauthn"),
    path("login/openid/", openid.openid, name="openid"),
    path("login/openid/<str:provider_id>/", openid.openid_callback, name="openid_connect_callback"),
    path("sessions/", security.sessions, name="sessions"),
    path("sessions/<int:pk>/end/", security.end_session, name="end_session"),
    path("sessions/end-others/", security.end_other_sessions, name="end_other_sessions"),
]
