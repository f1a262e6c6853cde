"""BlueCherry's JSON API, as a profile spells it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from app.bluecherry import schemas
from app.bluecherry.bodies import batch_type, body_of
from app.bluecherry.connection import Connection
from app.bluecherry.documents import (
    Batch,
    Created,
    CreditMemo,
    DocumentRow,
    ExchangeOrder,
    InventoryJournal,
    OutgoingDocument,
    PostedJournal,
    ReturnAuthorisation,
    Stock,
)
from app.bluecherry.gateway import Page, UnreadableRow
from app.bluecherry.profile import Profile
from app.calls import Doubtful, Refused
from app.domain.model import Item, MemoOnOrder, Order, RaOnOrder
from app.domain.periods import Period
from app.http import Fault, Gate, HttpClient, open_gate
from app.wire import Unreadable, is_code, is_cursor

Row = TypeVar("Row")
_NOT_THERE = frozenset({"ORDER_NOT_FOUND", "RA_NOT_FOUND", "NOT_FOUND"})


class BlueCherryClient:
    """The gateway over the API (`app.bluecherry.gateway.BlueCherry`). Made once per process, after a fork.

    An answer that does not fit the contract is `Doubtful`: of a write nothing is known then, a read is asked again.
    """

    def __init__(self, connection: Connection, gate: Gate = open_gate) -> None:
        self._profile = connection.profile
        key, code = connection.key.reveal(), connection.code.reveal()
        self._http = HttpClient(
            "BlueCherry",
            connection.base_url,
            timeout=connection.timeout,
            calls_at_a_time=connection.calls_at_a_time,
            read_fault=_fault,
            headers={self._profile.key_header: key},
            query={self._profile.code_query: code},
            secrets=(key, code),
            gate=gate,
        )

    @property
    def profile(self) -> Profile:
        """The installation's settings."""
        return self._profile

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    # Items

    def lookup_items(self, division: str, skus: Sequence[str], upcs: Sequence[str] = ()) -> Page[Item]:
        """Items of a division by SKU or UPC; what is unknown is absent."""
        names = self._profile.fields["item_lookup"]
        found: list[Item] = []
        unreadable: list[UnreadableRow] = []
        for some_skus, some_upcs in _parts(skus, upcs, self._profile.lookup_size):
            body = names.outward({"division": division, "skus": some_skus, "upcs": some_upcs})
            answer = self._call("POST", "items_lookup", body=body)
            page = self._page(answer, "POST items_lookup", "items", "item", schemas.read_item)
            found.extend(page.rows)
            unreadable.extend(page.unreadable)
        return Page(tuple(found), None, tuple(unreadable))

    def items_changed(self, division: str, since: datetime | None, cursor: str | None) -> Page[Item]:
        """Items of a division that changed since a time (all for None)."""
        query = {"division": division, "changed_since": _time(since), "cursor": cursor}
        answer = self._call("GET", "items", query=query)
        page = self._page(answer, "GET items", "items", "item", schemas.read_item)
        return replace(page, next=self._next(answer))

    # Orders

    def order(self, ord_num: str) -> Order | None:
        """An order by its number; None when there is none."""
        return self._one("sales_order", ord_num, "sales_order", schemas.read_order)

    def orders_by_ref(self, ref_num1: str) -> list[Order]:
        """Orders by the shop's order id."""
        return self._found("sales_orders", "orders", "sales_order", schemas.read_order, ref_num1=ref_num1)

    def orders_by_aux(self, aux_ref_num: str) -> list[Order]:
        """Orders by our key."""
        return self._found("sales_orders", "orders", "sales_order", schemas.read_order, aux_ref_num=aux_ref_num)

    def create_order(self, order: ExchangeOrder) -> Created:
        """Make an exchange order."""
        return self._create("sales_orders", order, "ord_num", "ord_status")

    def cancel_order(self, ord_num: str) -> None:
        """Cancel an order."""
        self._call("POST", "sales_order_cancel", ord_num)

    # Return authorisations

    def create_ra(self, authorisation: ReturnAuthorisation) -> Created:
        """Make a return authorisation."""
        return self._create("return_authorizations", authorisation, "ra_num", "ra_status")

    def ra(self, ra_num: str) -> RaOnOrder | None:
        """A return authorisation by its number; None when there is none."""
        return self._one("return_authorization", ra_num, "return_authorization", schemas.read_ra)

    def ras_by_aux(self, aux_ref_num: str) -> list[RaOnOrder]:
        """Return authorisations by our key."""
        return self._ras(aux_ref_num=aux_ref_num)

    def ras_by_return(self, return_id: str) -> list[RaOnOrder]:
        """Return authorisations by Reveni's return id."""
        return self._ras(ref_num2=return_id)

    def ras_by_order(self, ord_num: str) -> list[RaOnOrder]:
        """Return authorisations of an order."""
        return self._ras(ord_num=ord_num)

    def cancel_ra(self, ra_num: str) -> None:
        """Cancel a return authorisation, or find it cancelled."""
        self._call("POST", "return_authorization_cancel", ra_num)

    def close_ra(self, ra_num: str) -> None:
        """Close a return authorisation, or find it closed."""
        self._call("POST", "return_authorization_close", ra_num)

    def _ras(self, **query: str) -> list[RaOnOrder]:
        kind = "return_authorization"
        return self._found("return_authorizations", "return_authorizations", kind, schemas.read_ra, **query)

    # Journals and memos

    def create_journal(self, journal: InventoryJournal) -> Created:
        """Make an inventory journal."""
        return self._create("inventory_journals", journal, "journal_num", None)

    def journals_by_aux(self, aux_ref_num: str) -> list[PostedJournal]:
        """Inventory journals by our key."""
        kind = "inventory_journal"
        return self._found(
            "inventory_journals", "inventory_journals", kind, schemas.read_journal, aux_ref_num=aux_ref_num
        )

    def create_memo(self, memo: CreditMemo) -> Created:
        """Make a credit memo."""
        return self._create("credit_memos", memo, "memo_num", "alloc_status")

    def memos_by_aux(self, aux_ref_num: str) -> list[MemoOnOrder]:
        """Credit memos by our key."""
        return self._found("credit_memos", "credit_memos", "credit_memo", schemas.read_memo, aux_ref_num=aux_ref_num)

    def memos_by_order(self, ord_num: str) -> list[MemoOnOrder]:
        """Credit memos of an order, those made by hand included."""
        return self._found("credit_memos", "credit_memos", "credit_memo", schemas.read_memo, ord_num=ord_num)

    # Batches

    def create_batch(self, batch_ref: str, documents: Sequence[OutgoingDocument]) -> str:
        """Hand in documents together; the batch's number."""
        if not 0 < len(documents) <= self._profile.batch_size:
            raise ValueError(f"a batch holds 1 to {self._profile.batch_size} documents, not {len(documents)}")
        body = {
            "batch_ref": batch_ref,
            "documents": [{"type": batch_type(document), "body": self._body(document)} for document in documents],
        }
        answer = self._call("POST", "batches", body=self._profile.fields["batch"].outward(body))
        return self._number(answer, "POST batches", "batch", "batch_num")

    def batch(self, batch_num: str) -> Batch | None:
        """A batch and what became of its documents so far; None when there is none."""
        return self._one("batch", batch_num, "batch", schemas.read_batch)

    def batches_by_ref(self, batch_ref: str) -> list[Batch]:
        """Batches that bear a ref."""
        return self._found("batches", "batches", "batch", schemas.read_batch, batch_ref=batch_ref)

    # The books

    def stock(self, division: str, sku: str, location: str) -> Stock:
        """Stock of a SKU at a location."""
        answer = self._call("GET", "stock", query={"division": division, "sku": sku, "location": location})
        return self._read(answer, "GET stock", "stock", schemas.read_stock)

    def documents(
        self, since: datetime, type: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Page[DocumentRow]:
        """Documents as they are now, by `posted_at`, `since` included."""
        size = str(limit or self._profile.page_size)
        query = {"since": _time(since), "type": type, "cursor": cursor, "limit": size}
        answer = self._call("GET", "documents", query=query)
        page = self._page(answer, "GET documents", "documents", "document_row", schemas.read_row)
        return replace(page, next=self._next(answer))

    def periods(self) -> Page[Period]:
        """Posting periods, all on one page."""
        answer = self._call("GET", "periods")
        return self._page(answer, "GET periods", "periods", "period", schemas.read_period)

    # What the calls have in common

    def _call(
        self,
        method: str,
        path: str,
        number: str = "",
        *,
        query: Mapping[str, str | None] | None = None,
        body: object = None,
    ) -> object:
        where = self._profile.paths[path].format(number=quote(number, safe=""))
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._http.call(method, where, query=given, body=body)

    def _body(self, document: OutgoingDocument) -> object:
        return self._profile.fields[batch_type(document)].outward(body_of(document))

    def _create(self, path: str, document: OutgoingDocument, number: str, status: str | None) -> Created:
        answer = self._call("POST", path, body=self._body(document))
        kind = batch_type(document)
        found = self._profile.fields[kind].inward(answer)
        state = found.get(status) if status and isinstance(found, Mapping) else None
        return Created(self._number(answer, f"POST {path}", kind, number), str(state) if state else None)

    def _number(self, answer: object, call: str, kind: str, field: str) -> str:
        found = self._profile.fields[kind].inward(answer)
        number = found.get(field) if isinstance(found, Mapping) else None
        if not is_code(number):
            raise Doubtful(f"BlueCherry {call}", f"an answer without {field}")
        return str(number)

    def _one(self, path: str, number: str, kind: str, read: Callable[[object], Row]) -> Row | None:
        try:
            answer = self._call("GET", path, number)
        except Refused as error:
            if error.status == 404 and error.code in _NOT_THERE:
                return None
            raise
        return self._read(answer, f"GET {path}", kind, read)

    def _found(self, path: str, rows: str, kind: str, read: Callable[[object], Row], **by: str) -> list[Row]:
        names = self._profile.fields[kind]
        answer = self._call("GET", path, query={names.name(field): value for field, value in by.items()})
        return self._rows(answer, f"GET {path}", rows, kind, read)

    def _rows(self, answer: object, call: str, rows: str, kind: str, read: Callable[[object], Row]) -> list[Row]:
        """The rows of a look-up: with one that cannot be read, nothing is certain of what is there."""
        return [self._read(row, call, kind, read) for row in self._list(answer, call, rows)]

    def _page(self, answer: object, call: str, rows: str, kind: str, read: Callable[[object], Row]) -> Page[Row]:
        """The rows of a list: one that cannot be read must not keep the others from being read."""
        found: list[Row] = []
        unreadable: list[UnreadableRow] = []
        for place, row in enumerate(self._list(answer, call, rows), start=1):
            try:
                found.append(read(self._profile.fields[kind].inward(row)))
            except Unreadable as error:
                unreadable.append(UnreadableRow(place, _digest(row), error.problems, error.legible))
        return Page(tuple(found), None, tuple(unreadable))

    def _list(self, answer: object, call: str, rows: str) -> list[object]:
        envelope = self._profile.fields["answer"].inward(answer)
        found = envelope.get(rows) if isinstance(envelope, Mapping) else None
        if not isinstance(found, list):
            raise Doubtful(f"BlueCherry {call}", f"an answer without {rows}")
        return found

    def _next(self, answer: object) -> str | None:
        envelope = self._profile.fields["answer"].inward(answer)
        following = envelope.get("next") if isinstance(envelope, Mapping) else None
        if following is None or following == "":
            return None
        if not is_cursor(following):
            raise Doubtful("BlueCherry GET", "an answer whose next is no cursor")
        return str(following)

    def _read(self, document: object, call: str, kind: str, read: Callable[[object], Row]) -> Row:
        try:
            return read(self._profile.fields[kind].inward(document))
        except Unreadable as error:
            raise Doubtful(f"BlueCherry {call}", str(error)) from None


def _parts(skus: Sequence[str], upcs: Sequence[str], size: int) -> Iterator[tuple[list[str], list[str]]]:
    asked = [(sku, True) for sku in dict.fromkeys(skus)] + [(upc, False) for upc in dict.fromkeys(upcs)]
    for start in range(0, len(asked), size):
        part = asked[start : start + size]
        yield [code for code, is_sku in part if is_sku], [code for code, is_sku in part if not is_sku]


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _digest(row: object) -> str:
    return hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()


def _fault(body: object) -> Fault:
    """``{"error": {"code", "message", "field"}}``"""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return Fault()
    code, message, field = (error.get(key) for key in ("code", "message", "field"))
    return Fault(
        code=code if isinstance(code, str) else "",
        message=message if isinstance(message, str) else "",
        field=field if isinstance(field, str) else None,
    )
