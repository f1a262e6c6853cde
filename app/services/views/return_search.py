"""The search for returns by whatever somebody has at hand: an id, a number, a SKU, a tracking number, an e-mail."""

from __future__ import annotations

from sqlalchemy import Select, func, literal_column, or_, select, union
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.config import Config
from app.db.engine import transaction
from app.db.tables.ledger import LedgerRow
from app.db.tables.returns import ReturnRow
from app.pseudonym import key_of_environment, pseudonym
from app.services.page import Page, page_of
from app.services.views.return_view import ReturnLine, line_of

RETURNS_PER_PAGE = 50
_MOST = 500


class NoKey(RuntimeError):
    """Without BRIDGE_PERSONAL_KEY nobody is found by e-mail: set it, and returns that come from then on are."""


def search_returns(
    text: str, config: Config, before: int | None = None, limit: int = RETURNS_PER_PAGE
) -> Page[ReturnLine]:
    """The returns that a text names exactly, the newest first, those behind the cursor `before`.

    It may be Reveni's id of the return, the shop's or BlueCherry's number of the order, the key or the number of any of
    the return's documents, a tracking number, a SKU that comes back, or the customer's e-mail, which is compared by its
    keyed hash. Raises NoKey for an e-mail where there is no key.
    """
    wanted = text.strip()
    if not wanted:
        return Page((), None)
    with transaction() as session:
        query = _query(session, wanted, config)
        if before is not None:
            query = query.where(ReturnRow.pk < before)
        rows = session.scalars(query.order_by(ReturnRow.pk.desc()).limit(limit + 1)).all()
    return page_of(rows, limit, lambda row: row.pk, line_of)


def _query(session: Session, wanted: str, config: Config) -> Select[tuple[ReturnRow]]:
    if "@" in wanted:
        return _by_email(wanted)
    named = _by_names(session, wanted, config)
    return named if named is not None else _by_sku(wanted)


def _by_email(email: str) -> Select[tuple[ReturnRow]]:
    key = key_of_environment()
    if key is None:
        raise NoKey(NoKey.__doc__)
    return select(ReturnRow).where(ReturnRow.email_hash == pseudonym(email, key))


def _by_names(session: Session, text: str, config: Config) -> Select[tuple[ReturnRow]] | None:
    # Each way has an index of its own, which a condition with "or" over two tables would not use.
    stores = sorted(config.stores)
    ways = [
        select(ReturnRow.pk).where(ReturnRow.store.in_(stores), or_(ReturnRow.id == text, ReturnRow.order_ref == text)),
        select(ReturnRow.pk).where(ReturnRow.ord_num == text),
        select(ReturnRow.pk).where(ReturnRow.tracking_number == text),
        select(LedgerRow.return_pk).where(or_(LedgerRow.key == text, LedgerRow.number == text)),
    ]
    found = set(session.scalars(union(*ways).limit(_MOST)))
    return select(ReturnRow).where(ReturnRow.pk.in_(found)) if found else None


def _by_sku(sku: str) -> Select[tuple[ReturnRow]]:
    # Materialised: else the newest returns would be walked through one by one in the hope of meeting it.
    skus = func.jsonb_path_query_array(ReturnRow.data, literal_column("'$.items[*].sku'"), type_=JSONB)
    having = select(ReturnRow.pk).where(skus.has_key(sku)).cte("having_sku").prefix_with("MATERIALIZED")
    return select(ReturnRow).join(having, having.c.pk == ReturnRow.pk)
