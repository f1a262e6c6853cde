"""Inventory journals: every unit that arrived lies where its disposition says, by movements and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from app.domain.documents import Document, Line, document_key
from app.domain.dossier import Dossier, item_status
from app.domain.policy import REJECTED, ItemStatus, Kind, Place, Site, StoreRules
from app.domain.receiving import QUARANTINE, Arrivals, Landed, disposition, receipt_name

TRANSFER = "transfer"
"""The source of a journal that moves goods between places: no receipt of its own."""

_Lot = tuple[int, str, str]
"""Where units of a return authorisation line are on paper: line, site, disposition."""


def journals(dossier: Dossier, rules: StoreRules, standing: Document | None, arrived: Arrivals) -> list[Document]:
    """The journals of a return: one per receipt (`RT`), and transfers (`SA`) where units changed their disposition.

    A journal that was or may have been made keeps its lines; what changed since is moved by a transfer. What was not
    sent is counted anew, under the number that it has. An unknown grade lies in quarantine, so that mapping it later
    moves the goods, while a mere change of a grade's place does not.
    """
    entries = dossier.live(Kind.INVENTORY_JOURNAL)
    documents = [entry.document for entry in entries if entry.fixed]
    if standing is None:
        return documents
    numbers = _Numbers(dossier)
    kept = {document.source for document in documents}
    for name, landed in _by_receipt(arrived).items():
        lines = [] if name in kept else _receipt_lines(dossier, rules, landed)
        if lines:
            documents.append(_journal(dossier, standing, numbers.of(name), lines, (standing.key,), name))
    documents.sort(key=lambda document: document.n)
    moved = _transfer_lines(dossier, rules, arrived, documents)
    for rec_type in ("RT", "SA"):
        lines = [line for line in moved if line.rec_type == rec_type]
        if lines:
            earlier = tuple(document.key for document in documents)
            n = numbers.of(TRANSFER, rec_type)
            documents.append(_journal(dossier, standing, n, lines, (standing.key, *earlier), TRANSFER))
    return documents


class _Numbers:
    """The numbers of journals: a receipt keeps its own for ever, a transfer until it is sent."""

    def __init__(self, dossier: Dossier) -> None:
        self._given: dict[tuple[str | None, str | None], int] = {}
        self._last = 0
        for entry in dossier.entries:
            document = entry.document
            if document.kind is not Kind.INVENTORY_JOURNAL or (document.source == TRANSFER and not entry.live):
                continue
            self._last = max(self._last, document.n)
            if not entry.fixed:
                rec_type = document.lines[0].rec_type if document.source == TRANSFER else None
                self._given[document.source, rec_type] = document.n

    def of(self, source: str, rec_type: str | None = None) -> int:
        """The number of the journal of a receipt, or of the transfer that is due."""
        if (source, rec_type) not in self._given:
            self._last += 1
            self._given[source, rec_type] = self._last
        return self._given[source, rec_type]


def _journal(
    dossier: Dossier, standing: Document, n: int, lines: list[Line], after: tuple[str, ...], source: str
) -> Document:
    key = document_key(Kind.INVENTORY_JOURNAL, dossier.ret.id, n)
    numbered = tuple(replace(line, seq=seq) for seq, line in enumerate(lines, start=1))
    return Document(key, Kind.INVENTORY_JOURNAL, n, standing.ord_num, numbered, after, source=source)


def _by_receipt(arrived: Arrivals) -> dict[str, list[Landed]]:
    parts: dict[str, list[Landed]] = {}
    for part in sorted(arrived.landed, key=lambda each: each.receipt.n):
        parts.setdefault(receipt_name(part.receipt), []).append(part)
    return parts


def _receipt_lines(dossier: Dossier, rules: StoreRules, landed: list[Landed]) -> list[Line]:
    units: Counter[tuple[int, str]] = Counter()
    first: dict[tuple[int, str], Landed] = {}
    for part in landed:
        how = _disposition(dossier, rules, replace(part, grade=part.reported))
        if _sent_back(dossier, rules, how, part.item_id):
            continue
        units[part.line.seq, how] += part.units
        first.setdefault((part.line.seq, how), part)
    return [
        _line(rules, part.line.sku, seq, part.line.item_id, part.receipt.site, how, units[seq, how], "RT")
        for (seq, how), part in sorted(first.items(), key=lambda each: each[0])
    ]


def _disposition(dossier: Dossier, rules: StoreRules, part: Landed) -> str:
    for item in dossier.ret.items:
        if item.item_id == part.item_id:
            return disposition(part, item, rules)
    return part.grade if part.grade in rules.grades else QUARANTINE


def _sent_back(dossier: Dossier, rules: StoreRules, how: str, item_id: str | None) -> bool:
    """Whether goods of a disposition leave again without a journal: rejected ones, where the policy says so.

    Goods that Reveni accepts as the judge are kept, and credited, whatever the warehouse calls them.
    """
    if rules.policy.rejected_goods != "send_back":
        return False
    if rules.judge == "warehouse":
        grade = rules.grades.get(how)
        return grade is not None and not grade.accepts
    accepted = any(
        item.item_id == item_id and item_status(item, rules) is ItemStatus.ACCEPTED for item in dossier.ret.items
    )
    return how == REJECTED and not accepted


def _line(
    rules: StoreRules, sku: str, ra_line_seq: int, item_id: str | None, site: str, how: str, qty: int, rec_type: str
) -> Line:
    place = _place(rules, rules.sites[site], how)
    return Line(
        0,
        sku,
        qty,
        ra_line_seq=ra_line_seq,
        item_id=item_id,
        rec_type=rec_type,
        location=place.location,
        lot=place.lot,
        site=site,
        disposition=how,
    )


def _place(rules: StoreRules, site: Site, how: str) -> Place:
    return rules.place(site, how) or site.quarantine


def _transfer_lines(dossier: Dossier, rules: StoreRules, arrived: Arrivals, documents: list[Document]) -> list[Line]:
    wanted: Counter[_Lot] = Counter()
    parts: dict[int, Landed] = {}
    for part in arrived.landed:
        wanted[part.line.seq, part.receipt.site, _disposition(dossier, rules, part)] += part.units
        parts[part.line.seq] = part
    actual: Counter[_Lot] = Counter()
    places: dict[_Lot, list[Line]] = {}
    for document in documents:
        for line in document.lines:
            where = (line.ra_line_seq or 0, line.site or "", line.disposition or "")
            actual[where] += line.qty
            places.setdefault(where, []).append(line)
    lines: list[Line] = []
    for where in sorted(wanted):
        seq, site, how = where
        sku, item_id = parts[seq].line.sku, parts[seq].line.item_id
        missing = wanted[where] - actual[where]
        for other in sorted(actual):
            units = min(missing, actual[other] - wanted[other])
            if units <= 0 or other[:2] != (seq, site):
                continue
            missing -= units
            actual[other] -= units
            there = _line(rules, sku, seq, item_id, site, how, units, "SA")
            taken = _taken(places[other], units)
            places[other] += taken
            lines += _moved(taken, there)
        if missing > 0 and not _sent_back(dossier, rules, how, item_id):
            lines.append(_line(rules, sku, seq, item_id, site, how, missing, "RT"))
    return lines


def _moved(taken: list[Line], there: Line) -> list[Line]:
    """A transfer's lines; nothing for units that lie in that place already."""
    away = [line for line in taken if (line.location, line.lot) != (there.location, there.lot)]
    units = -sum(line.qty for line in away)
    return [*away, replace(there, qty=units)] if units else []


def _taken(lines: list[Line], units: int) -> list[Line]:
    """Negative lines that take units from where they lie: the place written on the movement that put them there."""
    there: Counter[tuple[str | None, str | None]] = Counter()
    for line in lines:
        there[line.location, line.lot] += line.qty
    taken: list[Line] = []
    for (location, lot), count in there.items():
        here = min(units, count)
        if here > 0:
            taken.append(replace(lines[0], rec_type="SA", qty=-here, location=location, lot=lot))
            units -= here
    return taken
