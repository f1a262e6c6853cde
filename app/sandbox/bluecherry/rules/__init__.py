"""The rules that BlueCherry enforces: what may be posted. They read the books and change nothing."""

from __future__ import annotations

from collections.abc import Callable

from app.sandbox.bluecherry.books import Books
from app.sandbox.bluecherry.document import Document
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.rules.authorisation import authorisation
from app.sandbox.bluecherry.rules.exchange import exchange_order
from app.sandbox.bluecherry.rules.journal import journal
from app.sandbox.bluecherry.rules.memo import memo

Rule = Callable[[Books, Fields], Document]

# By the type that a batch names.
RULES: dict[str, Rule] = {
    "return_authorization": authorisation,
    "inventory_journal": journal,
    "credit_memo": memo,
    "sales_order": exchange_order,
}
