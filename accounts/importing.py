"""People from a spreadsheet: a CSV file becomes invitations, after a look at what would happen."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from . import invitations
from .columns import as_address
from .models import Invitation, User
from .rights import roles_within
from .text import name_in

MOST = 500
MOST_CREDITS = 2_147_483_647  # what the column holds
COLUMNS = {"name": "name", "username": "name", "user name": "name", "role": "role", "budget": "budget"}
COLUMNS |= {"email": "email", "e-mail": "email", "mail": "email"}
ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows, Western European", "gb18030": "Chinese, GB 18030"}
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
Role = Invitation.Role


class Unreadable(Exception):
    """The file as a whole is no list of people; the words say what to do."""


@dataclass
class Line:
    """One person of the file, by the number of its line, and what is wrong with it."""

    number: int
    name: str = ""
    email: str = ""
    role: str = Role.MEMBER
    budget: str = ""
    problems: list[str] = field(default_factory=list)


def decoded(data: bytes, encoding: str = "") -> str:
    """The text of the file. Excel marks Unicode at the beginning; without a mark or a choice the likely ones are tried.

    Raises Unreadable.
    """
    marked = next((found for mark, found in MARKS.items() if data.startswith(mark)), "")
    for tried in [marked or encoding] if marked or encoding else ENCODINGS:
        try:
            return data.decode(tried)
        except UnicodeDecodeError:
            continue
    raise Unreadable("The file is not in this encoding. Choose another, or save it as CSV UTF-8.")


def read(text: str, giver: User) -> list[Line]:
    """The people of the file, checked for what this admin would invite. Raises Unreadable."""
    rows = _rows(text)
    try:
        _, header = next(rows)
        names = [COLUMNS.get(name.strip().lower(), "") for name in header]
        if "" in names or not {"name", "email"} & {*names} or len({*names}) < len(names):
            raise Unreadable(
                "The first line must name the columns: name, e-mail, role, budget. Name or e-mail is needed."
            )
        lines = [_line(number, names, row) for number, row in rows]
    except StopIteration:
        raise Unreadable("The file is empty.") from None
    except csv.Error as error:
        raise Unreadable(f"The file is not CSV: {error}.") from None
    if not lines or len(lines) > MOST:
        raise Unreadable(f"The file has {len(lines)} people; 1 to {MOST} can be imported at once.")
    _check(lines, giver)
    return lines


def invite(lines: list[Line], giver: User) -> list[Invitation]:
    """Invites all of them, or raises Unreadable and invites nobody if one has a problem."""
    if any(line.problems for line in lines):
        raise Unreadable("Some lines have problems. Mend the file and choose it again.")
    with transaction.atomic():
        return [
            invitations.invite(
                giver,
                role=line.role,
                name=line.name,
                email=line.email,
                budget=int(line.budget) if line.budget else None,
            )
            for line in lines
        ]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Every line with something in it, with its number. Excel separates by what its country uses."""
    first, _, rest = text.partition("\n")
    named = first.strip().lower().removeprefix("sep=") if first.lower().startswith("sep=") else ""
    header = rest.partition("\n")[0] if named else first
    separator = named or max(",;\t", key=header.count)
    if len(separator) != 1:
        raise Unreadable("The first line names a separator of more than one character.")
    reader = csv.reader(io.StringIO(rest if named else text, newline=""), delimiter=separator, strict=True)
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num + bool(named), row


def _line(number: int, names: list[str], row: list[str]) -> Line:
    cells: dict[str, Any] = {name: name_in(cell) for name, cell in zip(names, row, strict=False) if cell.strip()}
    line = Line(number, **cells)
    line.name, line.email = User.normalize_username(line.name), as_address(line.email)
    known = {**{role.value: role for role in Role}, **{str(role.label).lower(): role for role in Role}}
    if line.role.lower() not in known:
        line.problems.append(f"There is no role {line.role!r}: {', '.join(Role.values)}.")
    line.role = known.get(line.role.lower(), Role.MEMBER)
    if len(row) > len(names):
        line.problems.append("There are more cells than columns.")
    return line


def _check(lines: list[Line], giver: User) -> None:
    """Says of each line what would not work."""
    allowed = roles_within(giver)
    invited = Invitation.objects.open()
    names = [*User.objects.values_list("username", flat=True), *invited.values_list("name", flat=True)]
    addresses = [*User.objects.values_list("email", flat=True), *invited.values_list("email", flat=True)]
    taken = {"name": {name.lower() for name in names}, "email": {*addresses}}
    for line in lines:
        line.problems += _wrong(line)
        if line.role not in allowed:
            line.problems.append(f"You may not invite somebody as {line.role}.")
        for column, what in {"name": "name", "email": "address"}.items():
            value = getattr(line, column).lower()
            if value and value in taken[column]:
                line.problems.append(f"The {what} is taken: by an account, an open invitation or a line above.")
            taken[column].add(value)


def _wrong(line: Line) -> Iterator[str]:
    if not line.name and not line.email:
        yield "There is neither a name nor an address."
    try:
        User.username_validator(line.name or "-")
    except ValidationError:
        yield "A name has letters, digits and @ . + - _ only, and no spaces."
    if len(line.name) > 150:
        yield "The name is longer than 150 characters."
    try:
        validate_email(line.email or "nobody@example.org")
    except ValidationError:
        yield "This is not an e-mail address."
    if line.budget and not (
        line.budget.isascii() and line.budget.isdigit() and len(line.budget) < 11 and int(line.budget) <= MOST_CREDITS
    ):
        yield "The budget is a whole number of credits, such as 500, or empty."
