"""The receiving station: scan, count, grade; then see where the goods go. A plain form, and offline a queue."""

from __future__ import annotations

import uuid
from datetime import datetime
from http import HTTPStatus

from flask import abort, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.config.model import WarehouseSite
from app.domain.policy import UNGRADED
from app.permissions import Permission
from app.services.intake import station as service
from app.services.intake.inbox import NotStored
from app.services.intake.station import Entered, NotReceived
from app.services.outside import outside
from app.web.console.language import N_, gettext
from app.web.console.needs import actor
from app.web.console.pages import Pages, config

pages = Pages()
add_pages = pages.add_to

_BLANK_LINES = 3
"""Lines for goods that nobody announced."""
_LONGEST_NUMBER = 6
"""Digits of units of one line: more is a scanned code in the wrong field."""
PROBLEMS = {
    "reference": N_("Scan or type what stands on the parcel: RA, tracking number or return id."),
    "lines": N_("Enter the units that came: at least one line with a quantity."),
}


@pages.get("/station", Permission.RECEIVE_GOODS)
def stations() -> ResponseReturnValue:
    """The sites that receive here; the only one at once."""
    sites = service.sites_of(config())
    if len(sites) == 1:
        return redirect(url_for("console.station", site=sites[0].name))
    return render_template("console/stations.html", sites=[site.name for site in sites])


@pages.get("/station/<site>", Permission.RECEIVE_GOODS)
def station(site: str) -> ResponseReturnValue:
    """The form; with a reference, the lines that its return announces."""
    return _form(_site(site), request.args.get("reference", "").strip())


@pages.post("/station/<site>", Permission.RECEIVE_GOODS)
def receive_goods(site: str) -> ResponseReturnValue:
    """Store what was entered, once however often it is sent."""
    place = _site(site)
    form = request.form
    key, reference = form.get("key", ""), form.get("reference", "").strip()
    by_script = request.accept_mimetypes.best == "application/json"
    at, return_id = _moment(form.get("received_at")), form.get("return_id") or None
    try:
        service.receive(place, _key(key), reference, _lines(), g.now, at, return_id, actor().name)
    except NotReceived as error:
        told = gettext(PROBLEMS[error.args[0]]) if error.args[0] in PROBLEMS else str(error)
        if by_script:
            return jsonify(problem=told), HTTPStatus.UNPROCESSABLE_ENTITY
        return _form(place, reference, told), HTTPStatus.UNPROCESSABLE_ENTITY
    except NotStored:
        told = gettext("It is not certain that this was stored. Send it again: it will be one receipt.")
        if by_script:
            return jsonify(problem=told), HTTPStatus.SERVICE_UNAVAILABLE
        return _form(place, reference, told), HTTPStatus.SERVICE_UNAVAILABLE
    address = url_for("console.received_goods", site=site, key=key)
    return jsonify(address=address) if by_script else redirect(address, HTTPStatus.SEE_OTHER)


@pages.get("/station/<site>/<key>", Permission.RECEIVE_GOODS)
def received_goods(site: str, key: str) -> ResponseReturnValue:
    """What to do with the goods of a receipt."""
    place = _site(site)
    found = service.received(place, key, config())
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return render_template("console/received.html", site=site, receipt=found, ungraded=UNGRADED)


def _form(site: WarehouseSite, reference: str, problem: str | None = None) -> str:
    found = service.find_return(site, reference, outside()) if reference else None
    return render_template(
        "console/station.html",
        site=site.name,
        reference=reference,
        found=found,
        problem=problem,
        # The same when a form that was not taken is sent again, so that it is one receipt.
        key=request.form.get("key") or f"station-{uuid.uuid4().hex}",
        grades=service.grades_of(site, config()),
        ungraded=UNGRADED,
        rows=_rows(found),
    )


def _rows(found: service.StationReturn | None) -> list[dict[str, object]]:
    """Lines of the form: as they were sent, else as they are announced, and some blank ones."""
    sent = [
        {"code": code, "quantity": quantity, "grade": grade, "remark": remark, "announced": None}
        for code, quantity, grade, remark in _sent()
        if code or quantity
    ]
    announced: list[dict[str, object]] = [
        {
            "code": line.sku,
            "quantity": max(0, line.announced - line.received) or "",
            "grade": "",
            "remark": "",
            "announced": line,
        }
        for line in (found.lines if found else ())
    ]
    blank: dict[str, object] = {"code": "", "quantity": "", "grade": "", "remark": "", "announced": None}
    return [*(sent or announced), *(blank for _ in range(_BLANK_LINES))]


def _sent() -> list[tuple[str, str, str, str]]:
    form = request.form
    columns = [form.getlist(name) for name in ("code", "units", "grade", "remark")]
    return [
        (code.strip(), units.strip(), grade, remark.strip())
        for code, units, grade, remark in zip(*columns, strict=False)
    ]


def _lines() -> list[Entered]:
    """The lines with a quantity. Raises NotReceived for a quantity that is none, and where nobody judged the goods."""
    lines = []
    for code, units, grade, remark in _sent():
        if not units or units == "0":
            continue
        if not units.isdecimal() or len(units) > _LONGEST_NUMBER or not code:
            raise NotReceived(gettext("Each line needs a SKU or UPC, and whole units."))
        if not grade:
            raise NotReceived(gettext("Each line needs a grade, or that it cannot be told."))
        lines.append(Entered(code, int(units), grade, remark or None))
    return lines


def _key(text: str) -> str:
    if not text or len(text) > 100 or not text.isascii() or not text.replace("-", "").isalnum():
        abort(HTTPStatus.BAD_REQUEST)
    return text


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _site(name: str) -> WarehouseSite:
    found = next((site for site in service.sites_of(config()) if site.name == name), None)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    return found
