"""The demo: a believable day of returns, played against the running system, and an independent recount of the books."""
