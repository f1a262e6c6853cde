from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.config import ConfigError, load_mappings
from app.config.mapping import mapping_of, read_mapping
from app.config.schema import GradeSchema, MappingSchema, PlacesSchema, PolicySchema, PostingSchema
from tests.support.configuration import load, smallest, write_toml


def full() -> dict[str, Any]:
    """A table in which every key of a mapping has another value than its default."""
    table = smallest()
    table["stores"]["es"] |= {
        "sites": ["madrid", "lyon"],
        "default_site": "lyon",
        "judge": "warehouse",
        "policy": {"freight": "all_back", "fees": "on_memo", "rejected_goods": "send_back", "not_received_days": 14},
        "posting": {
            "return_authorisation": "every 20s",
            "inventory_journal": ["06:00", "18:30"],
            "exchange_order": "every 90m",
            "credit_memo": "every 2h",
        },
        "reasons": {"too small": "SZ", 'says "no"': "DA"},
        "statuses": {"on its way": "shipped"},
        "item_statuses": {"Okay": "accepted"},
        "grades": {
            "A": {},
            "B": {"location": "MADB", "lot": "2", "accepts": False, "reject_reason": "wrong_product"},
            "rejected": {"location": "MADR"},
        },
    }
    table["sites"]["madrid"] |= {"lot": "A", "reveni_location_ids": ["b", "a"]}
    table["sites"]["lyon"] = {
        "location": "LYO01",
        "division": "020",
        "quarantine": "LYOQ",
        "quarantine_lot": "Q",
        "secret_env": "WMS_MADRID",
        "grades": {"B": {"location": "LYOB", "lot": "7"}},
    }
    return table


@pytest.mark.parametrize("table", [smallest(), full()], ids=["smallest", "full"])
@pytest.mark.parametrize("feed", [True, False])
def test_a_mapping_says_everything_that_the_rules_know(tmp_path: Path, table: dict[str, Any], feed: bool) -> None:
    table["stores"]["es"] |= {"warehouse_feed": feed, "judge": "reveni"}
    rules = load(table, tmp_path).stores["es"].rules
    kept = json.loads(json.dumps(mapping_of(rules)))

    assert read_mapping("es", kept) == rules


def test_a_mapping_has_every_key_that_the_file_may_have(tmp_path: Path) -> None:
    mapping = mapping_of(load(full(), tmp_path).stores["es"].rules)

    assert set(mapping) == set(MappingSchema().fields)
    assert set(mapping["policy"]) == set(PolicySchema().fields)
    assert set(mapping["posting"]) == set(PostingSchema().fields)
    assert set(mapping["grades"]["B"]) == set(GradeSchema().fields)
    assert set(mapping["sites"]["lyon"]) | {"lot"} == set(PlacesSchema().fields)


def test_a_mapping_holds_no_secret_and_not_even_its_name(tmp_path: Path) -> None:
    text = json.dumps(mapping_of(load(full(), tmp_path).stores["es"].rules))

    assert not any(word in text for word in ("4711", "REVENI_ES", "WMS_MADRID", "http", "1001"))


def test_mappings_are_read_without_the_secrets_of_the_file(tmp_path: Path) -> None:
    config = load(full(), tmp_path)
    mappings = load_mappings(tmp_path / "bridge.toml")

    assert mappings.stores == {"es": config.stores["es"].rules}
    assert (mappings.version, mappings.warnings) == (config.version, config.warnings)


def test_a_default_that_is_written_out_is_no_other_mapping(tmp_path: Path) -> None:
    table = smallest()
    before = load(table, tmp_path).version
    table["stores"]["es"]["policy"] = {"freight": "never"}

    assert load(table, tmp_path).version == before


def test_another_window_is_another_mapping(tmp_path: Path) -> None:
    table = smallest()
    before = load(table, tmp_path).version
    table["stores"]["es"]["posting"] = {"credit_memo": ["21:00"]}

    assert load(table, tmp_path).version != before


def test_every_problem_of_the_file_is_told(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["time_zone"] = "Mars"
    table["stores"]["es"]["default_site"] = "berlin"
    table["bluecherry"]["main"]["profile"] = "nowhere.toml"

    with pytest.raises(ConfigError) as caught:
        load_mappings(write_toml(table, tmp_path / "bridge.toml"))
    keys = [problem.key for problem in caught.value.problems]
    assert keys[:2] == ["stores.es.time_zone", "stores.es.default_site"]
    assert len(keys) == 3
