"""The exceptions of a list as a file for a spreadsheet. No cell of it is a formula, whoever wrote what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from io import BytesIO, TextIOWrapper
from tempfile import TemporaryFile

import xlsxwriter
from flask import send_file
from flask.typing import ResponseReturnValue

from app.domain.blockers import Side
from app.services.exceptions.desk import Line
from app.spreadsheet import harmless, write_csv
from app.web.console import names
from app.web.console.happenings import closed_how
from app.web.console.language import N_, gettext, in_words

Cell = str | int | Decimal | datetime | None
_HEADS = (
    N_("Number"),
    N_("Code"),
    N_("Exception"),
    N_("Team"),
    N_("Store"),
    N_("Return"),
    N_("Document"),
    N_("Units"),
    N_("Amount"),
    N_("Currency"),
    N_("Refunded"),
    N_("Opened"),
    N_("Closed"),
    N_("Closed by"),
    N_("Assigned to"),
    N_("Tags"),
    N_("Message"),
)
_SIDES: Mapping[str, str] = {Side.OVER: N_("too much"), Side.UNDER: N_("too little")}
_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download_of(lines: Iterable[Line], xlsx: bool) -> ResponseReturnValue:
    """The file, to be saved. It is put together first: its words are in the language of the request."""
    if xlsx:
        return send_file(_workbook(lines), _XLSX, as_attachment=True, download_name="exceptions.xlsx")
    return send_file(_csv(lines), "text/csv; charset=utf-8", as_attachment=True, download_name="exceptions.csv")


def _cells(line: Line) -> list[Cell]:
    each = line.exception
    return [
        each.id,
        each.code,
        names.code_name(each.code),
        names.team_name(each.team),
        each.store,
        each.return_id,
        each.document_key,
        each.units,
        each.money.amount if each.money is not None else None,
        each.currency,
        gettext(_SIDES[each.side]) if each.side is not None else None,
        each.opened_at,
        each.closed_at,
        closed_how(each.closed_by) if each.closed_at else None,
        line.assigned_to,
        ", ".join(line.tags),
        in_words(each.message),
    ]


def _csv(lines: Iterable[Line]) -> BytesIO:
    made = BytesIO()
    # A spreadsheet takes the file for UTF-8 by the mark at its beginning alone.
    text = TextIOWrapper(made, encoding="utf-8-sig", newline="")
    write_csv(text, [gettext(head) for head in _HEADS], map(_cells, lines))
    text.detach()
    made.seek(0)
    return made


def _workbook(lines: Iterable[Line]) -> BytesIO:
    made = BytesIO()
    with TemporaryFile() as scratch:
        workbook = xlsxwriter.Workbook(scratch, _OPTIONS)
        sheet = workbook.add_worksheet()
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        head = workbook.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [gettext(each) for each in _HEADS], head)
        for row, line in enumerate(lines, start=1):
            for column, cell in enumerate(_cells(line)):
                if isinstance(cell, datetime):
                    sheet.write_datetime(row, column, cell, moment)
                elif isinstance(cell, int | Decimal):
                    sheet.write_number(row, column, cell)
                elif cell:
                    sheet.write_string(row, column, harmless(cell))
        workbook.close()
        scratch.seek(0)
        made.write(scratch.read())
    made.seek(0)
    return made
