from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from app.db.engine import transaction
from app.db.tables.ledger import LedgerRow
from app.domain.policy import Kind
from tests.support.configuration import ENVIRON, smallest, write_toml
from tests.support.rows import NOON, batch_row, ledger_row, return_row, saved

Bridge = Callable[..., Result]


@pytest.fixture
def _configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_CONFIG", str(write_toml(smallest(), tmp_path / "bridge.toml")))
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


def test_windows_and_their_batches_are_listed(bridge: Bridge) -> None:
    saved(batch_row("done"))

    assert "credit_memo" in bridge("windows", "list").output
    assert "B-1" in bridge("windows", "batches").output
    assert json.loads(bridge("windows", "list", "--json").output)["windows"][0]["store"] == "es"
    assert json.loads(bridge("windows", "batches", "--json").output)["batches"][0]["state"] == "done"


@pytest.mark.usefixtures("_configured")
def test_post_brings_a_window_forward(bridge: Bridge) -> None:
    later = NOON.replace(year=2099)
    saved(ledger_row(saved(return_row()), Kind.CREDIT_MEMO, post_at=later))

    assert bridge("windows", "post", "es", "credit_memo").output.startswith("1 document ")
    with transaction() as session:
        (row,) = session.query(LedgerRow)
    assert row.post_at is not None
    assert row.post_at < later


@pytest.mark.usefixtures("_configured")
def test_post_names_what_it_does_not_know(bridge: Bridge) -> None:
    store = bridge("windows", "post", "fr", "credit_memo")
    kind = bridge("windows", "post", "es", "verdict")

    assert (store.exit_code, kind.exit_code) == (1, 2)
    assert "known are es" in store.output


def test_post_without_a_configuration_says_which_file_it_wants(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BRIDGE_CONFIG", str(tmp_path / "missing.toml"))

    answer = bridge("windows", "post", "es", "credit_memo")

    assert answer.exit_code == 1
    assert "BRIDGE_CONFIG" in answer.output


@pytest.mark.usefixtures("_configured")
def test_windows_are_held_and_released(bridge: Bridge) -> None:
    assert bridge("windows", "hold", "es", "credit_memo", "--reason", "auditors").output.endswith("are held.\n")
    assert bridge("windows", "hold", "es", "credit_memo", "--reason", "again").exit_code == 1
    assert bridge("windows", "release", "es", "credit_memo").output.endswith("are released.\n")
    assert "not held" in bridge("windows", "release", "es", "credit_memo").output
