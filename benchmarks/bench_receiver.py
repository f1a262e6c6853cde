"""How many signed events per second the receiver stores, beside a bare Flask view that only INSERTs the body.

    make bench ARGS="--report receiver.json"

Both run at once, each as one gunicorn worker process with the same threads, on one PostgreSQL with fsync; they are
loaded in turns, so that a slow minute of the machine meets both.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg

from app.db.migrate import upgrade
from app.reveni.signature import sign
from app.secret import Secret
from app.system.broker import EmbeddedRedis
from app.system.network import free_port, http_answers
from app.system.parts import Places, receiver
from app.system.postgres import EmbeddedPostgres
from app.system.process import Part
from app.system.supervisor import Supervisor
from benchmarks.load import Outcome, load

ROOT = Path(__file__).parent.parent
KEY = "bench-key"
SECRETS = {
    "REVENI_KEY_ES": KEY,
    "REVENI_KEY_UK": "other-key",
    "WAREHOUSE_SECRET_MADRID": "madrid",
    "WAREHOUSE_SECRET_LONDON": "london",
    "BLUECHERRY_KEY": "key",
    "BLUECHERRY_CODE": "code",
}


@dataclass(frozen=True, slots=True)
class Site:
    """The two servers under load, and their database."""

    receiver_port: int
    bare_port: int
    conninfo: str


def events(count: int) -> list[bytes]:
    """Signed requests of distinct events, as Reveni sends them."""
    return [_request("/webhooks/reveni/es", body, sign(body, Secret(KEY), time.time())) for body in _bodies(count)]


def bare_requests(count: int) -> list[bytes]:
    """The same bodies for the bare view."""
    return [_request("/", body, "") for body in _bodies(count)]


def _bodies(count: int) -> Iterator[bytes]:
    for _ in range(count):
        event = {
            "id": uuid.uuid4().hex,
            "event": "return.updated",
            "created": int(time.time()),
            "data": {
                "amount": "76.4800",
                "status": "in_progress",
                "currency": "EUR",
                "resource": "return",
                "resource_id": uuid.uuid4().hex,
            },
        }
        yield json.dumps(event).encode()


def _request(path: str, body: bytes, signature: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-REVENI-SIGNATURE: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def served(threads: int) -> Iterator[Site]:
    """PostgreSQL with fsync, a Redis to nudge, the receiver and the bare view, in a directory that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as directory:
        place = Path(directory)
        place.chmod(0o755)
        server = EmbeddedPostgres(place / "postgres", uuid.uuid4().hex)
        broker = EmbeddedRedis(place / "redis", uuid.uuid4().hex)
        server.prepare()
        broker.prepare()
        with Supervisor(place / "logs") as supervisor:
            supervisor.start(server.part(), broker.part())
            server.create_database()
            upgrade(server.url())
            conninfo = server.url().replace("+psycopg", "", 1)
            with psycopg.connect(conninfo, autocommit=True) as connection:
                connection.execute("create table bare (id bigint generated always as identity primary key, body text)")
            environment = {
                **os.environ,
                **SECRETS,
                "DATABASE_URL": server.url(),
                "BROKER_URL": broker.url,
                "BRIDGE_CONFIG": str(ROOT / "bridge.example.toml"),
                "BRIDGE_EVENTS_PER_SECOND": "0",
                "PYTHONPATH": str(ROOT),
            }
            places = Places(receiver_port=free_port(), flower_port=0, data=place)
            bare_port = free_port()
            supervisor.start(
                receiver(places, environment, threads=threads), _bare(bare_port, environment, place, threads)
            )
            yield Site(places.receiver_port, bare_port, conninfo)


def _bare(port: int, environment: dict[str, str], place: Path, threads: int) -> Part:
    return Part(
        name="bare",
        command=[
            *(sys.executable, "-m", "gunicorn", "benchmarks.bare:create_app()"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", str(threads)),
            *("-c", "python:app.system.gunicorn_conf"),
        ],
        ready=lambda _: http_answers(f"http://127.0.0.1:{port}"),
        environment=environment,
        directory=place,
    )


def _stored(site: Site) -> int:
    with psycopg.connect(site.conninfo) as connection:
        return len(connection.execute("select from inbox").fetchall())


def _figures(outcomes: list[Outcome]) -> dict[str, object]:
    """The median of the rounds, and how often each status was answered in all of them."""
    answers: Counter[int] = Counter()
    for outcome in outcomes:
        answers.update(outcome.statuses)
    return {
        "per_second": round(statistics.median(outcome.per_second for outcome in outcomes)),
        "p50_ms": round(statistics.median(outcome.percentile(0.50) for outcome in outcomes), 2),
        "p99_ms": round(statistics.median(outcome.percentile(0.99) for outcome in outcomes), 2),
        "answers": {str(status): count for status, count in sorted(answers.items())},
    }


def measure(count: int, rounds: int, connections: int, threads: int, pace: int, pace_seconds: int) -> dict[str, object]:
    """Load both servers in turns at full speed, then the receiver at a pace."""
    with served(threads) as site:
        full: list[Outcome] = []
        bare: list[Outcome] = []
        load(site.receiver_port, events(300), connections=connections)
        load(site.bare_port, bare_requests(300), connections=connections)
        for _ in range(rounds):
            bare.append(load(site.bare_port, bare_requests(count), connections=connections))
            full.append(load(site.receiver_port, events(count), connections=connections))
        paced = load(site.receiver_port, events(pace * pace_seconds), connections=connections, per_second=pace)
        stored, sent = _stored(site), 300 + rounds * count + pace * pace_seconds
    receiver_figures, bare_figures = _figures(full), _figures(bare)
    return {
        "receiver": receiver_figures,
        "bare_view": bare_figures,
        "ratio": round(
            statistics.median(o.per_second for o in full) / statistics.median(o.per_second for o in bare), 2
        ),
        f"at_{pace}_per_second": _figures([paced]),
        "sent": sent,
        "stored": stored,
        "setting": {"connections": connections, "threads": threads, "rounds": rounds, "events_per_round": count},
    }


@click.command()
@click.option("--events", "count", default=5000, show_default=True, help="Events per round.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--connections", default=32, show_default=True, help="Kept-alive connections of the load generator.")
@click.option("--threads", default=8, show_default=True, help="gunicorn threads of each server.")
@click.option("--pace", default=200, show_default=True, help="Events per second of the paced load.")
@click.option("--pace-seconds", default=10, show_default=True)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".bridge/bench-receiver.json"),
    show_default=True,
    help="Where the figures are written as JSON.",
)
def main(count: int, rounds: int, connections: int, threads: int, pace: int, pace_seconds: int, report: Path) -> None:
    """Measure the receiver and print what was found."""
    figures = measure(count, rounds, connections, threads, pace, pace_seconds)
    text = json.dumps(figures, indent=2)
    click.echo(text)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(text + "\n")
    if figures["sent"] != figures["stored"]:
        raise click.ClickException("not every event that was sent is stored")


if __name__ == "__main__":
    main()
