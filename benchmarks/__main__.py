"""`python -m benchmarks [--small]`: runs every benchmark, each on a throw-away database of its own."""

import argparse
import os
from functools import partial

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from benchmarks import admin, dispatch, interaction, lists, load, pages, picture, thumbnails  # noqa: E402

BENCHMARKS = {
    "pages": pages.main,
    "thumbnails": thumbnails.main,
    "dispatch": dispatch.main,
    "picture": picture.main,
    "lists": lists.main,
    "admin": admin.main,
    "interaction": interaction.main,
    "load": load.main,
}
# These start processes with a database of their own, or need none.
WITHOUT_DATABASE = {"thumbnails", "picture", "interaction"}

parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
parser.add_argument("--small", action="store_true", help="a few of everything, as a smoke test")
parser.add_argument("--only", choices=BENCHMARKS)
options = parser.parse_args()

setup_test_environment()
for name in [options.only] if options.only else BENCHMARKS:
    run = partial(BENCHMARKS[name], small=options.small)
    if name in WITHOUT_DATABASE:
        run()
        continue
    config = setup_databases(verbosity=0, interactive=False)
    try:
        run()
    finally:
        teardown_databases(config, verbosity=0)
