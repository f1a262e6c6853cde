"""The database of a system that does not run: its embedded PostgreSQL, started for as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app.system.datadir import DataDirectory
from app.system.errors import SystemFault
from app.system.postgres import EmbeddedPostgres
from app.system.supervisor import Supervisor


@contextmanager
def own_database(directory: DataDirectory, *, make: bool) -> Iterator[str]:
    """The URL of a data directory's own database. `make`: a directory without one gets one.

    Raises SystemFault when there is none, or a system runs on the directory.
    """
    place = directory.path / "postgres"
    if not make and not (place / "PG_VERSION").exists():
        raise SystemFault(
            f"There is no database in {directory.path}: name the data directory in BRIDGE_DATA, or DATABASE_URL."
        )
    directory.hold()
    try:
        server = EmbeddedPostgres(place, directory.secret("postgres"))
        server.prepare()
        with Supervisor(directory.logs) as supervisor:
            supervisor.start(server.part())
            server.create_database()
            yield server.url()
    finally:
        directory.release()
