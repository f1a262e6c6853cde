"""The bridge's own database: inbox, returns, ledger, exceptions, history. PostgreSQL only."""
