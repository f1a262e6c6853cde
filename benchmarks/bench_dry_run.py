"""How long a dry run and a what-if over many returns take, against the sandboxes.

    python -m benchmarks.bench_dry_run --returns 2000 --latency-ms 20

Every return is of an order of its own, accepted, and received by its status, so that each leads to three documents.
The dry run meets an empty bridge; then the bridge takes the returns in, and the what-if moves their goods elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import requests

from app.config import load_config, load_mappings
from app.db.migrate import upgrade
from app.services.intake.poll import poll
from app.services.intake.taking_in import take_in
from app.services.ledger.validation import validate
from app.services.outside import Outside, build
from app.services.trial.dry_run import dry_run
from app.services.trial.what_if import what_if
from app.system.network import free_port, http_answers
from app.system.postgres import EmbeddedPostgres
from app.system.process import Part
from app.system.supervisor import Supervisor

ROOT = Path(__file__).parent.parent
SECRETS = {"BC_KEY": "sandbox-key", "BC_CODE": "sandbox-code", "REVENI_ES": "bench"}
CONFIG = """
[bluecherry.main]
base_url = "http://127.0.0.1:{bluecherry}"
key_env = "BC_KEY"
code_env = "BC_CODE"

[stores.es]
reveni_base_url = "http://127.0.0.1:{reveni}"
reveni_store_id = "1"
reveni_key_env = "REVENI_ES"
bluecherry = "main"
time_zone = "Europe/Madrid"
sites = ["madrid"]
default_site = "madrid"
warehouse_feed = false

[stores.es.reasons]
too_small = "SZ"

[stores.es.grades.rejected]
location = "MADR"

[sites.madrid]
location = "{location}"
quarantine = "MADQ"
"""


@contextmanager
def served() -> Iterator[tuple[Path, int, int]]:
    """PostgreSQL and both sandboxes: a directory that goes afterwards, and the ports of BlueCherry and Reveni."""
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as directory:
        place = Path(directory)
        place.chmod(0o755)
        server = EmbeddedPostgres(place / "postgres", uuid.uuid4().hex)
        server.prepare()
        ports = {name: free_port() for name in ("bluecherry", "reveni")}
        with Supervisor(place / "logs") as supervisor:
            supervisor.start(server.part(), *(_sandbox(name, port, place) for name, port in ports.items()))
            server.create_database()
            upgrade(server.url())
            os.environ |= {**SECRETS, "DATABASE_URL": server.url()}
            yield place, ports["bluecherry"], ports["reveni"]


def _sandbox(name: str, port: int, place: Path) -> Part:
    return Part(
        name=name,
        command=[sys.executable, "-c", "from app.cli import main; main()", "sandbox", name, "--port", str(port)],
        ready=lambda _: http_answers(f"http://127.0.0.1:{port}"),
        environment={**os.environ, "PYTHONPATH": str(ROOT)},
        directory=place,
    )


def fill(returns: int, bluecherry: int, reveni: int, latency_ms: float) -> None:
    """Sell an order for each return, and have each accepted in Reveni."""
    line = {"line_seq": 1, "sku": "0001", "upc": None, "qty_ord": 2, "qty_inv": 2, "unit_price": "10.00"}
    money = {"gross_amt": "20.00", "disc_amt": "2.00", "net_amt": "18.00", "tax_code": "V21", "tax_rate": "0.21"}
    lines = [{**line, **money, "tax_amt": "3.78"}]
    head = {"division": "010", "customer": "1", "store": "ES", "ord_type": "S", "ord_date": "2026-01-01"}
    rest = {"ord_status": "I", "currency": "EUR", "freight_amt": "4.00", "freight_tax_amt": "0.84", "ship_to": None}
    orders = [{**head, **rest, "ord_num": f"{n:06}", "ref_num1": f"W{n}", "lines": lines} for n in range(returns)]
    headers, code = {"Ocp-Apim-Subscription-Key": "sandbox-key"}, {"code": "sandbox-code"}

    def admin(call: str, body: object) -> None:
        url = f"http://127.0.0.1:{bluecherry}/_sandbox/{call}"
        requests.post(url, json=body, headers=headers, params=code, timeout=60).raise_for_status()

    locations = ["MAD01", "MAD02", "MADQ", "MADR"]
    items = [{"division": "010", "sku": "0001"}]
    admin("seed", {"items": items, "locations": locations, "reasons": ["SZ"], "periods": [], "orders": []})
    for start in range(0, returns, 200):
        admin("seed", {"orders": orders[start : start + 200]})
    admin("faults", {"base_latency_ms": latency_ms, "seed": 1})
    with requests.Session() as session:
        base = f"http://127.0.0.1:{reveni}/_sandbox"
        session.post(f"{base}/stores", json={"store_id": "1", "api_key": "bench"}, timeout=10).raise_for_status()
        for n in range(returns):
            session.put(f"{base}/returns/1/r{n}?event=none", json=_return(n), timeout=10).raise_for_status()


def _return(n: int) -> dict[str, object]:
    now = datetime.now(UTC).isoformat()
    item = {"item_id": f"i{n}", "sku": "0001", "quantity": 1, "price": "10.89", "status": "accepted"}
    return {
        "id": f"r{n}",
        "status": "accepted",
        "type": "refund",
        "instant": False,
        "created": now,
        "updated": now,
        "currency": "EUR",
        "amount": "10.89",
        "order": {"external_id": f"W{n}", "number": f"#W{n}"},
        "customer": {"name": "Jane Doe", "email": "jane.doe@example.com"},
        "return_items": [{**item, "return_reason": "too_small", "exchange": None}],
        "fees": [],
        "bonus": "0",
        "refund": None,
        "shipping": {"carrier": "x", "tracking_number": None, "destination": None},
        "exchange_order": None,
    }


def _take_all_in(outside: Outside) -> None:
    poll("es", outside)
    while (taken := take_in(outside)).returns or taken.more:
        validate(taken.returns, outside)


def measure(returns: int, latency_ms: float) -> dict[str, object]:
    """The seconds of both, and what they found."""
    with served() as (place, bluecherry, reveni):
        fill(returns, bluecherry, reveni, latency_ms)
        paths = {name: place / f"{name}.toml" for name in ("ours", "other")}
        for name, location in (("ours", "MAD01"), ("other", "MAD02")):
            paths[name].write_text(CONFIG.format(bluecherry=bluecherry, reveni=reveni, location=location))
        outside = build(load_config(paths["ours"], os.environ))
        began = time.perf_counter()
        dry = dry_run("es", datetime.now(UTC) - timedelta(days=1), outside)
        dry_seconds = time.perf_counter() - began
        _take_all_in(outside)
        began = time.perf_counter()
        other = what_if(load_mappings(paths["other"]).stores, outside, stores=["es"])
        what_if_seconds = time.perf_counter() - began
    return {
        "returns": returns,
        "latency_ms": latency_ms,
        "dry_run_seconds": round(dry_seconds, 1),
        "documents_to_post": sum(each.to_post for found in dry.returns for each in found.seen.documents),
        "not_looked_at": len(dry.not_looked_at),
        "what_if_seconds": round(what_if_seconds, 1),
        "different": len(other.different),
    }


@click.command()
@click.option("--returns", default=2000, show_default=True)
@click.option("--latency-ms", default=0.0, show_default=True, help="What each answer of BlueCherry takes at least.")
def main(returns: int, latency_ms: float) -> None:
    """Measure a dry run and a what-if, and print what was found."""
    click.echo(json.dumps(measure(returns, latency_ms), indent=2))


if __name__ == "__main__":
    main()
