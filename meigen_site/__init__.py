"""The Django project: settings, URLs, the WSGI application, and the foreground command of `make run`."""
