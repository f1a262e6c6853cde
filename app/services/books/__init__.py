"""The proof: the ledger held against BlueCherry's books, at a period's end and after a restore too."""
