from django.urls import path

from . import approvals, changes, digest, views

urlpatterns = [
    path("usage/", views.usage, name="usage"),
    path("usage/digest/", digest.digest, name="digest"),
    path("usage/changes/", changes.changes, name="changes"),
    path("usage/projects/<int:pk>/", views.statement, name="statement"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<uuid:pk>/", approvals.decide, name="decide_approval"),
]
