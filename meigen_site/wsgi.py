"""The WSGI application: `meigen_site.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meigen_site.settings")

application = get_wsgi_application()
