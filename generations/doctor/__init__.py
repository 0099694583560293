"""What `manage.py doctor` looks at: one function for each subject, in the order of the report.

Another subject adds a function to one of the files here and its name to CHECKS.
"""

from collections.abc import Callable, Iterator

from django.db import DatabaseError

from generations.doctor import files, outside, rows
from generations.doctor.finding import Finding, wrong

CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "settings": rows.settings_and_rows,
    "database": rows.database,
    "migrations": rows.migrations,
    "keys": rows.keys,
    "clocks": rows.clocks,
    "workers": rows.workers,
    "media": files.media,
    "space": files.space,
    "secrets": files.env_file,
    "ffmpeg": files.programs,
    "Meigen": outside.meigen,
    "proxy": outside.proxy,
    "mail": outside.mail,
}


def findings() -> Iterator[tuple[str, Finding]]:
    """Each with its subject. A check that cannot be made is something wrong, and the others are made all the same."""
    for subject, check in CHECKS.items():
        try:
            for finding in check():
                yield subject, finding
        except (DatabaseError, OSError) as problem:
            yield subject, wrong(f"It could not be checked: {problem}", "Put that right and run the doctor again.")
