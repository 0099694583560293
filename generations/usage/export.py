"""Usage as files for accounting: CSV and XLSX. Text stays text there, whatever it begins with."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter
from django.http import HttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """One sheet with a line of headings that stays in sight."""
    file = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, plain) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, header, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 32)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, row)
    response = HttpResponse(file.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
