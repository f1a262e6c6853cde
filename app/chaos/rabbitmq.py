"""A RabbitMQ of the chaos' own, where this machine has one installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from kombu import Connection
from kombu.exceptions import OperationalError

from app.system.errors import SystemFault
from app.system.network import LOOPBACK, free_port
from app.system.process import Part

# Debian's wrapper on the PATH changes the user; the program itself does not.
_PLACES = "/usr/lib/rabbitmq/bin"
_BIN = ":/usr/sbin:/usr/local/sbin"


class EmbeddedRabbitMQ:
    """A RabbitMQ node in one directory, with its own ports, cookie and port mapper.

    Raises SystemFault where RabbitMQ is not installed.
    """

    def __init__(self, directory: Path) -> None:
        program = shutil.which("rabbitmq-server", path=_PLACES) or shutil.which("rabbitmq-server")
        mapper = shutil.which("epmd")
        if program is None or mapper is None:
            raise SystemFault("There is no RabbitMQ on this machine: install rabbitmq-server, or take --broker redis.")
        self.directory = directory.resolve()
        self._program = program
        self._mapper = mapper
        self._port, self._distribution_port, self._mapper_port = free_port(), free_port(), free_port()

    @property
    def url(self) -> str:
        """The broker's URL."""
        return f"amqp://guest:guest@{LOOPBACK}:{self._port}//"

    def prepare(self) -> None:
        """Make the directory, and the settings: the loopback address only, no plugins."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.directory / "enabled_plugins").write_text("[].\n")
        (self.directory / "rabbitmq.conf").write_text(f"listeners.tcp.1 = {LOOPBACK}:{self._port}\n")

    def parts(self) -> tuple[Part, ...]:
        """The node, and the port mapper without which Erlang would leave one of its own behind."""
        environment = {
            "HOME": str(self.directory),
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_NODENAME": f"chaos-{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_BASE": str(self.directory),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(self.directory / "pid"),
        }
        mapper = Part(
            name="rabbitmq-ports",
            command=[self._mapper, "-port", str(self._mapper_port), "-address", LOOPBACK],
            ready=lambda _: True,
            environment=environment,
        )
        node = Part(
            name="rabbitmq",
            command=[self._program],
            ready=lambda _: self._accepts(),
            environment=environment,
            directory=self.directory,
            stop_seconds=20.0,
        )
        return mapper, node

    def _accepts(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=2) as connection:
                connection.connect()
        except (OSError, OperationalError):
            return False
        return True
