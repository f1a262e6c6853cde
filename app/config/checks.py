"""What one key of the file asks of another: references, secrets, places. A table may lack what was wrong in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from app.config.alerts import problems_of_alerts, variables_of_alerts
from app.domain.mapping_keys import key_part
from app.domain.policy import REJECTED, UNGRADED, fold_status
from app.domain.saying import say
from app.toml_schema import Problem, Table, near

_SECRET_KEYS = ("key_env", "code_env", "reveni_key_env", "reveni_next_key_env", "secret_env", "next_secret_env")
_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_NEXT_KEYS = ("reveni_next_key_env", "next_secret_env")


def problems_of_the_environment(table: Table, environ: Mapping[str, str], file: str) -> Iterator[Problem]:
    """Variables that the file names and the environment has not."""
    for section in ("bluecherry", "stores", "sites"):
        for name, entry in table.get(section, {}).items():
            yield from _secrets(entry, environ, file, f"{section}.{name}")
    for key, variable in variables_of_alerts(table.get("alerts", {})):
        if not environ.get(variable):
            yield _missing_variable(variable, file, key)


def problems_between_keys(table: Table, file: str) -> Iterator[Problem]:
    """Every problem that no key has alone."""
    yield from problems_of_alerts(table.get("alerts", {}), file)
    yield from _lease(table, file)
    for name, site in table.get("sites", {}).items():
        yield from _site(site, file, f"sites.{name}")
    for name, store in table.get("stores", {}).items():
        yield from _store(store, table, file, f"stores.{name}")
    yield from _one_reveni_store_each(table.get("stores", {}), file)


def _secrets(entry: Table, environ: Mapping[str, str], file: str, path: str) -> Iterator[Problem]:
    for key in _SECRET_KEYS:
        variable = entry.get(key)
        # The second key of a rotation may be empty: the name can stay in the file while none is on its way.
        if variable and (variable not in environ or (not environ[variable] and key not in _NEXT_KEYS)):
            yield _missing_variable(variable, file, f"{path}.{key}")


def _missing_variable(variable: str, file: str, path: str) -> Problem:
    # What does not look like a name may be the secret itself, which must not stand in a log.
    if not _NAME.fullmatch(variable):
        return Problem(file, path, "names no variable of the environment", "Set it, or write its name here.")
    return Problem(file, path, f"the environment has no {variable}", f"Set it: export {variable}=….")


def _lease(table: Table, file: str) -> Iterator[Problem]:
    retry = table.get("retry", {})
    lease, first, longest = (
        retry.get(key) for key in ("lease_seconds", "first_delay_seconds", "longest_delay_seconds")
    )
    if first and longest and longest < first:
        yield Problem(
            file, "retry.longest_delay_seconds", "is shorter than first_delay_seconds", "Make it at least as long."
        )
    for name, connection in table.get("bluecherry", {}).items():
        timeout: timedelta | None = connection.get("timeout_seconds")
        # A lease that ends while its call is still out would let a second worker send the same document.
        if lease and timeout and lease <= timeout:
            yield Problem(
                file,
                "retry.lease_seconds",
                f"is not longer than bluecherry.{name}.timeout_seconds ({timeout.total_seconds():g})",
                "Make the lease longer or the timeout shorter.",
            )


def _site(site: Table, file: str, path: str) -> Iterator[Problem]:
    if site.get("next_secret_env") and not site.get("secret_env"):
        yield Problem(
            file, f"{path}.next_secret_env", "stands without secret_env", "Name the first secret in secret_env."
        )
    if "location" in site and (site.get("quarantine"), site.get("quarantine_lot")) == (
        site["location"],
        site.get("lot"),
    ):
        yield Problem(
            file,
            f"{path}.quarantine",
            say("is the site's own place, so goods of unknown grade would be saleable"),
            say("Name another location, or a quarantine_lot."),
        )


def _store(store: Table, table: Table, file: str, path: str) -> Iterator[Problem]:
    connections, sites = table.get("bluecherry", {}), table.get("sites", {})
    if store.get("bluecherry") and store["bluecherry"] not in connections:
        yield Problem(
            file,
            f"{path}.bluecherry",
            f"there is no [bluecherry.{store['bluecherry']}]",
            near(store["bluecherry"], list(connections)),
        )
    if store.get("sites") == []:
        yield Problem(file, f"{path}.sites", "is empty", "Name the sites that take this store's goods.")
    for site in store.get("sites", []):
        if site not in sites:
            yield Problem(file, f"{path}.sites", f"there is no [sites.{site}]", near(site, list(sites)))
    default = store.get("default_site")
    if default and default not in store.get("sites", [default]):
        yield Problem(
            file, f"{path}.default_site", say("%(site)r is not in sites", site=default), near(default, store["sites"])
        )
    yield from _grades(store, file, path)
    yield from _spellings(store, file, path)
    yield from _location_ids(store, sites, file, path)
    if store.get("judge") == "warehouse" and store.get("warehouse_feed") is False:
        yield Problem(
            file,
            f"{path}.judge",
            say("is the warehouse, which has no feed"),
            say('Set warehouse_feed = true, or judge = "reveni".'),
        )


def _grades(store: Table, file: str, path: str) -> Iterator[Problem]:
    grades = store.get("grades")
    if grades is None:
        return
    if REJECTED not in grades:
        yield Problem(
            file,
            f"{path}.grades.{REJECTED}",
            say("is missing"),
            say("Add [%(key)s] with the location of goods that are not accepted.", key=f"{path}.grades.{REJECTED}"),
        )
    if UNGRADED in grades:
        yield Problem(
            file,
            f"{path}.grades.{UNGRADED}",
            say("is what goods without a grade have"),
            say("Leave it out: they lie in quarantine until a regrade says what they are."),
        )


def _spellings(store: Table, file: str, path: str) -> Iterator[Problem]:
    for section in ("statuses", "item_statuses"):
        seen: dict[str, tuple[str, str]] = {}
        for spelling, meaning in store.get(section, {}).items():
            other, known = seen.setdefault(fold_status(spelling), (spelling, meaning))
            if known != meaning:
                yield Problem(
                    file,
                    f"{path}.{section}.{key_part(spelling)}",
                    say("is the same spelling as %(other)r, which means %(meaning)s", other=other, meaning=known),
                    say("Case, spaces and hyphens do not count: keep one of them."),
                )


def _location_ids(store: Table, sites: Table, file: str, path: str) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for name in store.get("sites", []):
        for location_id in sites.get(name, {}).get("reveni_location_ids", []):
            if location_id in owner:
                yield Problem(
                    file,
                    f"sites.{name}.reveni_location_ids",
                    say(
                        "%(id)r also stands at sites.%(site)s, and %(store)s uses both",
                        id=location_id,
                        site=owner[location_id],
                        store=path,
                    ),
                    say("A destination belongs to one site of a store: take it out of one of them."),
                )
            owner.setdefault(location_id, name)


def _one_reveni_store_each(stores: Table, file: str) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for name, store in stores.items():
        if "reveni_store_id" not in store or "reveni_base_url" not in store:
            continue
        other = seen.setdefault((store["reveni_base_url"].rstrip("/"), store["reveni_store_id"]), name)
        if other != name:
            yield Problem(
                file,
                f"stores.{name}.reveni_store_id",
                f"is the Reveni store of stores.{other} too, so each return would be posted twice",
                "Keep one of the two stores, or correct the id.",
            )
