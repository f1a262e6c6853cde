"""BlueCherry in shadow: whatever is written is answered as if it had been made, and reaches nobody."""

from __future__ import annotations

from app.bluecherry.documents import Created, CreditMemo, ExchangeOrder, InventoryJournal, ReturnAuthorisation

PREFIX = "SHADOW-"
"""How the numbers of documents begin that stand in the ledger alone."""


class ShadowWrites:
    """Takes documents (`app.bluecherry.gateway.Writes`) and posts none. It holds no client, so it can call nobody.

    A document's number is made of its key: one that is sent again gets the same.
    """

    def create_order(self, order: ExchangeOrder) -> Created:
        """Number an exchange order."""
        return Created(PREFIX + order.aux_ref_num)

    def cancel_order(self, ord_num: str) -> None:
        """Nothing: the order was never made."""

    def create_ra(self, authorisation: ReturnAuthorisation) -> Created:
        """Number a return authorisation."""
        return Created(PREFIX + authorisation.aux_ref_num)

    def cancel_ra(self, ra_num: str) -> None:
        """Nothing: the authorisation was never made."""

    def close_ra(self, ra_num: str) -> None:
        """Nothing: the authorisation was never made."""

    def create_journal(self, journal: InventoryJournal) -> Created:
        """Number an inventory journal."""
        return Created(PREFIX + journal.aux_ref_num)

    def create_memo(self, memo: CreditMemo) -> Created:
        """Number a credit memo."""
        return Created(PREFIX + memo.aux_ref_num)
