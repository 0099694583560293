from django.conf import settings
from django.urls import path, re_path

from . import samples, views

urlpatterns = (
    [
        path("styleguide/", views.styleguide, name="styleguide"),
        # Where the cards look for the small pictures of samples, which have no files.
        re_path(
            rf"^generations/{samples.FAMILY}-[0-9a-f-]+/results/(?P<number>\d+)/(?:thumbnail|preview)/$", views.picture
        ),
    ]
    if settings.DEBUG
    else []
)
