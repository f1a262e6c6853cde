"""Reveni to run at home: stores, returns, the warehouse's verdicts, and webhooks that get lost, doubled or late."""
