"""The WSGI application: `meigen_site.wsgi:application`."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meigen_site.settings")


def below(base: str, inner: "WSGIApplication") -> "WSGIApplication":
    """The application below a path, such as /studio. A proxy may take that off the address or leave it."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if f"{path}/".startswith(f"{base}/"):
            environ["PATH_INFO"] = path.removeprefix(base) or "/"
        return inner(environ, start_response)

    return application


application = below(settings.BASE_PATH, get_wsgi_application())
