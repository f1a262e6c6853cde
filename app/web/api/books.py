"""The lists of a period's end over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from http import HTTPStatus

from app.config import Config
from app.permissions import Permission
from app.services.books import period_end
from app.services.books.period_end import PeriodEndLine
from app.services.outside import Outside, outside
from app.web.api.book_schemas import BooksAnswer, BooksQuery
from app.web.api.routes import Call, Taken
from app.web.errors import Refusal

_List = Callable[[Outside, str | None, date | None], list[PeriodEndLine]]


def book_calls(config: Config) -> list[Call]:
    """The calls about what stands on one side of the books only, for the configured stores."""

    def listed(query: Taken, wanted: _List) -> dict[str, object]:
        if query["store"] is not None and query["store"] not in config.stores:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no store {query['store']}", field="store")
        lines = wanted(outside(), query["store"], query["at"])
        return {"lines": lines, "sums": period_end.sums_of(lines)}

    def received_not_credited(query: Taken) -> dict[str, object]:
        """Units that came and are not credited, with the reason."""
        return listed(query, period_end.list_received_not_credited)

    def credited_not_received(query: Taken) -> dict[str, object]:
        """Units that are credited and did not come, with the reason."""
        return listed(query, period_end.list_credited_not_received)

    calls = {
        "/books/received-not-credited": received_not_credited,
        "/books/credited-not-received": credited_not_received,
    }
    return [
        Call(
            "GET",
            path,
            Permission.READ_BOOKS,
            handler,
            BooksAnswer,
            query=BooksQuery,
            refusals=(HTTPStatus.NOT_FOUND,),
        )
        for path, handler in calls.items()
    ]
