"""`python -m benchmarks [--small]`: runs every benchmark on a throw-away database."""

import argparse
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from benchmarks import admin, dispatch, interaction, lists, load, pages, picture, thumbnails  # noqa: E402

parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
parser.add_argument("--small", action="store_true", help="a few jobs only, as a smoke test")
parser.add_argument(
    "--only", choices=["pages", "dispatch", "picture", "thumbnails", "lists", "admin", "load", "interaction"]
)
options = parser.parse_args()

setup_test_environment()
_config = setup_databases(verbosity=0, interactive=False)
try:
    if options.only in {None, "pages"}:
        pages.main()
    if options.only in {None, "thumbnails"}:
        thumbnails.main(small=options.small)
    if options.only in {None, "dispatch"}:
        if options.small:
            dispatch.main(jobs=100, idle_seconds=1, within=(1, 3))
        else:
            dispatch.main(jobs=2000, idle_seconds=30, within=(10, 20))
    if options.only in {None, "picture"}:
        picture.main(small=options.small)
    if options.only in {None, "lists"}:
        lists.main(small=options.small)
    if options.only in {None, "admin"}:
        admin.main(small=options.small)
    if options.only in {None, "interaction"}:
        interaction.main(small=options.small)
    if options.only in {None, "load"}:
        if options.small:
            load.main(browsers=5, jobs=20, seconds=5)
        else:
            load.main(browsers=100, jobs=500, seconds=60)
finally:
    teardown_databases(_config, verbosity=0)
