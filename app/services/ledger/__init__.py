"""The ledger: what is due is planned, claimed, sent and recorded, each document once."""
