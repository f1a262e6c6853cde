"""The file, read, checked whole, and made into the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from app.bluecherry.connection import Connection
from app.bluecherry.profile import Profile
from app.bluecherry.profile import load_profile as load_bluecherry_profile
from app.config.alerts import alerts_of
from app.config.checks import problems_between_keys, problems_of_the_environment
from app.config.mapping import rules_of, site_of, version_of
from app.config.model import Config, Mappings, Retry, Store, Sweep, Targets, WarehouseSite
from app.config.schema import FileSchema
from app.config.warnings import warnings_of
from app.domain.policy import Site, StoreRules
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
    table, problems = _read(file)
    problems.extend(problems_of_the_environment(table, environ, str(file)))
    profiles = _Profiles(table, file, problems)
    if problems:
        raise ConfigError(problems)
    return _Builder(table, environ, profiles, str(file)).config()


def load_mappings(path: Path | str) -> Mappings:
    """The mappings of the stores in `path`, without the secrets that it names. Raises ConfigError with every problem.

    What is wrong with the rest of the file is told too.
    """
    file = Path(path)
    table, problems = _read(file)
    _Profiles(table, file, problems)
    if problems:
        raise ConfigError(problems)
    stores, _ = _rules(table)
    feeds = {name: "secret_env" in entry for name, entry in table["sites"].items()}
    return Mappings(stores, version_of(stores), tuple(warnings_of(stores, feeds, str(file))))


def _read(file: Path) -> tuple[Table, list[Problem]]:
    try:
        raw = read_table(file)
    except TomlError as error:
        raise ConfigError(error.problems) from None
    table, problems = load_table(FileSchema(), raw, str(file))
    problems.extend(problems_between_keys(table, str(file)))
    return table, problems


def _rules(table: Table) -> tuple[dict[str, StoreRules], dict[str, Site]]:
    places = {name: site_of(name, entry) for name, entry in table["sites"].items()}
    return {name: rules_of(name, entry, places) for name, entry in table["stores"].items()}, places


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

    def __init__(self, table: Table, environ: Mapping[str, str], profiles: _Profiles, file: str) -> None:
        self._table, self._environ, self._profiles, self._file = table, environ, profiles, file

    def config(self) -> Config:
        rules, places = _rules(self._table)
        sites = {name: self._site(places[name], entry) for name, entry in self._table["sites"].items()}
        stores = {name: self._store(rules[name], entry) for name, entry in self._table["stores"].items()}
        retry = self._table["retry"]
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
                quiet_after=timedelta(hours=self._table["sweep"]["quiet_hours"]),
                quiet_per_minute=self._table["sweep"]["quiet_per_minute"],
                reconcile_every=self._table["sweep"]["reconcile_every_seconds"],
                reconcile_back=timedelta(days=self._table["sweep"]["reconcile_days"]),
            ),
            alerts=alerts_of(self._table["alerts"], self._secret),
            version=version_of(rules),
            targets=Targets(
                receipt_to_journal=self._table["targets"]["receipt_to_journal_seconds"],
                receipt_to_credit=self._table["targets"]["receipt_to_credit_seconds"],
            ),
            warnings=tuple(warnings_of(rules, {name: site.has_feed for name, site in sites.items()}, self._file)),
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
            calls_per_second=entry.get("calls_per_second"),
            timeout=entry["timeout_seconds"],
        )

    def _site(self, place: Site, entry: Table) -> WarehouseSite:
        return WarehouseSite(
            name=place.name,
            place=place,
            keys=self._newest_first(entry.get("next_secret_env"), entry.get("secret_env")),
            stores=tuple(store for store, at in self._table["stores"].items() if place.name in at["sites"]),
        )

    def _store(self, rules: StoreRules, entry: Table) -> Store:
        connection = self._table["bluecherry"][entry["bluecherry"]]
        return Store(
            name=rules.name,
            reveni=ReveniAccess(
                store=rules.name,
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
            rules=rules,
        )
