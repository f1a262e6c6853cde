"""The file, read, checked whole, and made into the configuration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from app.bluecherry.connection import Connection
from app.bluecherry.profile import Profile
from app.bluecherry.profile import load_profile as load_bluecherry_profile
from app.config.checks import problems_between_keys
from app.config.model import Alerts, Config, Retry, Store, Sweep, WarehouseSite
from app.config.schema import FileSchema
from app.config.statuses import ITEM_STATUSES, STATUSES
from app.config.warnings import warnings_of
from app.domain.policy import (
    ACCEPTED,
    REJECTED,
    Grade,
    ItemStatus,
    Kind,
    Phase,
    Place,
    Policy,
    Site,
    StoreRules,
    fold_status,
)
from app.reveni.access import ReveniAccess
from app.reveni.profile import ReveniProfile
from app.reveni.profile import load_profile as load_reveni_profile
from app.secret import Secret
from app.toml_schema import Problem, Table, TomlError, load_table, read_table


class ConfigError(TomlError):
    """The configuration cannot be used. `problems` holds all that is wrong with it."""


def load_config(path: Path | str, environ: Mapping[str, str]) -> Config:
    """The configuration in `path`, with its secrets out of `environ`.

    Raises ConfigError with every problem, each with its file, its key and the way to mend it.
    """
    file = Path(path)
    try:
        raw = read_table(file)
    except TomlError as error:
        raise ConfigError(error.problems) from None
    table, problems = load_table(FileSchema(), raw, str(file))
    problems.extend(problems_between_keys(table, environ, str(file)))
    profiles = _Profiles(table, file, problems)
    if problems:
        raise ConfigError(problems)
    return _Builder(table, raw, environ, profiles, str(file)).config()


class _Profiles:
    """The profiles that the file names; what is wrong with them goes to `problems`."""

    def __init__(self, table: Table, file: Path, problems: list[Problem]) -> None:
        self.bluecherry: dict[str, Profile] = {}
        self.reveni: dict[str, ReveniProfile] = {}
        for name in sorted({entry.get("profile", "default") for entry in table.get("bluecherry", {}).values()}):
            try:
                self.bluecherry[name] = load_bluecherry_profile(name, file.parent)
            except TomlError as error:
                problems.extend(error.problems)
        for name in sorted({entry.get("reveni_profile", "default") for entry in table.get("stores", {}).values()}):
            try:
                self.reveni[name] = load_reveni_profile(name, file.parent)
            except TomlError as error:
                problems.extend(error.problems)


class _Builder:
    """Makes a checked table into the configuration."""

    def __init__(self, table: Table, raw: Table, environ: Mapping[str, str], profiles: _Profiles, file: str) -> None:
        self._table, self._raw, self._environ, self._profiles, self._file = table, raw, environ, profiles, file

    def config(self) -> Config:
        sites = {name: self._site(name, entry) for name, entry in self._table["sites"].items()}
        stores = {name: self._store(name, entry, sites) for name, entry in self._table["stores"].items()}
        retry, alerts = self._table["retry"], self._table["alerts"]
        return Config(
            connections={name: self._connection(name, entry) for name, entry in self._table["bluecherry"].items()},
            stores=stores,
            sites=sites,
            retry=Retry(
                tries=retry["tries"],
                first_delay=retry["first_delay_seconds"],
                longest_delay=retry["longest_delay_seconds"],
                lease=retry["lease_seconds"],
            ),
            sweep=Sweep(
                every=self._table["sweep"]["every_seconds"],
                stalled_after=self._table["sweep"]["stalled_after_seconds"],
                poll_every=self._table["sweep"]["poll_every_seconds"],
                reconcile_every=self._table["sweep"]["reconcile_every_seconds"],
                reconcile_back=timedelta(days=self._table["sweep"]["reconcile_days"]),
            ),
            alerts=Alerts(
                webhook_url=self._secret(alerts.get("webhook_url_env")),
                smtp_url=self._secret(alerts.get("smtp_url_env")),
                email_to=tuple(alerts["email_to"]),
                email_from=alerts.get("email_from"),
            ),
            version=_digest([store.rules.version for store in stores.values()]),
            warnings=tuple(warnings_of(stores, sites, self._file)),
        )

    def _secret(self, variable: str | None) -> Secret | None:
        text = self._environ.get(variable, "") if variable else ""
        return Secret(text) if text else None

    def _newest_first(self, following: str | None, present: str | None) -> tuple[Secret, ...]:
        found = [self._secret(variable) for variable in (following, present)]
        return tuple(secret for secret in found if secret)

    def _connection(self, name: str, entry: Table) -> Connection:
        return Connection(
            name=name,
            base_url=entry["base_url"].rstrip("/"),
            key=Secret(self._environ[entry["key_env"]]),
            code=Secret(self._environ[entry["code_env"]]),
            profile=self._profiles.bluecherry[entry["profile"]],
            calls_at_a_time=entry["calls_at_a_time"],
            timeout=entry["timeout_seconds"],
        )

    def _site(self, name: str, entry: Table) -> WarehouseSite:
        place = Site(
            name=name,
            location=entry["location"],
            quarantine=Place(entry["quarantine"], entry.get("quarantine_lot")),
            lot=entry.get("lot"),
            division=entry.get("division"),
            reveni_location_ids=frozenset(entry["reveni_location_ids"]),
            grades={grade: Place(at["location"], at.get("lot")) for grade, at in entry["grades"].items()},
        )
        return WarehouseSite(
            name=name,
            place=place,
            keys=self._newest_first(entry.get("next_secret_env"), entry.get("secret_env")),
            stores=tuple(store for store, at in self._table["stores"].items() if name in at["sites"]),
        )

    def _store(self, name: str, entry: Table, sites: Mapping[str, WarehouseSite]) -> Store:
        connection = self._table["bluecherry"][entry["bluecherry"]]
        return Store(
            name=name,
            reveni=ReveniAccess(
                store=name,
                base_url=entry["reveni_base_url"].rstrip("/"),
                store_id=entry["reveni_store_id"],
                keys=self._newest_first(entry.get("reveni_next_key_env"), entry["reveni_key_env"]),
                profile=self._profiles.reveni[entry["reveni_profile"]],
                timeout=connection["timeout_seconds"],
                calls_at_a_time=connection["calls_at_a_time"],
            ),
            connection=entry["bluecherry"],
            tolerance=entry["signature_tolerance_seconds"],
            return_list=entry["return_list"],
            shadow=entry["shadow"],
            rules=self._rules(name, entry, sites),
        )

    def _rules(self, name: str, entry: Table, sites: Mapping[str, WarehouseSite]) -> StoreRules:
        grades = {grade: _grade(grade, at) for grade, at in entry["grades"].items()}
        if not entry["warehouse_feed"]:
            grades.setdefault(ACCEPTED, Grade(ACCEPTED, accepts=True))
        return StoreRules(
            name=name,
            time_zone=entry["time_zone"],
            sites={site: sites[site].place for site in entry["sites"]},
            default_site=entry.get("default_site"),
            judge=entry["judge"],
            warehouse_feed=entry["warehouse_feed"],
            grades=grades,
            reasons=entry["reasons"],
            statuses=STATUSES | {fold_status(text): Phase(meaning) for text, meaning in entry["statuses"].items()},
            item_statuses=ITEM_STATUSES
            | {fold_status(text): ItemStatus(meaning) for text, meaning in entry["item_statuses"].items()},
            policy=Policy(**entry["policy"]),
            posting={Kind(kind): posting for kind, posting in entry["posting"].items()},
            version=self._version(name),
        )

    def _version(self, store: str) -> str:
        """A digest of what decides which documents are due: the store's tables and its sites'."""
        entry = self._raw["stores"][store]
        decides = {
            key: entry.get(key)
            for key in (
                "time_zone",
                "sites",
                "default_site",
                "judge",
                "warehouse_feed",
                "policy",
                "reasons",
                "statuses",
                "item_statuses",
                "grades",
            )
        }
        sites = {
            name: {key: value for key, value in self._raw["sites"][name].items() if not key.endswith("secret_env")}
            for name in entry["sites"]
        }
        return _digest([decides, sites])


def _grade(name: str, entry: Table) -> Grade:
    return Grade(
        name=name,
        accepts=entry.get("accepts", name != REJECTED),
        location=entry.get("location"),
        lot=entry.get("lot"),
        reject_reason=entry["reject_reason"],
    )


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
