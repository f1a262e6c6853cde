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
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click
import psycopg
from flask.testing import FlaskClient

from app import create_app
from app.config import load_config
from app.db.migrate import upgrade
from app.permissions import Role
from app.pseudonym import VARIABLE
from app.secret import Secret
from app.services.access.people import add_person
from app.services.books.period_end import PeriodEndList
from app.services.books.reports import ask, get_report, make_next
from app.services.outside import outside, utc_now
from app.services.views.figures import refresh_figures
from app.system.postgres import EmbeddedPostgres
from app.system.supervisor import Supervisor
from app.web.settings import WebSettings
from benchmarks.console_books import fill
from benchmarks.console_desk import KEY
from benchmarks.console_pages import Asked, left_out, pages

PAGE_MS, SEARCH_MS = 150.0, 300.0
"""What 95 of 100 may take at most."""
_PASSWORD, _LOGIN = "bench-console-password", "bench"
_STORE = """
[stores.{name}]
reveni_store_id = "{number}"
reveni_key_env = "BENCH_KEY"
bluecherry = "main"
warehouse_feed = true
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
    os.environ |= {"DATABASE_URL": url, "BENCH_KEY": "x", "BRIDGE_CONFIG": str(path), VARIABLE: KEY.reveal()}
    os.environ.pop("BROKER_URL", None)
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        known = connection.execute("select exists (select from people where login = %s)", [_LOGIN]).fetchone()
    if known is None or not known[0]:
        add_person(_LOGIN, "Bench", Role.ADMIN, (), _PASSWORD)
    app = create_app(load_config(path, os.environ), WebSettings(console_secret=Secret("bench" * 10)))
    client = app.test_client()
    form = {"login": _LOGIN, "password": _PASSWORD, "csrf_token": token_of(client, "/console/sign-in")}
    answer = client.post("/console/sign-in", data=form)
    if answer.status_code != 302:
        raise click.ClickException(f"Signing in was answered with {answer.status_code}.")
    return client


def measure(client: FlaskClient, asked: Sequence[Asked], rounds: int, warm_up: int) -> dict[str, float]:
    """Milliseconds that the server took: p50, p95 and the most, over so many requests."""
    took = []
    token = token_of(client, "/console/me")
    for number in range(warm_up + rounds):
        each = asked[number % len(asked)]
        began = time.perf_counter()
        if each.wanted is None:
            answer = client.get(each.address)
        else:
            answer = client.post(each.address, data={"text": each.wanted, "csrf_token": token})
        seconds = time.perf_counter() - began
        # A search that finds one return leads to it.
        if answer.status_code not in (200, 302):
            raise click.ClickException(f"{each.address} was answered with {answer.status_code}.")
        if number >= warm_up:
            took.append(seconds * 1000)
    p95 = statistics.quantiles(took, n=20, method="inclusive")[-1]
    return {"p50": round(statistics.median(took), 1), "p95": round(p95, 1), "most": round(max(took), 1)}


def token_of(client: FlaskClient, address: str) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    if found is None:
        raise click.ClickException(f"{address} has no form.")
    return found[1]


def make_reports() -> dict[str, dict[str, float]]:
    """Have each list of a period's end made, as a worker does: seconds, lines, the most MiB of the process so far."""
    found = {}
    for which in PeriodEndList:
        began = time.perf_counter()
        number = ask(which, None, None, _LOGIN)
        while get_report(number).asked.finished_at is None:
            make_next(outside())
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        lines = get_report(number).asked.lines or 0
        found[which.value] = {"seconds": round(seconds, 1), "lines": lines, "peak_mib": round(peak, 1)}
        click.echo(f"{which.value:30} {seconds:.1f} s, {lines:,} lines, at most {peak:.0f} MiB")
    return found


@click.command()
@click.option("--returns", default=1_000_000, show_default=True)
@click.option("--exceptions", default=20_000, show_default=True, help="How many of them have an open exception.")
@click.option("--rounds", default=60, show_default=True, help="Requests of each page that count.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the database there, for next time."
)
@click.option("--only", help="Measure only pages with this in their name.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures there as JSON.")
def main(returns: int, exceptions: int, rounds: int, data: Path | None, only: str | None, report: Path | None) -> None:
    """Measure every page of the console; ends with 1 when one takes longer than it may, or was left out."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    kept = nullcontext(str(data)) if data is not None else tempfile.TemporaryDirectory(prefix="bridge-bench-")
    with kept as directory, books(Path(directory), returns, exceptions) as url:
        client = console(url, Path(directory))
        began = time.perf_counter()
        refresh_figures(utc_now())
        counting = time.perf_counter() - began
        made = make_reports()
        asked = pages()
        if missing := left_out(client.application, asked):
            raise click.ClickException(f"No request is for {', '.join(missing)}: name one in console_pages.py.")
        load = os.getloadavg()
        found: dict[str, dict[str, float]] = {}
        for name, each in asked.items():
            if only is None or only in name:
                found[name] = measure(client, each, rounds, max(5, len(each)))
                p50, p95, most = found[name].values()
                click.echo(f"{name:30} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms   most {most:7.1f} ms")
    slow = [name for name, each in found.items() if each["p95"] > limit_of(name)]
    click.echo(f"Load before and after: {load[0]:.1f}, {os.getloadavg()[0]:.1f}.")
    click.echo(f"Counting the figures of the morning took {counting * 1000:.0f} ms.")
    told: dict[str, object] = {
        "returns": returns,
        "exceptions": exceptions,
        "rounds": rounds,
        "counting_ms": round(counting * 1000),
    }
    told |= {"load": [round(load[0], 1), round(os.getloadavg()[0], 1)]}
    text = json.dumps({**told, "reports": made, "pages": found, "too_slow": slow}, indent=2)
    if report is not None:
        report.write_text(text + "\n", encoding="utf-8")
    if slow:
        raise click.ClickException(f"Longer than they may: {', '.join(slow)}.")


def limit_of(name: str) -> float:
    """What 95 of 100 requests of a page may take, in milliseconds."""
    return SEARCH_MS if name.startswith("search") else PAGE_MS


if __name__ == "__main__":
    main()
