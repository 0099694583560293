from django.urls import path

from . import guests, views

urlpatterns = [
    path("shares/", views.shares, name="shares"),
    path("shares/new/", views.new_share, name="new_share"),
    path("shares/<uuid:pk>/", views.share_link, name="share_link"),
    path("shares/<uuid:pk>/revoke/", views.revoke, name="revoke"),
    path("shares/<uuid:pk>/qr.svg", views.share_qr, name="share_qr"),
    path("s/<str:secret>/", guests.shared, name="shared"),
    path("s/<str:secret>/unlock/", guests.unlock, name="unlock"),
    path("s/<str:secret>/name/", guests.shared_name, name="shared_name"),
    path("s/<str:secret>/zip/", guests.shared_zip, name="shared_zip"),
    path("s/<str:secret>/<uuid:result>/", guests.shared_result, name="shared_result"),
    path("s/<str:secret>/<uuid:result>/preview/", guests.shared_preview, name="shared_preview"),
    path("s/<str:secret>/<uuid:result>/chat.jpg", guests.shared_for_chat, name="shared_for_chat"),
    path("s/<str:secret>/<uuid:result>/heart/", guests.shared_heart, name="shared_heart"),
]
