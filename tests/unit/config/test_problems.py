from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.config import ConfigError, Problem, load_config
from tests.support.configuration import ENVIRON, load, smallest

Change = Callable[[dict[str, Any]], object]


def problems_of(table: dict[str, Any], directory: Path, environ: dict[str, str] | None = None) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(table, directory, ENVIRON if environ is None else environ)
    return caught.value.problems


def store(**values: object) -> Change:
    return lambda table: table["stores"]["es"].update(values)


def site(**values: object) -> Change:
    return lambda table: table["sites"]["madrid"].update(values)


def connection(**values: object) -> Change:
    return lambda table: table["bluecherry"]["main"].update(values)


def channel(**values: object) -> Change:
    return lambda table: table.update(alerts={"channels": {"loft": values}})


def team(**values: object) -> Change:
    loft = {"kind": "slack", "url_env": "BC_KEY"}
    return lambda table: table.update(alerts={"channels": {"loft": loft}, "teams": {"finance": values}})


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        (store(tim_zone="x"), "stores.es.tim_zone", "Did you mean 'time_zone'?"),
        (store(time_zone="Europe/Atlantis"), "stores.es.time_zone", "IANA time zone"),
        (store(time_zone=1), "stores.es.time_zone", "IANA time zone"),
        (store(sites=["madird"]), "stores.es.sites", "Did you mean 'madrid'?"),
        (store(sites=[]), "stores.es.sites", "is empty"),
        (store(sites="madrid"), "stores.es.sites", "list of texts"),
        (store(default_site="paris"), "stores.es.default_site", "is not in sites"),
        (store(bluecherry="mian"), "stores.es.bluecherry", "Did you mean 'main'?"),
        (store(grades={"REJ": {}, "ungraded": {}}), "stores.es.grades.ungraded", "without a grade"),
        (store(judge="both"), "stores.es.judge", "one of: reveni, warehouse"),
        (store(judge="warehouse", warehouse_feed=False), "stores.es.judge", "which has no feed"),
        (store(warehouse_feed="yes"), "stores.es.warehouse_feed", "true or false"),
        (store(signature_tolerance_seconds=0), "stores.es.signature_tolerance_seconds", "above zero"),
        (store(reveni_store_id=1234), "stores.es.reveni_store_id", "text in quotes"),
        (store(reveni_base_url="api.reveni.io"), "stores.es.reveni_base_url", "begins with https://"),
        (store(posting={"credit_memo": ["25:00"]}), "stores.es.posting.credit_memo", "every 15m"),
        (store(posting={"credit_memos": "at_once"}), "stores.es.posting.credit_memos", "Did you mean 'credit_memo'?"),
        (store(policy={"freight": "sometimes"}), "stores.es.policy.freight", "never, all_back"),
        (store(policy={"not_received_days": 2.5}), "stores.es.policy.not_received_days", "whole number"),
        (store(reasons={"too small": ""}), 'stores.es.reasons."too small"', "text in quotes"),
        (store(statuses={"odd": "oddly"}), "stores.es.statuses.odd", "partially_accepted"),
        (store(statuses={"on-way": "shipped", "On Way": "received"}), 'stores.es.statuses."On Way"', "same spelling"),
        (store(grades={"A": {}}), "stores.es.grades.rejected", "is missing"),
        (store(grades={"rejected": {"place": "X"}}), "stores.es.grades.rejected.place", "is not a key here"),
        (store(grades={"rejected": "X"}), "stores.es.grades.rejected", "is not a table"),
        (store(reveni_profile="nobody"), "", "there is no such profile"),
        (site(quarantine="MAD01"), "sites.madrid.quarantine", "would be saleable"),
        (site(next_secret_env="BC_KEY", secret_env=None), "sites.madrid.next_secret_env", "without secret_env"),
        (site(grades={"B": {"lot": "1"}}), "sites.madrid.grades.B.location", "is missing"),
        (connection(calls_at_a_time=0), "bluecherry.main.calls_at_a_time", "from 1 to 256"),
        (connection(timeout_seconds="10"), "bluecherry.main.timeout_seconds", "without quotes"),
        (connection(timeout_seconds=30), "retry.lease_seconds", "is not longer than"),
        (connection(key_env="BC KEY"), "bluecherry.main.key_env", "name of an environment variable"),
        (lambda table: table.update(retry={"tries": 0}), "retry.tries", "from 1"),
        (
            lambda table: table.update(retry={"first_delay_seconds": 5, "longest_delay_seconds": 1}),
            "retry.longest_delay_seconds",
            "is shorter",
        ),
        (lambda table: table.update(sweeps={}), "sweeps", "Did you mean 'sweep'?"),
        (lambda table: table.update(stores={}), "stores", "Add one."),
        (lambda table: table.pop("sites"), "sites", "is missing"),
        (lambda table: table["stores"].update({"a b": {}}), 'stores."a b"', "is no name"),
        (lambda table: table.update(alerts={"smtp_url_env": "BC_KEY"}), "alerts.email_to", "who gets the mail"),
        (lambda table: table.update(alerts={"webhook_url_env": "NONE"}), "alerts.webhook_url_env", "NONE"),
        (channel(kind="pigeon"), "alerts.channels.loft.kind", "one of: mail, slack"),
        (channel(kind="slack"), "alerts.channels.loft.url_env", "is missing"),
        (channel(kind="webhook", url_env="NONE"), "alerts.channels.loft.url_env", "NONE"),
        (channel(kind="mail"), "alerts.channels.loft.to", "who gets the mail"),
        (channel(kind="mail", to=["a@b.example"]), "alerts.smtp_url_env", "name the mail server"),
        (team(channels=["lift"]), "alerts.teams.finance.channels", "Did you mean 'loft'?"),
        (team(escalation={"4h": ["lift"]}), "alerts.teams.finance.escalation.4h", "Did you mean 'loft'?"),
        (team(escalation={"soon": ["loft"]}), "alerts.teams.finance.escalation.soon", 'as "30m", "4h" or "2d"'),
        (team(quiet_days=["caturday"]), "alerts.teams.finance.quiet_days", "Did you mean 'saturday'?"),
        (team(quiet_days=["sunday"]), "alerts.teams.finance.time_zone", "own time zone"),
        (team(time_zone="UTC", quiet_from="20:00"), "alerts.teams.finance", "Give both"),
        (team(time_zone="UTC", quiet_from="8pm", quiet_until="08:00"), "alerts.teams.finance.quiet_from", '"20:00"'),
        (lambda table: table.update(alerts={"teams": {"finanse": {}}}), "alerts.teams.finanse", "'finance'"),
    ],
)
def test_a_problem_names_file_key_and_remedy(tmp_path: Path, change: Change, key: str, says: str) -> None:
    table = smallest()
    change(table)
    for place in table.get("sites", {}).values():
        if place.get("secret_env", "") is None:
            del place["secret_env"]
    found = [problem for problem in problems_of(table, tmp_path) if problem.key == key]

    assert len(found) == 1
    assert found[0].file.endswith(".toml")
    assert says in str(found[0])
    assert found[0].remedy.endswith((".", "?"))


