"""Receiving: which units of which return authorisation line arrived, where, and with what grade now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.blockers import Blocker, Code
from app.domain.documents import Document, Line
from app.domain.dossier import Dossier, item_status, value
from app.domain.mapping_keys import key_of
from app.domain.model import Receipt, ReceiptLine, Return, ReturnItem
from app.domain.money import Money
from app.domain.policy import ACCEPTED, REJECTED, UNGRADED, ItemStatus, Kind, StoreRules
from app.domain.saying import say

QUARANTINE = "(quarantine)"
"""The disposition of goods whose grade nobody mapped; no grade of a configuration is likely to be named so."""


@dataclass(frozen=True, slots=True)
class Landed:
    """Units of one return authorisation line that arrived with one receipt. `grade` is what they are graded now."""

    receipt: Receipt
    line: Line
    units: int
    reported: str
    grade: str

    @property
    def item_id(self) -> str:
        """The item of the return."""
        return self.line.item_id or ""


@dataclass(slots=True)
class Arrivals:
    """What arrived for a return, and what no document can hold."""

    landed: list[Landed] = field(default_factory=list)
    blockers: list[Blocker] = field(default_factory=list)

    def units(self, item_id: str) -> int:
        """Units of an item that arrived."""
        return sum(part.units for part in self.landed if part.item_id == item_id)


def receipt_name(receipt: Receipt) -> str:
    """How a journal names the receipt that it is of."""
    return f"{receipt.site}/{receipt.id}"


def arrivals(dossier: Dossier, rules: StoreRules, standing: Document | None) -> Arrivals:
    """Count the receipts against the standing return authorisation, in the order in which they were taken in.

    A surplus over what is announced, and goods that nobody announced, become blockers that hold their units.
    A regrade waits until units of its old grade are there. Without a return authorisation nothing is counted.
    """
    result = Arrivals()
    if standing is None:
        return result
    regrades: list[tuple[Receipt, ReceiptLine, int]] = []
    booked = _booked(dossier)
    for receipt in sorted(dossier.receipts, key=lambda each: each.n):
        if receipt.site not in rules.sites:
            message = say(
                "Receipt %(receipt)s came from site %(site)s, which store %(store)s does not list: add it to %(key)s.",
                receipt=receipt.id,
                site=receipt.site,
                store=rules.name,
                key=key_of("stores", rules.name, "sites"),
            )
            units = sum(line.quantity for line in receipt.lines)
            result.blockers.append(
                Blocker(Code.UNMAPPED_SITE, f"{rules.name}:{receipt.site}", message, units, receipt_id=receipt.id)
            )
            continue
        for line in receipt.lines:
            if receipt.kind == "regrade":
                regrades.append((receipt, line, line.quantity))
            else:
                _land(result, dossier, standing, booked, receipt, line)
        regrades = _regrade(result, dossier, standing, regrades)
    for receipt, line, units in regrades:
        sku = _sku(dossier, standing, line)
        message = say(
            "Regrade %(receipt)s moves %(units)s × %(sku)s more than arrived with the grade %(grade)r.",
            receipt=receipt.id,
            units=units,
            sku=sku,
            grade=line.from_grade,
        )
        result.blockers.append(
            Blocker(Code.OVER_RECEIPT, f"{receipt.site}:{sku}", message, units, receipt_id=receipt.id)
        )
    _unknown_grades(result, dossier, rules)
    return result


def receipts_by_status(ret: Return, rules: StoreRules, known: Collection[str], last: int) -> list[Receipt]:
    """Without a warehouse feed the item's status is the receipt: one receipt per item, once it is judged.

    `known`: ids of receipts that are there already. `last`: the number of the latest of them. With a feed, none.
    """
    site = rules.site_of_destination(ret.location_id)
    if rules.warehouse_feed or site is None:
        return []
    found: list[Receipt] = []
    for item in ret.items:
        status = item_status(item, rules)
        name = f"{ret.store}:{ret.id}:{item.item_id}"
        if status not in (ItemStatus.ACCEPTED, ItemStatus.REJECTED) or name in known:
            continue
        grade = ACCEPTED if status is ItemStatus.ACCEPTED else REJECTED
        line = ReceiptLine(item.quantity, grade, sku=item.sku, item_id=item.item_id)
        n = last + len(found) + 1
        found.append(Receipt(name, site.name, "receipt", ret.updated, (line,), return_id=ret.id, n=n))
    return found


def disposition(part: Landed, item: ReturnItem, rules: StoreRules) -> str:
    """The effective grade of units: `rejected` once Reveni rejected the item, else their grade, else quarantine.

    Without a warehouse feed the item's status itself is the grade.
    """
    status = item_status(item, rules)
    if rules.judge == "reveni" and status is ItemStatus.REJECTED:
        return REJECTED
    if not rules.warehouse_feed and status is ItemStatus.ACCEPTED:
        return ACCEPTED
    return part.grade if part.grade in rules.grades else QUARANTINE


def accepted_units(part: Landed, item: ReturnItem, rules: StoreRules) -> int:
    """Units of a part that are accepted: by Reveni's item status, or by the grade where the warehouse judges."""
    if rules.judge == "reveni":
        return part.units if item_status(item, rules) is ItemStatus.ACCEPTED else 0
    grade = rules.grades.get(part.grade)
    return part.units if grade is not None and grade.accepts else 0


