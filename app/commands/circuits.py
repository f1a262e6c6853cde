"""``bridge circuits``: which systems are away, and since when."""

from __future__ import annotations

import click

from app.circuit import Circuit
from app.commands._shown import as_json, plain_database_errors, show_json, show_table
from app.services.circuits import Circuits, all_circuits
from app.services.outside import utc_now


@click.group()
def circuits() -> None:
    """See which systems the bridge leaves alone because they are away, and have it ask one now."""


@circuits.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the systems that are or were away: connections of BlueCherry, and reveni:STORE."""
    with plain_database_errors():
        found = all_circuits()
    if as_json:
        show_json([{"name": name, **_as_json(each)} for name, each in found.items()])
        return
    rows = [
        (name, "there" if each.closed else "away", each.since, each.open_until, each.closed_at, each.why)
        for name, each in found.items()
    ]
    show_table("Circuits", ("system", "is", "away since", "asked again", "came back", "why"), rows)


def _as_json(circuit: Circuit) -> dict[str, object]:
    times = {"since": circuit.since, "open_until": circuit.open_until, "closed_at": circuit.closed_at}
    texts = {name: time.isoformat() if time else None for name, time in times.items()}
    return {"closed": circuit.closed, **texts, "openings": circuit.openings, "why": circuit.why}


@circuits.command()
@click.argument("name")
def close(name: str) -> None:
    """Call a system again at once, without waiting until its pause is over."""
    with plain_database_errors():
        known = all_circuits()
        if name not in known or known[name].closed:
            away = ", ".join(sorted(each for each, circuit in known.items() if not circuit.closed)) or "none"
            raise click.ClickException(f"{name} is not away. Away now: {away}.")
        Circuits(utc_now).close(name)
    click.echo(f"{name} is called again within seconds; if it is still away, it is left alone again.")
