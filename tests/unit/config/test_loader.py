from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.config import load_config
from app.domain.policy import AtOnce, Daily, Every, Grade, ItemStatus, Kind, Phase, Place
from tests.support.configuration import ENVIRON, load, smallest

ROOT = Path(__file__).parents[3]
EXAMPLE_ENVIRON = dict.fromkeys(
    (
        "BLUECHERRY_KEY",
        "BLUECHERRY_CODE",
        "REVENI_KEY_ES",
        "REVENI_KEY_UK",
        "WAREHOUSE_SECRET_MADRID",
        "WAREHOUSE_SECRET_LONDON",
    ),
    "secret",
)


def test_the_example_works_without_a_warning() -> None:
    config = load_config(ROOT / "bridge.example.toml", EXAMPLE_ENVIRON)

    assert config.warnings == ()
    assert config.connection_of("es").base_url == "http://127.0.0.1:9100"
    assert {store.reveni.base_url for store in config.stores.values()} == {"http://127.0.0.1:9200"}
    assert config.stores["es"].rules.judge == "reveni"
    assert config.stores["uk"].rules.judge == "warehouse"


def test_defaults_of_a_store(tmp_path: Path) -> None:
    config = load(smallest(), tmp_path)
    store = config.stores["es"]

    assert store.tolerance == timedelta(days=8)
    assert store.return_list is True
    assert store.shadow is False
    assert store.rules.judge == "reveni"
    assert store.rules.warehouse_feed is True
    assert store.rules.default_site is None
    assert store.rules.posting == {
        Kind.RETURN_AUTHORISATION: AtOnce(),
        Kind.INVENTORY_JOURNAL: AtOnce(),
        Kind.EXCHANGE_ORDER: AtOnce(),
        Kind.CREDIT_MEMO: Daily((time(20),)),
    }
    assert store.rules.policy.freight == "never"
    assert store.rules.policy.not_received_days == 30
    assert config.retry.tries == 8
    assert config.retry.lease == timedelta(seconds=30)
    assert config.sweep.every == timedelta(seconds=5)
    assert config.connections["main"].calls_at_a_time == 16
    assert config.connections["main"].profile.lookup_lag == timedelta(seconds=5)


def test_reveni_is_the_real_one_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    table = smallest()
    del table["stores"]["es"]["reveni_base_url"]

    assert load(table, tmp_path).stores["es"].reveni.base_url == "https://api.reveni.io"


def test_a_slash_at_the_end_of_a_base_url_does_not_count(tmp_path: Path) -> None:
    table = smallest()
    table["bluecherry"]["main"]["base_url"] = "https://bc.example/EXAMPL/"

    assert load(table, tmp_path).connections["main"].base_url == "https://bc.example/EXAMPL"


