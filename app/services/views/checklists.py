"""Checklists: what stands open for each point now, and who signed it off. Nothing that was signed is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select

from app.db.engine import transaction
from app.db.tables.exceptions import ExceptionRow
from app.db.tables.figures import SignOffRow
from app.db.tables.upkeep import Mark
from app.domain.blockers import Code, Team
from app.domain.checklists import POINTS, Point, Rhythm, points_of, span_of


class NoSuchPoint(LookupError):
    """A checklist has no point of this name."""


class NoteWanted(ValueError):
    """Something stands open at month-end: whoever signs it off must say why."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """That somebody signed a point off. `open`: how many exceptions stood open then."""

    by: str
    at: datetime
    note: str | None
    open: int


@dataclass(frozen=True, slots=True)
class PointNow:
    """A point with what stands open for it now (exceptions by code), and its sign-off; None while it is open.

    `snoozed`: those of `open` that are put off, and so not in the queue.
    """

    point: Point
    open: Mapping[Code, int]
    snoozed: Mapping[Code, int]
    signed: SignOff | None

    @property
    def count(self) -> int:
        """How many exceptions stand open for it."""
        return sum(self.open.values())


def checklist(rhythm: Rhythm, team: Team, day: date) -> tuple[PointNow, ...]:
    """A team's checklist of a day, or of the month that the day lies in."""
    points = points_of(rhythm, team)
    codes = sorted({code for point in points for code in point.codes})
    counts, snoozed = _open(codes), _open(codes, ExceptionRow.snoozed_until > func.now())
    signed = _signed(rhythm, span_of(rhythm, day), [point.name for point in points])
    return tuple(
        PointNow(
            point,
            {code: counts.get(code, 0) for code in point.codes},
            {code: snoozed[code] for code in point.codes if code in snoozed},
            signed.get(point.name),
        )
        for point in points
    )


def compared() -> dict[str, datetime]:
    """When the ledger was last held against BlueCherry's list of documents, by connection."""
    with transaction() as session:
        marks = session.execute(select(Mark.name, Mark.at).where(Mark.name.like("books:%")))
        return {name.removeprefix("books:"): at for name, at in marks}


def sign_off(point_name: str, day: date, by: str, note: str | None = None, *, signed: bool = True) -> Point:
    """Sign a point off for a day (a month), or take that back; both are kept. Raises NoSuchPoint, NoteWanted."""
    point = point_of(point_name)
    open_now = sum(_open(point.codes).values())
    if signed and open_now and not note and point.rhythm is Rhythm.MONTH_END:
        raise NoteWanted(point.name)
    with transaction() as session:
        session.add(
            SignOffRow(
                rhythm=point.rhythm.value,
                day=span_of(point.rhythm, day),
                team=point.team.value,
                point=point.name,
                signed=signed,
                by=by,
                note=note,
                open=open_now,
            )
        )
    return point


def point_of(name: str) -> Point:
    """The point of a name. Raises NoSuchPoint."""
    for point in POINTS:
        if point.name == name:
            return point
    raise NoSuchPoint(f"no checklist has a point {name!r}")


def _open(codes: Sequence[Code], *conditions: ColumnElement[bool]) -> dict[Code, int]:
    if not codes:
        return {}
    query = (
        select(ExceptionRow.code, func.count())
        .where(ExceptionRow.closed_at.is_(None), ExceptionRow.code.in_(codes), *conditions)
        .group_by(ExceptionRow.code)
    )
    with transaction() as session:
        return {Code(code): number for code, number in session.execute(query)}


def _signed(rhythm: Rhythm, day: date, points: Sequence[str]) -> dict[str, SignOff]:
    row = SignOffRow
    query = (
        select(row)
        .where(row.rhythm == rhythm.value, row.day == day, row.point.in_(points))
        .distinct(row.point)
        .order_by(row.point, row.id.desc())
    )
    with transaction() as session:
        newest = session.scalars(query).all()
    return {each.point: SignOff(each.by, each.at, each.note, each.open) for each in newest if each.signed}
