"""Rows of BlueCherry's lists of facts that cannot be read: each is set aside in front of integration, by its name.

Those of the list of documents are no facts but the proof, and finance's (`app.services.books.unread`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Update, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.bluecherry.gateway import UnreadableRow
from app.db.among import among
from app.db.tables.exceptions import RESOLVED_BY, ExceptionRow
from app.domain.blockers import REMEDIES, Code
from app.domain.saying import Said, pack, say

ONE_BY_ONE = 200
"""How many rows of a list are told one by one; more of them are one mistake."""
READABLE = "the row can be read again"
"""Who closed an exception about a row: a later reading."""


def set_aside(session: Session, where: str, rows: Iterable[UnreadableRow], name: str) -> set[str]:
    """Put rows of a list (`where`) in front of integration, unless they are or a person ended that; the causes.

    `name`: what they go by. Where there are very many, it is the list that has changed, and the others become one.
    """
    told = {f"{where}:{row.code(name) or row.state[:20]}": row for row in rows}
    about = (ExceptionRow.code == Code.UNREADABLE_ROW, ExceptionRow.cause.startswith(f"{where}:", autoescape=True))
    standing = set(session.scalars(select(ExceptionRow.cause).where(*about, ExceptionRow.closed_at.is_(None))))
    room = max(0, ONE_BY_ONE - len(standing - told.keys()))
    causes = sorted(told.keys() & standing)
    causes += sorted(told.keys() - standing)[: max(0, room - len(causes))]
    messages = {cause: _message(where, told[cause], name) for cause in causes}
    if len(causes) < len(told):
        messages[f"{where}: beside"] = say(
            "More rows of BlueCherry's list %(list)s cannot be read than the %(told)s that are told one by one: "
            "something there is spelt otherwise than the profile says.",
            list=where,
            told=ONE_BY_ONE,
        )
    by_a_person = (*about, ExceptionRow.closed_by.startswith(RESOLVED_BY), among(ExceptionRow.cause, messages))
    ended = set(session.scalars(select(ExceptionRow.cause).where(*by_a_person)))
    for cause, message in messages.items():
        if cause not in ended:
            values = {"code": Code.UNREADABLE_ROW.value, "cause": cause, "message": message, "said": pack(message)}
            team = {"team": REMEDIES[Code.UNREADABLE_ROW].team.value}
            session.execute(insert(ExceptionRow).values(**values, **team).on_conflict_do_nothing())
    return set(messages)


def _message(where: str, row: UnreadableRow, name: str) -> Said:
    return say(
        "Row %(place)s of a page of BlueCherry's list %(list)s cannot be read (%(name)s %(value)s): %(problems)s.",
        place=row.place,
        list=where,
        name=name,
        value=row.code(name) or "?",
        problems="; ".join(row.problems),
    )


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
