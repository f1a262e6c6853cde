"""The console's pages as people ask for them, by name; and which of its pages were left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import text

from app.db.engine import transaction
from app.domain.blockers import Code, Team
from app.domain.due import Outlook
from benchmarks.console_desk import BESTSELLER, RECEIPT, SITE, email

_STORES = ("es", "uk", "fr", "de")
NO_PAGES = {
    "console.static": "files",
    "console.download": "a file: all of a list",
    "console.report_file": "a file: all of a list",
    "console.home": "leads to Today",
    "console.sign_in_by_provider": "leads to the provider",
    "console.back_from_provider": "leads on from the provider",
    "console.nowhere": "what no page has",
}
"""What answers a GET and is no page, and why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `wanted`: what is typed into the search, sent so that it stands in no address."""

    address: str
    wanted: str | None = None


def pages() -> Mapping[str, Sequence[Asked]]:
    """Pages by name, each with the requests that are made in turns. Names of searches begin with ``search``."""
    teams = [team.value for team in Team]
    exceptions, returns, mappings = "/console/exceptions", "/console/returns", "/console/mappings"
    station, windows = f"/console/station/{SITE}", "/console/windows"
    ids = [str(return_id) for (return_id,) in _some("select id from returns where pk % 1000 = 7 limit 20")]
    long = [f"{returns}/{store}/{return_id}" for store, return_id in _some(_LONG)]
    usual = [f"{returns}/{store}/{return_id}" for store, return_id in _some(_USUAL)]
    found: dict[str, Iterable[str]] = {
        "sign-in": ["/console/sign-in"],
        "today": ["/console/today"],
        "exceptions": [exceptions],
        "exceptions, deep in the list": [f"{exceptions}?after={rank}~99999999" for rank in (400, 100, 20)],
        "exceptions of a team": [f"{exceptions}?team={team}" for team in teams],
        "exceptions of a code": [f"{exceptions}?code={code.value}" for code in Code],
        "exceptions of a store": [f"{exceptions}?store={store}" for store in _STORES],
        "exceptions of somebody": [f"{exceptions}?assigned=person-3", f"{exceptions}?assigned=nobody"],
        "exceptions with a tag": [f"{exceptions}?tag=supplier-{n}" for n in range(10)],
        "exceptions, overdue": [f"{exceptions}?overdue=yes"],
        "exceptions, snoozed": [f"{exceptions}?state=snoozed"],
        "exceptions, closed": [f"{exceptions}?state=closed", *(f"{exceptions}?state=closed&team={t}" for t in teams)],
        "exceptions by text": [f"{exceptions}?text=stands", f"{exceptions}?text=es:1"],
        "one cause": [f"{exceptions}?{urlencode({'code': code, 'cause': cause})}" for code, cause in _some(_CAUSES)],
        "one exception": [f"{exceptions}/{number}" for (number,) in _some(_EXCEPTIONS)],
        "job": [f"/console/jobs/{number}" for number in range(1, 6)],
        "approvals": ["/console/approvals", "/console/approvals?state=all"],
        "returns": [returns, *(f"{returns}?state={state.value}" for state in Outlook)],
        "returns of a store": [
            f"{returns}?{urlencode({'store': store, 'state': state})}"
            for store in _STORES
            for state in ("", "held", "working", "settled")
        ],
        "return": usual,
        "return with a long life": long,
        "raw events": [f"{each}/raw" for each in long],
        "document": [f"/console/documents/CM-{each}-1" for (each,) in _some(_CREDITED)],
        "windows": [windows, f"{windows}?after=1500"],
        "one window": [f"{windows}/{number}" for (number,) in _some(_WINDOWS)],
        "mappings": [mappings],
        "mapping": [f"{mappings}/{store}" for store in _STORES],
        "edit of a mapping": [f"{mappings}/edits/{number}" for number in range(1, 200, 9)],
        "stations": ["/console/station"],
        "station": [station, *(f"{station}?reference=T{each}" for each in ids)],
        "received goods": [f"{station}/{RECEIPT}"],
        "daily checklist": [f"/console/checklists?team={team}" for team in teams],
        "month-end": ["/console/checklists?rhythm=month_end"],
        "credit memos of a period": ["/console/books/credit-memos"],
        "received and not credited": ["/console/books/received-not-credited"],
        "credited and not received": ["/console/books/credited-not-received"],
        "received and not credited, by number": [f"/console/books/reports/{number}" for (number,) in _some(_REPORTS)],
        "handbook": ["/console/handbook"],
        "runbook": [f"/console/runbooks/{code.value}" for code in Code],
        "operating model": ["/console/operating-model"],
        "people": ["/console/people"],
        "what everybody did": ["/console/people/acts", "/console/people/acts?by=person-3"],
        "one's own account": ["/console/me"],
        "search by return": [f"{returns}?text={each}" for each in ids],
        "search by tracking number": [f"{returns}?text=T{each}" for each in ids],
        "search by order of the shop": [f"{returns}?text=W{number}" for number in range(1, 20)],
        "search by order": [f"{returns}?text={number:010}" for number in range(100_000, 100_020)],
        "search by authorisation": [f"{returns}?text=RA{number}" for number in range(1, 20)],
        "search by memo": [f"{returns}?text={number}" for (number,) in _some(_MEMOS)],
        "search by key": [f"{returns}?text=RA-{each}" for each in ids],
        "search by SKU": [f"{returns}?text={n:010}" for n in (3, 700, 9000, 49000)] + [f"{returns}?text=nobodys"],
        "search by SKU of a bestseller": [f"{returns}?text={BESTSELLER}"],
    }
    asked = {name: [Asked(address) for address in addresses] for name, addresses in found.items()}
    asked["search by e-mail"] = [Asked(returns, email(number)) for number in range(1, 21)]
    return asked


def left_out(app: Flask, asked: Mapping[str, Sequence[Asked]]) -> list[str]:
    """The endpoints of pages that no request is for."""
    matching = app.url_map.bind("localhost")
    met = {
        matching.match(each.address.partition("?")[0], method="GET")[0] for group in asked.values() for each in group
    }
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and "GET" in (rule.methods or ())
    }
    return sorted(pages - met - set(NO_PAGES))


_CAUSES = """
    select code, cause from (
        select code, cause, row_number() over (partition by code order by count(*) desc, cause) as place
        from exceptions where closed_at is null group by code, cause) each
    where place <= 2 order by code, place"""
_EXCEPTIONS = "select id from exceptions where closed_at is null order by md5(id::text) limit 20"
_LONG = "select store, id from returns where pk <= 20"
_USUAL = "select store, id from returns where pk between 21 and 60"
_WINDOWS = "select window_id from batches order by documents desc limit 20"
_CREDITED = "select id from returns where state = 'settled' order by pk limit 20"
_REPORTS = "select id from reports where list = 'received_not_credited' order by id desc limit 2"
_MEMOS = "select number from ledger where kind = 'credit_memo' and number is not null limit 20"


def _some(query: str) -> list[tuple[str, ...]]:
    """What is there to be asked for."""
    with transaction() as session:
        return [tuple(str(each) for each in row) for row in session.execute(text(query))]
