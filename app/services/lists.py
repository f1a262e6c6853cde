"""Lists of the systems outside: read page by page, and after each page it is kept how far the reading came.

So a list of thousands of pages is read to its end however often single calls fail. A page is taken in before the
reading behind it is kept: one may be read twice, none is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from cattrs import BaseValidationError
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.calls import CallError, Doubtful, Refused, TryLater
from app.db.codec import dump, load
from app.db.engine import transaction
from app.db.marks import set_mark
from app.db.tables.upkeep import Mark


class _Page(Protocol):
    @property
    def next(self) -> str | None: ...


Reading = TypeVar("Reading")
Page = TypeVar("Page", bound=_Page)

_TRIES = 5
_KEPT = timedelta(hours=3)
"""How long a reading that gets no further is gone on with: a cursor may have become one that the server chokes on."""


class LeadsNowhere(CallError):
    """The pages of a list lead round in a circle: one names itself, or one that was read before, as the next."""

    def __str__(self) -> str:
        return f"{self.call}: its pages lead round in a circle"


@dataclass(slots=True)
class Trail:
    """What notices in one reading that its pages lead round in a circle, however long; kept with the reading.

    Brent's way: one cursor of those before is remembered, and after twice as many pages each time a newer one. So a
    circle is noticed before it was gone round three times, and one cursor is all that is kept.
    """

    remembered: str | None = None
    pages: int = 0
    until: int = 1

    def follow(self, cursor: str | None, following: str | None) -> None:
        """Go on from the page of a cursor to the following one. Raises LeadsNowhere."""
        if following is None:
            return
        if following in (cursor, self.remembered):
            raise LeadsNowhere("the list")
        self.pages += 1
        if self.pages == self.until:
            self.remembered, self.pages, self.until = following, 0, 2 * self.until


def take_up(session: Session, name: str, kind: type[Reading], now: datetime) -> Reading | None:
    """The reading of a list that was begun and has not come to its end; None where it must begin anew.

    One that another version of the bridge kept may have another shape: it begins anew.
    """
    mark = session.get(Mark, _mark(name))
    if mark is None or now - mark.at > _KEPT:
        return None
    try:
        return load(kind, json.loads(mark.value))
    except BaseValidationError:
        return None


def keep(session: Session, name: str, reading: object, now: datetime) -> None:
    """Remember a reading, a dataclass with the cursor of the page that comes next and the list that it belongs to."""
    set_mark(session, _mark(name), json.dumps(dump(reading)), now)


def drop(session: Session, name: str) -> None:
    """Forget a reading: it came to its end, or must begin anew."""
    session.execute(delete(Mark).where(Mark.name == _mark(name)))


def ask_for_page(name: str, cursor: str | None, ask: Callable[[str | None], Page], trail: Trail) -> Page:
    """A page of a list that is kept by a name. Raises the CallError of the last try.

    Where the server no longer takes the cursor, or leads round in a circle, the reading is dropped, and the next one
    begins anew.
    """
    try:
        return ask_again(cursor, ask, trail)
    except CallError as error:
        if cursor is not None and (_is_refused(error) or isinstance(error, LeadsNowhere)):
            with transaction() as session:
                drop(session, name)
        raise


def ask_again(cursor: str | None, ask: Callable[[str | None], Page], trail: Trail) -> Page:
    """Ask for a page, and again at once where nothing speaks against it. Raises the CallError of the last try.

    Raises LeadsNowhere where the pages lead round in a circle: reading on would never end.
    """
    for left in reversed(range(_TRIES)):
        try:
            page = ask(cursor)
        except (Doubtful, TryLater) as error:
            held_back = isinstance(error, TryLater) and (error.kind == "paused" or error.retry_after is not None)
            if held_back or _is_refused(error) or not left:
                raise
            continue
        trail.follow(cursor, page.next)
        return page
    raise AssertionError("the last try returns or raises")


def _is_refused(error: CallError) -> bool:
    """Whether an answer speaks against the page itself: a 4xx that is neither about the caller nor about the moment."""
    match error:
        case Refused() | TryLater(kind="garbled"):
            return True
        case Doubtful(status=int(status)):
            return 400 <= status < 500 and status not in (408, 425)
        case _:
            return False


def _mark(name: str) -> str:
    return f"reading {name}"
