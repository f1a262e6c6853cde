"""What the role of the running processes may do in the database: rows as the bridge needs them, and no schema.

The owner of the tables (who runs ``bridge db upgrade``, ``bridge tokens`` and ``bridge erase``) is another role.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
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
    # `bridge run` sees by it that there is nothing to upgrade.
    yield f"grant select on alembic_version to {quoted}"
    for name in sorted(Base.metadata.tables):
        privileges = _ONLY.get(name, _WORK) + (", delete" if name in _MAY_DELETE else "")
        yield f"grant {privileges} on {name} to {quoted}"


NOT_THE_OWNER = "The role in DATABASE_URL may not do that: set it to that of the owner of the tables."


class RoleFault(Exception):
    """A role that cannot be set up; the text says why, and what to do."""


def set_up(url: str, role: str, password: str) -> None:
    """Make a role that may log in with a password, where it is missing, and give it its grants anew; for the owner.

    `url` is the owner's. The server is told the password's SCRAM secret, not the password. Raises RoleFault.
    """
    try:
        with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as connection:
            if role == connection.info.user:
                raise RoleFault(f"{role} owns the tables: the processes need another role.")
            found = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
            secret = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            login = sql.SQL("alter role {} login password {}" if found else "create role {} login password {}")
            connection.execute(login.format(sql.Identifier(role), sql.Literal(secret.decode())))
            for statement in grants(role):
                connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        why = "The owner of the tables may not make roles: make it by yourself, then use `bridge db grants`."
        raise RoleFault(why) from None
    except psycopg.OperationalError:
        raise RoleFault("The database does not answer: start it, or correct DATABASE_URL.") from None
