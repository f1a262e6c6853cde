"""The form of a store's mapping, read into the words of the file. What is wrong in it is said by the check."""

from __future__ import annotations

import json
from collections.abc import Iterator

from werkzeug.datastructures import MultiDict

from app.config.overlay import SITE_KEYS
from app.toml_schema import Table

Form = MultiDict[str, str]
_LONGEST_NUMBER = 10
"""Digits that are read as a number; more are left for the check to refuse."""

POLICY = {
    "freight": ("never", "all_back"),
    "fees": ("beside", "on_memo"),
    "rejected_goods": ("journal", "send_back"),
    "uneven_exchange": ("full_value",),
    "closed_period": ("next_open", "exception"),
    "verdict_conflict": ("both", "accepted"),
}
POSTING = ("return_authorisation", "inventory_journal", "exchange_order", "credit_memo")
REJECT_REASONS = ("defect", "wrong_product", "change_of_mind", "delay")


def mapping_in(form: Form, before: Table) -> Table:
    """The mapping that the form holds; `before` gives what it does not have."""
    return {
        **before,
        **({"default_site": form["default_site"]} if form.get("default_site") else {}),
        "reasons": dict(_pairs(form, "reason", "reason_code")),
        "statuses": dict(_pairs(form, "status", "status_meaning")),
        "item_statuses": dict(_pairs(form, "item_status", "item_status_meaning")),
        "grades": dict(_grades(form)),
        "posting": {kind: _posting(form.get(f"posting.{kind}", "")) for kind in POSTING},
        "policy": {
            **{key: form.get(f"policy.{key}", before["policy"][key]) for key in POLICY},
            "not_received_days": _whole(form.get("policy.not_received_days", "")),
        },
        "sites": {name: _site(form, name, before["sites"][name]) for name in before["sites"]},
    }


def posting_text(value: object) -> str:
    """When documents are posted, as the form has it: a list of times with commas."""
    return ", ".join(value) if isinstance(value, list) else str(value)


def _posting(text: str) -> object:
    times = [part.strip() for part in text.split(",") if part.strip()]
    return times if times and all(":" in part for part in times) else text.strip()


def _pairs(form: Form, name: str, value: str) -> Iterator[tuple[str, str]]:
    for key, told in zip(form.getlist(name), form.getlist(value), strict=False):
        # A row whose value was emptied is taken away.
        if key.strip() and told.strip():
            yield key.strip(), told.strip()


def _grades(form: Form) -> Iterator[tuple[str, Table]]:
    columns = ("grade", "grade_accepts", "grade_location", "grade_lot", "grade_reject_reason")
    for name, accepts, location, lot, reason in zip(*(form.getlist(column) for column in columns), strict=False):
        if name.strip() and accepts != "gone":
            places = _given(location=location, lot=lot)
            yield name.strip(), {"accepts": accepts == "yes", **places, "reject_reason": reason}


def _site(form: Form, name: str, before: Table) -> Table:
    def told(key: str) -> str:
        return form.get(f"site.{name}.{key}", "").strip()

    kept = {key: value for key, value in before.items() if key not in SITE_KEYS}
    columns = [form.getlist(f"site.{name}.{column}") for column in ("grade", "grade_location", "grade_lot")]
    grades = {
        grade.strip(): _given(location=location, lot=lot)
        for grade, location, lot in zip(*columns, strict=False)
        if grade.strip() and location.strip()
    }
    plain = {key: told(key) for key in ("location", "lot", "division", "quarantine", "quarantine_lot")}
    return {
        **kept,
        **_given(**plain),
        "reveni_location_ids": [part.strip() for part in told("reveni_location_ids").split(",") if part.strip()],
        "grades": grades,
    }


def _given(**values: str) -> Table:
    return {key: value.strip() for key, value in values.items() if value.strip()}


def _whole(text: str) -> object:
    return int(text) if text.strip().isdecimal() and len(text) < _LONGEST_NUMBER else text


def overlay_in(form: Form) -> Table:
    """The overlay that a checked form carries along. Raises ValueError when it is none."""
    found = json.loads(form.get("overlay", ""))
    if not isinstance(found, dict) or not all(_is_section(each) for each in found.values()):
        raise ValueError("no overlay")
    return found


def _is_section(found: object) -> bool:
    return isinstance(found, dict) and all(isinstance(entry, dict) for entry in found.values())
