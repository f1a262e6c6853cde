"""The configuration that the bridge is given for the demo: the brand, written as the TOML file of a user."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.demo.brand import STORES, Place, Site, Store

BLUECHERRY_KEY = "BLUECHERRY_KEY"
BLUECHERRY_CODE = "BLUECHERRY_CODE"


def make_secrets() -> dict[str, str]:
    """Keys for both sandboxes and the warehouses, by the names of the environment variables that hold them."""
    names = [BLUECHERRY_KEY, BLUECHERRY_CODE]
    names += [store.key_env for store in STORES]
    names += [site.secret_env for site in _sites() if site.feed]
    return {name: secrets.token_hex(16) for name in names}


def write_config(path: Path, bluecherry_url: str, reveni_url: str, *, lease_seconds: int = 30, tries: int = 8) -> None:
    """Writes the file. Secrets are not in it: see `make_secrets`."""
    tables = [
        _table(
            "bluecherry.main",
            {"base_url": bluecherry_url, "key_env": BLUECHERRY_KEY, "code_env": BLUECHERRY_CODE, "timeout_seconds": 5},
        )
    ]
    for store in STORES:
        tables += _store(store, reveni_url)
    for site in _sites():
        tables += _site(site)
    retry = {"tries": tries, "first_delay_seconds": 0.5, "longest_delay_seconds": 5, "lease_seconds": lease_seconds}
    tables.append(_table("retry", retry))
    tables.append(_table("sweep", {"every_seconds": 2, "stalled_after_seconds": 10, "poll_every_seconds": 10}))
    path.write_text("# Written by `bridge demo`.\n\n" + "\n".join(tables))


def _store(store: Store, reveni_url: str) -> Iterator[str]:
    name = f"stores.{store.name}"
    yield _table(
        name,
        {
            "reveni_base_url": reveni_url,
            "reveni_store_id": store.reveni_id,
            "reveni_key_env": store.key_env,
            "bluecherry": "main",
            "time_zone": store.time_zone,
            "sites": [site.name for site in store.sites],
            **({} if store.destination_named else {"default_site": store.site.name}),
            "judge": store.judge,
            "warehouse_feed": store.site.feed,
        },
    )
    yield _table(f"{name}.policy", {"freight": store.freight, "fees": store.fees})
    yield _table(f"{name}.posting", {"credit_memo": store.memo_posting})
    yield _table(f"{name}.reasons", store.reasons)
    for grade in store.grades:
        place = store.site.places[grade]
        elsewhere = grade not in store.site.own and place != store.site.home
        yield _table(f"{name}.grades.{grade}", _place(place) if elsewhere else {})


def _site(site: Site) -> Iterator[str]:
    name = f"sites.{site.name}"
    yield _table(
        name,
        {
            "reveni_location_ids": [site.reveni_location],
            **_place(site.home),
            "quarantine": site.quarantine.location,
            **({"quarantine_lot": site.quarantine.lot} if site.quarantine.lot else {}),
            **({"secret_env": site.secret_env} if site.feed else {}),
        },
    )
    for grade in sorted(site.own):
        yield _table(f"{name}.grades.{grade}", _place(site.places[grade]))


def _place(place: Place) -> dict[str, str]:
    return {"location": place.location, **({"lot": place.lot} if place.lot else {})}


def _sites() -> list[Site]:
    return [site for store in STORES for site in store.sites]


def _table(name: str, values: Mapping[str, object]) -> str:
    # The strings, numbers, booleans and lists that stand here are written in TOML as they are in JSON.
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
