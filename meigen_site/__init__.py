"""The Django project: settings, URLs, the WSGI application, and the foreground command of `make run`."""

VERSION = "0.1.0"  # and in pyproject.toml
