"""The exception queue: what must be open, and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from app.demo.books import ExceptionRow
from app.demo.expect import Incident, Outcome
from app.demo.findings import Check
from app.demo.script import Script

_NAME = "exception"


def check_exceptions(check: Check, script: Script, exceptions: Sequence[ExceptionRow]) -> None:
    """Notes exceptions that should be open and are not, and those that should not be."""
    by_return: dict[str, list[ExceptionRow]] = defaultdict(list)
    of_none: list[ExceptionRow] = []
    for row in exceptions:
        ids = {row["return_id"], *row["return_ids"]} - {None}
        for return_id in ids:
            by_return[str(return_id)].append(row)
        if not ids:
            of_none.append(row)
    for return_id in by_return.keys() - script.outcomes.keys():
        codes = sorted({row["code"] for row in by_return[return_id]})
        check.add("wrong", _NAME, return_id, f"{', '.join(codes)} for a return that nobody told of")
    for return_id, outcome in script.outcomes.items():
        _check_return(check, outcome, by_return.get(return_id, []))
    _check_incidents(check, script.incidents, of_none)


def _check_return(check: Check, outcome: Outcome, rows: Sequence[ExceptionRow]) -> None:
    codes = {row["code"] for row in rows}
    of = f"{outcome.return_id} ({outcome.kind})"
    for code in outcome.exceptions - codes:
        check.add("missing", _NAME, of, f"{code} is not open")
    for code in codes - outcome.exceptions - outcome.tolerated:
        check.add("wrong", _NAME, of, f"{code} is open")
    for code, units in outcome.held.items():
        if code in codes:
            found = sum(row["units"] or 0 for row in rows if row["code"] == code)
            check.same(_NAME, of, f"units held by {code}", found, units)


def _check_incidents(check: Check, incidents: Sequence[Incident], rows: Sequence[ExceptionRow]) -> None:
    by_receipt = {row["receipt_id"]: row for row in rows if row["receipt_id"] is not None}
    for incident in incidents:
        if incident.receipt_id is None:
            continue
        if (row := by_receipt.pop(incident.receipt_id, None)) is None:
            check.add("missing", _NAME, incident.receipt_id, f"{incident.code} is not open")
        else:
            check.same(_NAME, incident.receipt_id, "code", row["code"], incident.code)
            check.same(_NAME, incident.receipt_id, "units", row["units"], incident.units)
    due = Counter(incident.code for incident in incidents if incident.receipt_id is None)
    unnamed = [row for row in rows if row["receipt_id"] is None or row["receipt_id"] in by_receipt]
    found = Counter(row["code"] for row in unnamed)
    for code in {**due, **found}:
        check.number(_NAME, code, found[code], due[code], due[code])
