"""Taking in what happened: events, receipts, and the returns that they are about."""
