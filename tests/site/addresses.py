"""Every address of the studio by name, outside the admin, by whom it is for."""

import io

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.urls import reverse

from generations.library import collecting
from generations.media import attachments
from generations.models import SavedView
from generations.sharing import links
from generations.studio import presets
from tests.helpers import make_generation, make_result, make_token, make_user, picture

OWN = {
    "generation", "cancel", "cancel_click", "star", "compare", "team", "delete", "restore", "preset", "delete_preset",
    "collection", "collection_settings", "collection_team", "collection_order", "arrange_collection",
    "merge_collection", "delete_collection", "fetch_again", "send_again", "check_again", "share", "revoke",
    "share_link", "share_qr", "result", "thumbnail", "preview", "replace_token", "check_token",
    "remove_token", "reference", "use_result", "use_token", "end_session", "mfa_remove_webauthn",
    "rename_view", "delete_view", "menu",
}  # fmt: skip
STAFF = {"changes", "digest", "statement", "approvals", "decide_approval"}
PERSONAL = {
    "studio", "fields", "price", "restored", "selected", "collections", "collection_names", "collection_options",
    "found", "months", "saved_views", "presets", "palette", "end_guide", "shares", "new_share", "usage",
    "generations", "gallery", "live", "model", "tokens", "references", "send_all_again", "what_waited", "finish",
    "inspiration", "inspiration_image", "inspiration_picture", "use_inspiration",
    "remote_tokens", "revoke_remote", "remote_usage", "fresh_token", "time_zone",
    "account_reauthenticate", "account_change_password", "account_set_password",
    "mfa_index", "mfa_activate_totp", "mfa_deactivate_totp", "app_qr", "mfa_add_webauthn",
    "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
    "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "sessions", "end_other_sessions",
}  # fmt: skip
PUBLIC = {
    "shared",
    "shared_result",
    "shared_preview",
    "shared_for_chat",
    "shared_zip",
    "shared_heart",
    "shared_name",
    "unlock",
    "healthz",
    "metrics",
    "set_language",
    "logo",
    "manifest",
    "account_login",
    "account_logout",
    "account_inactive",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "openid",
    "openid_connect_callback",
    "tick",
    "join",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}


def made_by_somebody() -> dict[str, str]:
    """Every address that belongs to one person, by name, of a person nobody else is."""
    owner = make_user("owner")
    generation = make_generation(owner, status="done", prompt="CANARY prompt")
    make_result(generation)
    share = links.share(owner, [generation])
    token = make_token(owner)
    arguments: dict[str, list[object]] = {
        "revoke": [share.pk],
        "share_link": [share.pk],
        "share_qr": [share.pk],
        "result": [generation.pk, 0],
        "thumbnail": [generation.pk, 0],
        "preview": [generation.pk, 0],
        "use_result": [generation.pk, 0],
        "reference": [attachments.add_file(owner, "a.png", io.BytesIO(picture()), None).pk],
        "replace_token": [token.pk],
        "preset": [presets.save(owner, "CANARY preset", {}, [], is_team=False).pk],
        "delete_preset": [presets.save(owner, "Everybody's", {}, [], is_team=True).pk],
        "check_token": [token.pk],
        "remove_token": [token.pk],
        "use_token": [token.pk],
        "end_session": [UserSession.objects.create(user=owner, ip="192.0.2.7", session_key="CANARY").pk],
        "mfa_remove_webauthn": [Authenticator.objects.create(user=owner, type="webauthn", data={"name": "CANARY"}).pk],
    }
    view = SavedView.objects.create(owner=owner, name="CANARY view", query="state=done")
    arguments |= {name: [view.pk] for name in ("rename_view", "delete_view")}
    collection, _ = collecting.create(owner, "CANARY collection")
    collecting.add(owner, collection.pk, [generation.pk])
    arguments |= {name: [collection.pk] for name in OWN if "collection" in name}
    return {name: reverse(name, args=arguments.get(name, [generation.pk])) for name in OWN}
