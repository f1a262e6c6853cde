"""Rows of BlueCherry's lists of facts that cannot be read: each is set aside in front of integration, by its name.

Those of the list of documents are no facts but the proof, and finance's (`app.services.books.unread`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Update, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.gateway import UnreadableRow
from app.db.among import among
from app.db.tables.exceptions import ExceptionRow
from app.domain.blockers import REMEDIES, Code
from app.domain.saying import pack, say

READABLE = "the row can be read again"
"""Who closed an exception about a row: a later reading."""


def set_aside(session: Session, where: str, rows: Iterable[UnreadableRow], name: str) -> set[str]:
    """Put rows of a list (`where`) in front of integration, unless they are; the causes. `name`: what they go by."""
    causes = set()
    for row in rows:
        named = row.code(name)
        message = say(
            "Row %(place)s of a page of BlueCherry's list %(list)s cannot be read (%(name)s %(value)s): %(problems)s.",
            place=row.place,
            list=where,
            name=name,
            value=named or "?",
            problems="; ".join(row.problems),
        )
        cause = f"{where}:{named or row.state[:20]}"
        values = {"code": Code.UNREADABLE_ROW.value, "cause": cause, "message": message, "said": pack(message)}
        team = {"team": REMEDIES[Code.UNREADABLE_ROW].team.value}
        session.execute(insert(ExceptionRow).values(**values, **team).on_conflict_do_nothing())
        causes.add(cause)
    return causes


def close_named(session: Session, where: str, names: Collection[str], now: datetime) -> None:
    """Close what is open about rows of a list that came readable by now, by their names."""
    if names:
        session.execute(_close(now).where(among(ExceptionRow.cause, {f"{where}:{name}" for name in names})))


def close_others(session: Session, where: str, causes: Collection[str], now: datetime) -> None:
    """Close what is open about a list that was read whole, but for what it still could not read."""
    of_the_list = ExceptionRow.cause.startswith(f"{where}:", autoescape=True)
    session.execute(_close(now).where(of_the_list, ~among(ExceptionRow.cause, causes)))


def _close(now: datetime) -> Update:
    about_rows = (ExceptionRow.code == Code.UNREADABLE_ROW, ExceptionRow.closed_at.is_(None))
    return update(ExceptionRow).where(*about_rows).values(closed_at=now, closed_by=READABLE)
