"""`python -m benchmarks`: runs every benchmark on a throw-away database."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from benchmarks import pages  # noqa: E402

setup_test_environment()
_config = setup_databases(verbosity=0, interactive=False)
try:
    pages.main()
finally:
    teardown_databases(_config, verbosity=0)
