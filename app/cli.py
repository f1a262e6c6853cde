"""``bridge``: the command line. Each command lives in a module of its own, which is loaded only when it is used."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

import click

from app.system.datadir import DataDirectory

# name → where it lives. Commands whose module is not part of this installation are not shown.
COMMANDS = {
    "run": "app.commands.run:run",
    "demo": "app.commands.demo:demo",
    "chaos": "app.commands.chaos:chaos",
    "check": "app.commands.check:check",
    "mapping": "app.commands.mapping:mapping",
    "dry-run": "app.commands.dry_run:dry_run",
    "exceptions": "app.commands.exceptions:exceptions",
    "alerts": "app.commands.alerts:alerts",
    "returns": "app.commands.returns:returns",
    "documents": "app.commands.documents:documents",
    "books": "app.commands.books:books",
    "windows": "app.commands.windows:windows",
    "shadow": "app.commands.shadow:shadow",
    "people": "app.commands.people:people",
    "doctor": "app.commands.doctor:doctor",
    "circuits": "app.commands.circuits:circuits",
    "reconcile": "app.commands.reconcile:reconcile",
    "erase": "app.commands.erase:erase",
    "tokens": "app.commands.tokens:tokens",
    "backup": "app.commands.backup:backup",
    "restore": "app.commands.backup:restore",
    "db": "app.commands.db:db",
    "sandbox": "app.commands.sandbox:sandbox",
}
# These start servers of their own; all others talk to the system that runs.
_STARTERS = frozenset({"run", "demo", "chaos", "sandbox"})


class LazyGroup(click.Group):
    """A group that finds its commands in COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands whose module is there."""
        return [name for name, place in COMMANDS.items() if _exists(place)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; None for an unknown one."""
        place = COMMANDS.get(cmd_name)
        if place is None or not _exists(place):
            return None
        module, attribute = place.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


def _exists(place: str) -> bool:
    return find_spec(place.partition(":")[0]) is not None


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reveni-bluecherry-bridge")
@click.pass_context
def main(context: click.Context) -> None:
    """Keep two books in agreement: the returns in Reveni and the documents in CGS BlueCherry."""
    if context.invoked_subcommand not in _STARTERS:
        reach_running_system()


def reach_running_system() -> None:
    """Point this process at the system that runs on the data directory, as far as the environment says nothing else."""
    for name, value in DataDirectory.from_environment(os.environ).running().items():
        os.environ.setdefault(name, value)
