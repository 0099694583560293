"""Switches every guard off, one at a time, and says which the tests did not miss: `python -m tests.guards [words]`.

Each is a text of the product and what it becomes (guards.toml). The tests named with it run in a copy of the project,
where they must fail; the one that did is told. With words, only the guards whose names contain one of them. Ends with 1
if a guard is missing or stayed green. With `--write` it only writes docs/guards.md, the list for readers.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from meigen_site.env import BASE_DIR

AT_ONCE = 2
SECONDS = 900  # a guard may be what keeps something from waiting forever
GUARDS = Path(__file__).with_name("guards.toml")
PAGE = BASE_DIR / "docs" / "guards.md"
ABOUT = """# Guards

What protects the studio, where it is, and the tests that fail when it is switched off, which `python -m tests.guards`
does with each in turn. This page is made from `tests/guards.toml` by `python -m tests.guards --write`; what the guards
are for is in [security.md](security.md).

| Guard | Where | Held by |
|---|---|---|
"""


@dataclass(frozen=True)
class Guard:
    name: str
    path: str
    text: str
    instead: str
    tests: str


def known() -> list[Guard]:
    return [Guard(**entry) for entry in tomllib.loads(GUARDS.read_text())["guard"]]


def page() -> str:
    """docs/guards.md as it should be."""
    rows = (
        f"| {guard.name} | `{guard.path}` | {', '.join(f'`{name}`' for name in guard.tests.split())} |\n"
        for guard in known()
    )
    return ABOUT + "".join(rows)


def main(words: list[str]) -> int:
    if words == ["--write"]:
        PAGE.write_text(page())
        return 0
    chosen = [guard for guard in known() if not words or any(word in guard.name for word in words)]
    folders: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(AT_ONCE):
            copy = Path(folder) / str(number)
            _copy(copy)
            folders.put(copy)
        ended, failed = _tested(copy, {path for guard in chosen for path in guard.tests.split()}, AT_ONCE)
        if ended:
            print(f"Some of these tests fail with every guard in place: {failed}")
            return 1

        def is_red(guard: Guard) -> bool:
            copy = folders.get()
            try:
                said, failed = _switched_off(guard, copy)
            finally:
                folders.put(copy)
            print(f"{said:13} {guard.name} {failed}".rstrip(), flush=True)
            return said == "red"

        with ThreadPoolExecutor(AT_ONCE) as pool:
            missed = list(pool.map(is_red, chosen)).count(False)
    print(f"{len(chosen)} guards, {missed} of them not missed by a test")
    return 1 if missed else 0


def _copy(target: Path) -> None:
    """The project as git knows it, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (BASE_DIR / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BASE_DIR / name, target / name)


def _switched_off(guard: Guard, copy: Path) -> tuple[str, str]:
    """`red` and the test that fails without the guard, else `STAYED GREEN`, or `NOT FOUND` if its text is not there."""
    file = copy / guard.path
    whole = file.read_text()
    if whole.count(guard.text) != 1:
        return "NOT FOUND", ""
    file.write_text(whole.replace(guard.text, guard.instead))
    try:
        ended, failed = _tested(copy, guard.tests.split(), 0)
    finally:
        file.write_text(whole)
    if ended == 0:
        return "STAYED GREEN", ""
    # Without a test that failed, the product did not even start, which proves nothing.
    return "red" if ended == 1 and failed else f"ERROR {ended}", failed


def _tested(copy: Path, tests: Iterable[str], processes: int) -> tuple[int, str]:
    """The exit code, and the first test that failed in parentheses."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-rfE", "-n", str(processes), "-p", "no:cacheprovider"]
    try:
        ended = subprocess.run(
            [*command, *tests], cwd=copy, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return -1, f"(not within {SECONDS} s)"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", ended.stdout, re.MULTILINE)
    return ended.returncode, f"({failed[1]})" if failed else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
