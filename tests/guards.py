"""Switches every guard off, one at a time, and says which the tests did not miss: `python -m tests.guards [words]`.

Each is a text of the product and what it becomes (guards.toml). The tests named with it run in a copy of the project,
where they must fail. With words, only the guards whose names contain one of them. Ends with 1 if a guard is missing or
stayed green.
"""

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
GUARDS = Path(__file__).with_name("guards.toml")


@dataclass(frozen=True)
class Guard:
    name: str
    path: str
    text: str
    instead: str
    tests: str


def main(words: list[str]) -> int:
    known = [Guard(**entry) for entry in tomllib.loads(GUARDS.read_text())["guard"]]
    chosen = [guard for guard in known if not words or any(word in guard.name for word in words)]
    folders: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(AT_ONCE):
            copy = Path(folder) / str(number)
            _copy(copy)
            folders.put(copy)
        if _tested(copy, {path for guard in chosen for path in guard.tests.split()}, AT_ONCE):
            print("Some of these tests fail with every guard in place.")
            return 1

        def outcome(guard: Guard) -> str:
            copy = folders.get()
            try:
                return _switched_off(guard, copy)
            finally:
                folders.put(copy)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(outcome, chosen))
    for guard, said in zip(chosen, outcomes, strict=True):
        print(f"{said:13} {guard.name}")
    missed = [said for said in outcomes if said != "red"]
    print(f"{len(chosen)} guards, {len(missed)} of them not missed by a test")
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


def _switched_off(guard: Guard, copy: Path) -> str:
    """`red` if its tests fail without the guard, else `STAYED GREEN`, or `NOT FOUND` if its text is not in the file."""
    file = copy / guard.path
    whole = file.read_text()
    if whole.count(guard.text) != 1:
        return "NOT FOUND"
    file.write_text(whole.replace(guard.text, guard.instead))
    try:
        ended = _tested(copy, guard.tests.split(), 0)
    finally:
        file.write_text(whole)
    return {0: "STAYED GREEN", 1: "red"}.get(ended, f"ERROR {ended}")


def _tested(copy: Path, tests: Iterable[str], processes: int) -> int:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", str(processes), "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