@pytest.mark.parametrize("variable", sorted(ENVIRON))
@pytest.mark.parametrize("left", [None, ""])
def test_a_missing_variable_is_named(tmp_path: Path, variable: str, left: str | None) -> None:
    environ = {name: value for name, value in ENVIRON.items() if name != variable}
    if left is not None:
        environ[variable] = left
    (problem,) = problems_of(smallest(), tmp_path, environ)

    assert f"the environment has no {variable}" in str(problem)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"] |= {"time_zone": "Mars", "sites": ["nowhere"], "colour": "red"}
    table["sites"]["madrid"]["quarantine"] = "MAD01"
    del table["bluecherry"]["main"]["base_url"]
    keys = {problem.key for problem in problems_of(table, tmp_path, {})}

    assert keys == {
        "bluecherry.main.base_url",
        "bluecherry.main.key_env",
        "bluecherry.main.code_env",
        "stores.es.time_zone",
        "stores.es.sites",
        "stores.es.colour",
        "stores.es.reveni_key_env",
        "sites.madrid.quarantine",
        "sites.madrid.secret_env",
    }


def test_two_sites_of_a_store_cannot_have_one_destination(tmp_path: Path) -> None:
    table = smallest()
    table["sites"]["madrid"]["reveni_location_ids"] = ["loc-1"]
    table["sites"]["getafe"] = {"location": "GET01", "quarantine": "GETQ", "reveni_location_ids": ["loc-1"]}
    table["stores"]["es"]["sites"] = ["madrid", "getafe"]
    (problem,) = problems_of(table, tmp_path)

    assert problem.key == "sites.getafe.reveni_location_ids"
    assert "sites.madrid" in problem.what


def test_one_reveni_store_cannot_be_two_stores(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["twin"] = dict(table["stores"]["es"])
    (problem,) = problems_of(table, tmp_path)

    assert problem.key == "stores.twin.reveni_store_id"


def test_problems_of_a_profile_name_its_file(tmp_path: Path) -> None:
    profile = tmp_path / "ours.toml"
    profile.write_text('[paths]\nstok = "/qty"\nbatch = "/batch"\n')
    table = smallest()
    table["bluecherry"]["main"]["profile"] = "ours.toml"
    found = {problem.key: problem for problem in problems_of(table, tmp_path)}

    assert {problem.file for problem in found.values()} == {str(profile)}
    assert "Did you mean 'stock'?" in found["paths.stok"].remedy
    assert "{number}" in found["paths.batch"].remedy


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), (b"[stores", "is not TOML"), (b"\xff", "is not TOML")]
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "bridge.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_config(path, ENVIRON)