def test_windows_of_a_store(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["posting"] = {"credit_memo": "every 20s", "inventory_journal": ["06:00", "18:00"]}
    posting = load(table, tmp_path).stores["es"].rules.posting

    assert posting[Kind.CREDIT_MEMO] == Every(timedelta(seconds=20))
    assert posting[Kind.INVENTORY_JOURNAL] == Daily((time(6), time(18)))
    assert posting[Kind.RETURN_AUTHORISATION] == AtOnce()


def test_grades_accept_unless_they_are_the_rejected_one(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["grades"] |= {"A": {}, "C": {"accepts": False, "location": "MADC", "reject_reason": "delay"}}
    grades = load(table, tmp_path).stores["es"].rules.grades

    assert grades["A"] == Grade("A", accepts=True)
    assert grades["C"] == Grade("C", accepts=False, location="MADC", reject_reason="delay")
    assert grades["rejected"].accepts is False
    assert "accepted" not in grades


def test_a_store_without_a_feed_knows_the_grade_accepted(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["warehouse_feed"] = False
    rules = load(table, tmp_path).stores["es"].rules

    assert rules.grades["accepted"] == Grade("accepted", accepts=True)
    assert rules.place(rules.sites["madrid"], "accepted") == Place("MAD01")


def test_places_of_a_site(tmp_path: Path) -> None:
    table = smallest()
    table["sites"]["madrid"] |= {
        "lot": "L1",
        "quarantine_lot": "Q1",
        "division": "010",
        "reveni_location_ids": ["loc-1", "loc-2"],
        "grades": {"rejected": {"location": "MADX", "lot": "X1"}},
    }
    rules = load(table, tmp_path).stores["es"].rules
    site = rules.sites["madrid"]

    assert (site.location, site.lot, site.division) == ("MAD01", "L1", "010")
    assert site.quarantine == Place("MADQ", "Q1")
    assert rules.site_of_destination("loc-2") is site
    assert rules.place(site, "rejected") == Place("MADX", "X1")


@pytest.mark.parametrize("spelling", ["partially_accepted", "Partly Accepted", "PARTLY-ACCEPTED"])
def test_shipped_spellings_of_a_status(tmp_path: Path, spelling: str) -> None:
    assert load(smallest(), tmp_path).stores["es"].rules.phase_of(spelling) is Phase.PARTIALLY_ACCEPTED


def test_a_store_adds_spellings_to_the_shipped_ones(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["statuses"] = {"On Its Way": "shipped", "received": "for_review"}
    table["stores"]["es"]["item_statuses"] = {"okay": "accepted"}
    rules = load(table, tmp_path).stores["es"].rules

    assert rules.phase_of("on its way") is Phase.SHIPPED
    assert rules.phase_of("received") is Phase.FOR_REVIEW
    assert rules.phase_of("canceled") is Phase.CANCELLED
    assert rules.phase_of("teleported") is Phase.UNKNOWN
    assert rules.item_statuses["okay"] is ItemStatus.ACCEPTED
    assert rules.item_statuses["pending_validation"] is ItemStatus.PENDING


def test_the_newest_key_stands_first(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["reveni_next_key_env"] = "REVENI_ES_NEXT"
    table["sites"]["madrid"]["next_secret_env"] = "WMS_NEXT"
    config = load(table, tmp_path, ENVIRON | {"REVENI_ES_NEXT": "newer", "WMS_NEXT": "newer-too"})

    assert [key.reveal() for key in config.stores["es"].keys] == ["newer", "reveni-key-4711"]
    assert [key.reveal() for key in config.sites["madrid"].keys] == ["newer-too", "warehouse-secret-4711"]


def test_the_second_key_may_be_empty_while_none_is_on_its_way(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["es"]["reveni_next_key_env"] = "REVENI_ES_NEXT"
    config = load(table, tmp_path, ENVIRON | {"REVENI_ES_NEXT": ""})

    assert [key.reveal() for key in config.stores["es"].keys] == ["reveni-key-4711"]


def test_a_site_without_a_secret_has_no_feed(tmp_path: Path) -> None:
    table = smallest()
    del table["sites"]["madrid"]["secret_env"]
    site = load(table, tmp_path).sites["madrid"]

    assert site.has_feed is False


def test_stores_may_share_a_site(tmp_path: Path) -> None:
    table = smallest()
    table["stores"]["pt"] = table["stores"]["es"] | {"reveni_store_id": "1002"}
    config = load(table, tmp_path)

    assert config.sites["madrid"].stores == ("es", "pt")
    assert config.stores["pt"].rules.sites["madrid"] == config.stores["es"].rules.sites["madrid"]


def test_no_secret_shows_in_the_repr(tmp_path: Path) -> None:
    table = smallest()
    table["alerts"] = {"webhook_url_env": "HOOK"}
    config = load(table, tmp_path, ENVIRON | {"HOOK": "https://hook.example/t-4711"})

    url = config.alerts.channels["webhook"].url
    assert url is not None
    assert url.reveal() == "https://hook.example/t-4711"
    assert "4711" not in repr(config)
    assert "4711" not in str(config.connections["main"].key)


def test_a_profile_file_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(
        '[settings]\nlookup_lag_seconds = 0.5\ninactive_returnable = true\n[paths]\nstock = "/qty"\n'
        '[fields.credit_memo]\n"lines.sku" = "upc"\n'
    )
    table = smallest()
    table["bluecherry"]["main"]["profile"] = "ours.toml"
    profile = load(table, tmp_path).connections["main"].profile

    assert profile.lookup_lag == timedelta(milliseconds=500)
    assert profile.inactive_returnable is True
    assert profile.paths["stock"] == "/qty"
    assert profile.paths["batches"] == "/batches"
    assert profile.fields["credit_memo"].name("lines.sku") == "upc"


class TestVersion:
    """The digest of what decides which documents are due."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda table: table["stores"]["es"]["reasons"].update(too_big="SZ"),
            lambda table: table["stores"]["es"]["grades"].update(B={"location": "MADB"}),
            lambda table: table["sites"]["madrid"].update(location="MAD02"),
            lambda table: table["stores"]["es"].update(policy={"freight": "all_back"}),
        ],
    )
    def test_changes_with_a_mapping(self, tmp_path: Path, change: Any) -> None:
        before = load(smallest(), tmp_path)
        table = smallest()
        change(table)
        after = load(table, tmp_path)

        assert after.version != before.version
        assert after.stores["es"].rules.version != before.stores["es"].rules.version

    def test_does_not_change_with_the_rest(self, tmp_path: Path) -> None:
        table = smallest()
        table["bluecherry"]["main"]["base_url"] = "http://127.0.0.1:1"
        table["retry"] = {"tries": 2}
        table["stores"]["es"]["shadow"] = True
        table["sites"]["madrid"]["secret_env"] = "OTHER"

        changed = load(table, tmp_path, ENVIRON | {"OTHER": "x"})
        assert changed.version == load(smallest(), tmp_path).version