def rejected_units(part: Landed, item: ReturnItem, rules: StoreRules) -> int:
    """Units of a part that are rejected, by the same judge."""
    if rules.judge == "reveni":
        return part.units if item_status(item, rules) is ItemStatus.REJECTED else 0
    grade = rules.grades.get(part.grade)
    return part.units if grade is not None and not grade.accepts else 0


def _sku(dossier: Dossier, standing: Document, line: ReceiptLine) -> str:
    """BlueCherry's SKU of what came; what the return has as no SKU may be the UPC of one of its items.

    Whoever scans a label need not know which of both it bears.
    """
    code = line.sku or line.upc or ""
    sku = (standing.sku(code) or dossier.sku(code)) if line.sku is not None else code
    announced = any(each.sku == sku for each in standing.lines)
    return sku if announced else dossier.upcs.get(code, sku)


def _booked(dossier: Dossier) -> Counter[tuple[str, int]]:
    """Units that journals in BlueCherry hold already, by receipt and line: no other receipt may be counted onto them.

    An alias or a site that somebody adds later can make goods countable that came before those.
    """
    names = {receipt_name(receipt) for receipt in dossier.receipts}
    booked: Counter[tuple[str, int]] = Counter()
    for entry in dossier.live(Kind.INVENTORY_JOURNAL):
        name = entry.document.source or ""
        if entry.fixed and name in names:
            for line in entry.document.lines:
                booked[name, line.ra_line_seq or 0] += line.qty
    return booked


def _free(result: Arrivals, booked: Mapping[tuple[str, int], int], target: Line, receipt: Receipt) -> int:
    here: Counter[str] = Counter()
    for part in result.landed:
        if part.line.seq == target.seq:
            here[receipt_name(part.receipt)] += part.units
    for (name, seq), units in booked.items():
        if seq == target.seq and name != receipt_name(receipt):
            here[name] = max(here[name], units)
    return target.qty - here.total()


def _land(
    result: Arrivals,
    dossier: Dossier,
    standing: Document,
    booked: Mapping[tuple[str, int], int],
    receipt: Receipt,
    line: ReceiptLine,
) -> None:
    sku = _sku(dossier, standing, line)
    announced = [each for each in standing.lines if each.sku == sku and line.item_id in (None, each.item_id)]
    left = line.quantity
    for target in announced:
        units = min(left, _free(result, booked, target, receipt))
        if units > 0:
            result.landed.append(Landed(receipt, target, units, line.grade, line.grade))
            left -= units
    if left == 0:
        return
    code = Code.OVER_RECEIPT if announced else Code.FOREIGN_GOODS
    if announced:
        message = say(
            "Receipt %(receipt)s holds %(units)s × %(sku)s more than %(key)s announced.",
            receipt=receipt.id,
            units=left,
            sku=sku,
            key=standing.key,
        )
    else:
        message = say(
            "Receipt %(receipt)s holds %(units)s × %(sku)s: no line of the return has them.",
            receipt=receipt.id,
            units=left,
            sku=sku,
        )
    amount = _worth(dossier, announced, left)
    result.blockers.append(Blocker(code, f"{receipt.site}:{sku}", message, left, amount, receipt_id=receipt.id))


def _worth(dossier: Dossier, lines: Sequence[Line], units: int) -> Money | None:
    for item in dossier.ret.items:
        if lines and item.item_id == lines[0].item_id:
            return value([(item, units)], dossier.ret.currency)
    return None


def _regrade(
    result: Arrivals, dossier: Dossier, standing: Document, regrades: list[tuple[Receipt, ReceiptLine, int]]
) -> list[tuple[Receipt, ReceiptLine, int]]:
    waiting: list[tuple[Receipt, ReceiptLine, int]] = []
    for receipt, line, units in regrades:
        left = units
        for index, part in enumerate(list(result.landed)):
            fits = part.line.sku == _sku(dossier, standing, line) and part.grade == line.from_grade
            if not fits or part.receipt.site != receipt.site or left == 0:
                continue
            moved = min(left, part.units)
            left -= moved
            result.landed[index] = replace(part, units=part.units - moved)
            result.landed.append(replace(part, units=moved, grade=line.grade))
        result.landed = [part for part in result.landed if part.units]
        if left:
            waiting.append((receipt, line, left))
    # Units that this pass graded anew may be those that an earlier regrade waits for.
    moved = sum(units for *_, units in regrades) - sum(units for *_, units in waiting)
    return _regrade(result, dossier, standing, waiting) if moved and waiting else waiting


def _unknown_grades(result: Arrivals, dossier: Dossier, rules: StoreRules) -> None:
    items = {item.item_id: item for item in dossier.ret.items}
    for part in result.landed:
        if part.grade in rules.grades:
            continue
        if part.grade == UNGRADED:
            message = say(
                "Goods came without a grade and are put into quarantine at %(site)s: have them graded, by a "
                "regrade from 'ungraded'.",
                site=part.receipt.site,
            )
        else:
            message = say(
                "Store %(store)s has no grade %(grade)r: the goods are put into quarantine at %(site)s. Add [%(key)s].",
                store=rules.name,
                grade=part.grade,
                site=part.receipt.site,
                key=key_of("stores", rules.name, "grades", part.grade),
            )
        item = items.get(part.item_id)
        amount = value([(item, part.units)], dossier.ret.currency) if item else None
        result.blockers.append(
            Blocker(
                Code.UNMAPPED_GRADE,
                f"{rules.name}:{part.grade}",
                message,
                part.units,
                amount,
                receipt_id=part.receipt.id,
            )
        )
