"""What the role of the running processes may do in the database: rows as the bridge needs them, and no schema.

The owner of the tables (who runs ``bridge db upgrade``, ``bridge tokens`` and ``bridge erase``) is another role.
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from app.db.tables import Base

_WORK = "select, insert, update"
_WRITTEN_ONCE = "select, insert"
_READ_ONLY = "select"

_ONLY = {
    "history": _WRITTEN_ONCE,
    "decisions": _WRITTEN_ONCE,
    "return_versions": _WRITTEN_ONCE,
    "ledger_versions": _WRITTEN_ONCE,
    "mappings": _WRITTEN_ONCE,
    "mapping_edits": _WRITTEN_ONCE,
    "sign_offs": _WRITTEN_ONCE,
    "erasures": _READ_ONLY,
    # Whoever takes over a process must not make tokens: only when one was used last is written there.
    "api_tokens": "select, update (last_used_at)",
}
"""What is less than work on a table's rows."""
_MAY_DELETE = frozenset({"alert_messages", "alerts", "marks", "sessions", "sign_in_failures", "window_holds"})
"""Tables that hold nothing to be kept."""


def grants(role: str) -> Iterator[str]:
    """SQL that gives a role (one that is there, and owns nothing) just that, whatever it had before; for the owner.

    New tables of a later version need it again, after the upgrade.
    """
    quoted = sql.Identifier(role).as_string()
    yield "revoke create on schema public from public"
    yield f"revoke all on all tables in schema public from {quoted}"
    yield f"revoke all on schema public from {quoted}"
    yield f"grant usage on schema public to {quoted}"
    for name in sorted(Base.metadata.tables):
        privileges = _ONLY.get(name, _WORK) + (", delete" if name in _MAY_DELETE else "")
        yield f"grant {privileges} on {name} to {quoted}"
