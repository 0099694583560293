"""Builds the image without an engine: the Dockerfile's steps, in a scratch root, from what .dockerignore leaves.

What needs another machine than this one is left out: base images, Debian's packages and pip. Files are copied as COPY
says, and commands of the project itself run with the Python of these tests in the place of the image's.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from meigen_site.env import BASE_DIR

OWN = ("manage.py", "gunicorn")


class CannotBuild(Exception):
    """The step that fails, and why."""


@dataclass
class Image:
    """One stage of the Dockerfile so far."""

    root: Path
    context: Path
    workdir: str = "/"
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)

    def place(self, path: str) -> Path:
        """The path of the image, below the scratch root."""
        return self.root / (Path(self.workdir) / path).relative_to("/")

    def run(self, command: str) -> str:
        """What the command says. Paths of the image in its environment are those below the root."""
        own = {name: str(self.place(value)) if value.startswith("/") else value for name, value in self.given.items()}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-ec", command],
            cwd=self.place("."),
            env={**own, "PATH": path, "HOME": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotBuild(f"RUN {command}\n{done.stdout}")
        return done.stdout

    @property
    def given(self) -> dict[str, str]:
        return {name: value for name, value in self.environment.items() if name != "PATH"}

    def copy(self, words: str) -> None:
        """COPY of the context; what another stage has made is not made here."""
        *sources, target = [word for word in words.split() if not word.startswith("--")]
        if "--from=" in words:
            return
        for name in sources:
            source = self.context / name
            if not source.exists():
                raise CannotBuild(f"COPY {words}: {name} is not there, or .dockerignore leaves it out")
            if source.is_dir():
                shutil.copytree(source, self.place(target), dirs_exist_ok=True)
            else:
                into = self.place(target) / source.name if target.endswith((".", "/")) else self.place(target)
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, into)

    def step(self, instruction: str, words: str) -> None:
        match instruction:
            case "COPY":
                self.copy(words)
            case "ENV":
                self.environment |= dict(word.split("=", 1) for word in shlex.split(words))
            case "WORKDIR":
                self.workdir = words
                self.place(".").mkdir(parents=True, exist_ok=True)
            case "RUN" if any(own in words for own in OWN):
                self.run(words)
            case "CMD":
                self.command = [word.strip(' "') for word in words.strip("[] ").split(",")]


def build(folder: Path) -> Image:
    """The last stage, built in this empty folder. Raises CannotBuild."""
    context = folder / "context"
    for name in _sent():
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(BASE_DIR / name, context / name)
    stages: list[Image] = []
    for instruction, words in _steps((BASE_DIR / "Dockerfile").read_text()):
        if instruction == "FROM":
            stages.append(Image(folder / f"stage-{len(stages)}", context))
        else:
            stages[-1].step(instruction, words)
    return stages[-1]


def _steps(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [(found[1], " ".join(found[2].split())) for found in re.finditer(r"^([A-Z]+)\s+(.+)$", whole, re.MULTILINE)]


def _sent() -> list[str]:
    """What the engine is sent. Nothing below a folder that is left out is looked at; no rule of ours brings it back."""
    rules = [line.strip() for line in (BASE_DIR / ".dockerignore").read_text().splitlines() if line.strip()]
    tops = [top for top in BASE_DIR.iterdir() if not _is_left_out(top.name, rules)]
    found = [file for top in tops for file in ([top] if top.is_file() else top.rglob("*"))]
    names = [str(file.relative_to(BASE_DIR)) for file in found if file.is_file()]
    return [name for name in names if not _is_left_out(name, rules)]


def _is_left_out(name: str, rules: list[str]) -> bool:
    """The last rule that fits decides. A rule fits a file if it fits one of the folders that it is in."""
    left_out = False
    for rule in rules:
        if re.fullmatch(f"{_pattern(rule.removeprefix('!'))}(/.*)?", name):
            left_out = not rule.startswith("!")
    return left_out


def _pattern(rule: str) -> str:
    parts = re.split(r"(\*\*/|\*|\?)", rule.strip("/"))
    meant = {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(meant.get(part, re.escape(part)) for part in parts)
