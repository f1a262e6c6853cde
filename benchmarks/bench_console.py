"""How long the console takes to make each page, and to search, over years of returns.

    make bench-console ARGS="--data .bridge/bench-console --report console.json"

Fills a PostgreSQL of its own (1,000,000 returns, 20,000 open exceptions by default; minutes), or takes what an earlier
run left in `--data`. Then each page is asked for in turns from the console itself, without a network between, signed
in as an admin; the first rounds warm up and do not count.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import urlencode

import click
import psycopg
from flask.testing import FlaskClient
from sqlalchemy import text

from app import create_app
from app.config import load_config
from app.db.engine import transaction
from app.db.migrate import upgrade
from app.domain.blockers import Code, Team
from app.domain.due import Outlook
from app.permissions import Role
from app.secret import Secret
from app.services.access.people import add_person
from app.services.outside import utc_now
from app.services.views.figures import refresh_figures
from app.system.postgres import EmbeddedPostgres
from app.system.supervisor import Supervisor
from app.web.settings import WebSettings
from benchmarks.console_books import fill

PAGE_MS, SEARCH_MS = 150.0, 300.0
"""What 95 of 100 may take at most."""
_PASSWORD, _LOGIN = "bench-console-password", "bench"
_STORE = """
[stores.{name}]
reveni_store_id = "{number}"
reveni_key_env = "BENCH_KEY"
bluecherry = "main"
time_zone = "{zone}"
sites = ["madrid", "london"]
default_site = "madrid"
[stores.{name}.reasons]
too_small = "SZ"
[stores.{name}.grades.A]
[stores.{name}.grades.rejected]
location = "REJ"
"""
_CONFIG = """
[bluecherry.main]
base_url = "http://127.0.0.1:9"
key_env = "BENCH_KEY"
code_env = "BENCH_KEY"
[sites.madrid]
location = "MAD01"
quarantine = "MADQ"
[sites.london]
location = "LON01"
quarantine = "LONQ"
""" + "".join(
    _STORE.format(name=name, number=number, zone=zone)
    for number, (name, zone) in enumerate(
        {"es": "Europe/Madrid", "uk": "Europe/London", "fr": "Europe/Paris", "de": "Europe/Berlin"}.items()
    )
)


@contextmanager
def books(place: Path, returns: int, exceptions: int) -> Iterator[str]:
    """The filled database; its URL. What an earlier run filled is taken as it is."""
    place.chmod(0o755)
    secret = place / "password"
    if not secret.exists():
        secret.write_text(os.urandom(16).hex(), encoding="utf-8")
    server = EmbeddedPostgres(place / "postgres", secret.read_text(encoding="utf-8"), durable=False)
    server.prepare()
    with Supervisor(place / "logs") as supervisor:
        supervisor.start(server.part())
        server.create_database()
        upgrade(server.url())
        conninfo = server.url().replace("+psycopg", "", 1)
        with psycopg.connect(conninfo) as connection:
            row = connection.execute("select exists (select from returns)").fetchone()
        if row is None or not row[0]:
            began = time.perf_counter()
            click.echo(f"Filling with {returns:,} returns …", err=True)
            fill(conninfo, returns, exceptions)
            click.echo(f"Filled in {time.perf_counter() - began:.0f} s.", err=True)
        yield server.url()


def console(url: str, place: Path) -> FlaskClient:
    """A browser, as good as one without a screen is, signed in."""
    path = place / "bridge.toml"
    path.write_text(_CONFIG, encoding="utf-8")
    os.environ |= {"DATABASE_URL": url, "BENCH_KEY": "x", "BRIDGE_CONFIG": str(path)}
    os.environ.pop("BROKER_URL", None)
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        known = connection.execute("select exists (select from people where login = %s)", [_LOGIN]).fetchone()
    if known is None or not known[0]:
        add_person(_LOGIN, "Bench", Role.ADMIN, (), _PASSWORD)
    app = create_app(load_config(path, os.environ), WebSettings(console_secret=Secret("bench" * 10)))
    client = app.test_client()
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/console/sign-in").text)[0]
    form = {"login": _LOGIN, "password": _PASSWORD, "csrf_token": token}
    answer = client.post("/console/sign-in", data=form)
    if answer.status_code != 302:
        raise click.ClickException(f"Signing in was answered with {answer.status_code}.")
    return client


def pages() -> Mapping[str, Sequence[str]]:
    """Pages by name, each with the addresses that are asked for in turns."""
    teams = [team.value for team in Team]
    exceptions = "/console/exceptions"
    return {
        "today": ["/console/today"],
        "exceptions": [exceptions],
        "exceptions of a team": [f"{exceptions}?team={team}" for team in teams],
        "exceptions of a code": [f"{exceptions}?code={code.value}" for code in Code],
        "exceptions of a store": [f"{exceptions}?store={store}" for store in ("es", "uk", "fr", "de")],
        "daily checklist": [f"/console/checklists?team={team}" for team in teams],
        "month-end": ["/console/checklists?rhythm=month_end"],
        "handbook": ["/console/handbook"],
        "runbook": [f"/console/runbooks/{code.value}" for code in Code],
        "one cause": [f"{exceptions}?{urlencode({'code': code, 'cause': cause})}" for code, cause in _some(_CAUSES)],
        "one exception": [f"{exceptions}/{number}" for (number,) in _some(_EXCEPTIONS)],
        "exceptions by text": [f"{exceptions}?text=stands", f"{exceptions}?text=es:1"],
        "returns": ["/console/returns", *(f"/console/returns?state={state.value}" for state in Outlook)],
        "one return": [f"/console/returns/{store}/{return_id}" for store, return_id in _some(_RETURNS)],
        "windows": ["/console/windows"],
        "one window": [f"/console/windows/{number}" for number in range(1, 20)],
        "approvals": ["/console/approvals", "/console/approvals?state=all"],
        "search a return": [f"/console/returns?text={return_id}" for _, return_id in _some(_RETURNS)],
        "search an order": [f"/console/returns?text=W{number}" for number in range(1, 20)],
        "search a number": [f"/console/returns?text=RA{number}" for number in range(1, 20)],
        "search a SKU": ["/console/returns?text=a-SKU-of-nobody"],
        "people": ["/console/people"],
        "what everybody did": ["/console/people/acts"],
    }


_CAUSES = "select distinct code, cause from exceptions where closed_at is null order by code, cause limit 20"
_EXCEPTIONS = "select id from exceptions where closed_at is null order by md5(id::text) limit 20"
_RETURNS = "select store, id from returns where pk <= 20"


def _some(query: str) -> list[tuple[str, ...]]:
    """What is there to be asked for."""
    with transaction() as session:
        return [tuple(str(each) for each in row) for row in session.execute(text(query))]


def measure(client: FlaskClient, addresses: Sequence[str], rounds: int, warm_up: int) -> dict[str, float]:
    """Milliseconds that the server took: p50, p95 and the most, over so many requests."""
    took = []
    for number in range(warm_up + rounds):
        address = addresses[number % len(addresses)]
        began = time.perf_counter()
        answer = client.get(address)
        seconds = time.perf_counter() - began
        # A search that finds one return leads to it.
        if answer.status_code not in (200, 302):
            raise click.ClickException(f"{address} was answered with {answer.status_code}.")
        if number >= warm_up:
            took.append(seconds * 1000)
    p95 = statistics.quantiles(took, n=20, method="inclusive")[-1]
    return {"p50": round(statistics.median(took), 1), "p95": round(p95, 1), "most": round(max(took), 1)}


@click.command()
@click.option("--returns", default=1_000_000, show_default=True)
@click.option("--exceptions", default=20_000, show_default=True, help="How many of them have an open exception.")
@click.option("--rounds", default=60, show_default=True, help="Requests of each page that count.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the database there, for next time."
)
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures there as JSON.")
def main(returns: int, exceptions: int, rounds: int, data: Path | None, report: Path | None) -> None:
    """Measure every page of the console; ends with 1 when one takes longer than it may."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    kept = nullcontext(str(data)) if data is not None else tempfile.TemporaryDirectory(prefix="bridge-bench-")
    with kept as directory, books(Path(directory), returns, exceptions) as url:
        client = console(url, Path(directory))
        began = time.perf_counter()
        refresh_figures(utc_now())
        counting = time.perf_counter() - began
        found = {
            name: measure(client, addresses, rounds, max(5, len(addresses))) for name, addresses in pages().items()
        }
    slow = [name for name, each in found.items() if each["p95"] > limit_of(name)]
    for name, each in found.items():
        click.echo(f"{name:28} p50 {each['p50']:7.1f} ms   p95 {each['p95']:7.1f} ms   most {each['most']:7.1f} ms")
    click.echo(f"Counting the figures of the morning took {counting * 1000:.0f} ms.")
    told = {"returns": returns, "exceptions": exceptions, "rounds": rounds, "counting_ms": round(counting * 1000)}
    text = json.dumps({**told, "pages": found, "too_slow": slow}, indent=2)
    if report is not None:
        report.write_text(text + "\n", encoding="utf-8")
    if slow:
        raise click.ClickException(f"Longer than they may: {', '.join(slow)}.")


def limit_of(name: str) -> float:
    """What 95 of 100 requests of a page may take, in milliseconds."""
    return SEARCH_MS if name.startswith("search") else PAGE_MS


if __name__ == "__main__":
    main()
