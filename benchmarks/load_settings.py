"""The studio's settings with a trivial view beside its pages, for the web server that `benchmarks.load` measures."""

from meigen_site.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.pages"
