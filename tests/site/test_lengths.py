"""Files and functions stay short enough to be read at once."""

import ast
from collections.abc import Iterator

from meigen_site.env import BASE_DIR

PACKAGES = ["accounts", "audit", "generations", "meigen_api", "meigen_site", "sandbox"]
MOST = {"file": 350, "function": 45}


def lengths() -> Iterator[tuple[str, str, int]]:
    """(kind, name, lines) of all that is written by hand."""
    for path in (path for package in PACKAGES for path in (BASE_DIR / package).rglob("*.py")):
        if "migrations" in path.parts:
            continue
        text = path.read_text()
        yield "file", path.name, text.count("\n")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                yield "function", f"{path.name}: {node.name}", node.end_lineno - node.lineno + 1


def test_no_file_is_longer_than_350_lines_and_no_function_than_45() -> None:
    assert not [(name, lines) for kind, name, lines in lengths() if lines > MOST[kind]]