class TestWarnings:
    """What works, but is seldom meant."""

    @pytest.mark.parametrize(
        ("change", "key"),
        [
            (store(grades={"rejected": {}}), "stores.es.grades.rejected"),
            (store(grades={"rejected": {"location": "MAD01"}}), "stores.es.grades.rejected"),
            (store(grades={"rejected": {"location": "R"}, "A": {"location": "MADQ"}}), "stores.es.grades.A"),
            (
                store(judge="warehouse", grades={"rejected": {"location": "R"}, "C": {"accepts": False}}),
                "stores.es.grades.C",
            ),
            (store(reasons={}), "stores.es.reasons"),
            (lambda table: table["sites"]["madrid"].pop("secret_env"), "sites.madrid.secret_env"),
            (
                lambda table: table["sites"].update(spare={"location": "S", "quarantine": "Q"}),
                "sites.spare",
            ),
        ],
    )
    def test_each(self, tmp_path: Path, change: Change, key: str) -> None:
        table = smallest()
        change(table)

        assert [warning.key for warning in load(table, tmp_path).warnings] == [key]

    def test_none_for_one_site_of_several_whose_goods_are_received_by_hand(self, tmp_path: Path) -> None:
        table = smallest()
        table["sites"]["silent"] = {"location": "S", "quarantine": "Q"}
        table["stores"]["es"]["sites"] = ["madrid", "silent"]

        assert load(table, tmp_path).warnings == ()

    def test_none_for_rejected_goods_that_go_back_to_the_customer(self, tmp_path: Path) -> None:
        table = smallest()
        table["stores"]["es"] |= {"grades": {"rejected": {}}, "policy": {"rejected_goods": "send_back"}}

        assert load(table, tmp_path).warnings == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = " + "[" * 5000, "nested too deeply"),
        ("a = " + "9" * 5000, "is not TOML"),
        ("[stores.es.time_zone" + ".a" * 3000 + "]", "is a table"),
        ("[stores.es]\nshadow = 0x" + "f" * 5000, "a number of many digits"),
        ("[stores.es]\njudge = '" + "x" * 5000 + "'", "xxx…"),
    ],
)
def test_a_file_that_nobody_writes_is_told_of_in_short(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(text)

    with pytest.raises(ConfigError) as caught:
        load_config(path, ENVIRON)

    assert says in str(caught.value)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    "change",
    [
        connection(key_env="sk-live/4711"),
        connection(key_env="sk_live_4711"),
        connection(key_env=["sk-live-4711"]),
        connection(base_url="https://ann:sk-live-4711@erp.example"),
        store(reveni_base_url="https://sk-live-4711@reveni.example"),
        site(secret_env="sk live 4711"),
        channel(kind="slack", url_env="https://hooks.example/sk-live-4711"),
    ],
)
def test_a_secret_that_stands_where_its_name_should_is_not_repeated(change: Change, tmp_path: Path) -> None:
    table = smallest()
    change(table)

    problems = problems_of(table, tmp_path)

    assert problems
    assert "4711" not in " ".join(map(str, problems)).replace(str(tmp_path), "")


def test_digits_of_other_scripts_are_no_time_of_day(tmp_path: Path) -> None:
    table = smallest()
    team(time_zone="Europe/Madrid", quiet_from="1٣:00", quiet_until="08:00")(table)

    assert "alerts.teams.finance.quiet_from" in [problem.key for problem in problems_of(table, tmp_path)]


@pytest.mark.parametrize(
    ("profile", "key"),
    [
        ('[auth]\nkey_header = "X-Key\\r\\nX-Evil"', "auth.key_header"),
        ('[auth]\nkey_header = "clé"', "auth.key_header"),
        ('[paths]\nsales_order = "/orders/{number}/{0}"', "paths.sales_order"),
        ('[paths]\nsales_order = "/orders/{number}{"', "paths.sales_order"),
        ('[paths]\nitems = "/items/{number}"', "paths.items"),
        ('[paths]\nitems = "/all items"', "paths.items"),
    ],
)
def test_a_profile_that_no_call_could_be_made_with(profile: str, key: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(profile)
    table = smallest()
    connection(profile="own.toml")(table)

    (problem,) = problems_of(table, tmp_path)

    assert problem.key == key


@pytest.mark.parametrize("name", ["x" * 300 + ".toml", "/dev/zero", "a\0.toml", "./"])
def test_a_profile_that_is_no_file(name: str, tmp_path: Path) -> None:
    table = smallest()
    store(reveni_profile=name)(table)

    (problem,) = problems_of(table, tmp_path)

    assert problem.what == "there is no such profile"
