from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import cli
from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT


@pytest.fixture(autouse=True)
def _configured(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_CONFIG", str(scene.config_path))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def bridge(*words: object) -> Result:
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def test_what_would_be_posted_is_printed_and_written(scene: Scene, tmp_path: Path) -> None:
    exchange = {"sku": "0002", "quantity": 1, "price": "21.78"}
    scene.ask("r1", item("0002", exchange=exchange), instant=True, type="exchange", tell=False)
    scene.ask("r2", item(return_reason="dog ate it"), tell=False)
    report, lines = tmp_path / "report.json", tmp_path / "lines.csv"

    answer = bridge("dry-run", "--store", "es", "--since", "2020-01-01", "--report", report, "--csv", lines)

    assert answer.exit_code == 0, answer.output
    for text in ("RA-r1", "EX-r1", "MAD01", "21.78 EUR", "at once", "unmapped_reason"):
        assert text in answer.output
    assert "2 returns looked at, 2 documents to post, 1 exception." in answer.output
    assert "  exchange_order: 1, 1 unit, 21.78 EUR" in answer.output
    (first, second) = json.loads(report.read_text())["returns"]
    assert {each["key"]: each["total"] for each in first["documents"]} == {"RA-r1": None, "EX-r1": "21.78"}
    assert [each["code"] for each in second["exceptions"]] == ["unmapped_reason"]
    with lines.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["return"], row["what"], row["key"], row["amount"]) for row in rows] == [
        ("r1", "document", "RA-r1", ""),
        ("r1", "document", "EX-r1", "21.78"),
        ("r2", "exception", "", "10.89"),
    ]
    assert 'add stores.es.reasons."dog ate it"' in rows[2]["message"]
    assert scene.ledger() == {}


def test_it_says_what_it_does_not_know_and_whom_it_cannot_reach(scene: Scene) -> None:
    assert "known are es" in bridge("dry-run", "--store", "fr").output
    scene.reveni_trouble("500", "GET returns")
    answer = bridge("dry-run", "--store", "es")

    assert answer.exit_code == 1
    assert "Reveni cannot be asked" in answer.output
