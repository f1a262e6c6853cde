from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from app import cli
from app.db.engine import transaction
from app.db.tables.ledger import LedgerRow
from tests.support.by_hand import Clerk, refund
from tests.support.scene import Scene
from tests.support.surroundings import ENVIRONMENT


@pytest.fixture
def day(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Three refunds in shadow, entered by hand: right, wrong by a euro, and the memo forgotten."""
    scene.configure({"stores": {"es": {"shadow": True}}})
    clerk = Clerk(scene)
    for return_id in ("r1", "r2", "r3"):
        refund(scene, return_id)
    scene.work()
    clerk.refund("r1")
    clerk.refund("r2", cents_off=100)
    clerk.refund("r3", memo_too=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRIDGE_CONFIG", str(scene.config_path))
    return scene


def _bridge(*words: object) -> Result:
    return CliRunner().invoke(cli.main, ["shadow", *(str(word) for word in words)])


@pytest.mark.usefixtures("day")
def test_what_would_have_been_posted_is_listed(tmp_path: Path) -> None:
    answer = _bridge("list", "--store", "es", "--kind", "credit_memo")
    file = tmp_path / "shadow.csv"
    written = _bridge("list", "--csv", file)

    assert "Not posted: 3 documents" in answer.output
    assert "CM-r1-1" in answer.output
    assert written.output == f"9 documents in {file}.\n"
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    memo = next(row for row in rows if row["key"] == "CM-r1-1")
    assert [
        memo[name] for name in ("return", "order", "units", "net", "tax", "freight", "fee", "total", "currency")
    ] == [*("r1", "O-r1", "1", "9.00", "1.89", "0.00", "0.00", "10.89", "EUR")]
    journal = next(row for row in rows if row["key"] == "IJ-r1-1")
    assert (journal["locations"], journal["total"]) == ("MAD01", "")
    assert _bridge("list", "--store", "uk").output == "Nothing in shadow.\n"


@pytest.mark.usefixtures("day")
def test_no_cell_of_its_file_is_a_formula(tmp_path: Path) -> None:
    with transaction() as session:
        session.execute(update(LedgerRow).where(LedgerRow.key == "CM-r1-1").values(mapping_version="=1+1"))
    file = tmp_path / "shadow.csv"
    _bridge("list", "--csv", file)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))

    assert next(row for row in rows if row["key"] == "CM-r1-1")["mapping_version"] == "'=1+1"


@pytest.mark.usefixtures("day")
def test_the_comparison_shows_both_sums_and_fails(tmp_path: Path) -> None:
    file, report = tmp_path / "compared.csv", tmp_path / "report.md"
    answer = _bridge("compare", "--store", "es", "--csv", file, "--report", report)

    assert answer.exit_code == 1
    assert "10.89 EUR / 9.89 EUR" in answer.output
    assert "7 the same, 1 differs, 1 only the bridge, 0 only by hand." in answer.output
    assert "Credited in EUR: bridge 32.67, by hand 20.78, difference 11.89." in answer.output
    text = report.read_text(encoding="utf-8")
    assert "## Differs: 1" in text
    assert "| only the bridge | credit_memo | r3 | O-r3 | 1 / – | 10.89 EUR / – |  |" in text
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert len(rows) == 9
    assert {row["returns"] for row in rows if row["outcome"] == "differs"} == {"r2"}


def test_it_succeeds_when_all_is_the_same(day: Scene) -> None:
    refund(day, "r4")
    day.work()
    Clerk(day).refund("r4")

    answer = _bridge("compare", "--store", "es", "--since", day.row("r4").created_at.isoformat())
    assert (answer.exit_code, "3 the same" in answer.output) == (0, True), answer.output


@pytest.mark.usefixtures("day")
def test_what_it_cannot_do_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "x.csv"
    assert "known are es" in _bridge("compare", "--store", "fr").output
    assert "write 2026-11-01" in _bridge("list", "--since", "yesterday").output
    assert "cannot be written" in _bridge("list", "--csv", missing).output
    assert _bridge("list", "--since", "2099-01-01").output == "Nothing in shadow.\n"


def test_a_store_that_was_never_in_shadow(day: Scene) -> None:
    day.table["stores"]["uk"] = day.table["stores"]["es"] | {"reveni_store_id": "1002"}
    day.config()
    answer = _bridge("compare", "--store", "uk")

    assert answer.exit_code == 1
    assert "set shadow = true in [stores.uk]" in answer.output


def test_bluecherry_is_away(day: Scene) -> None:
    day.trouble("500", "GET /documents")
    answer = _bridge("compare", "--store", "es")

    assert answer.exit_code == 1
    assert "BlueCherry could not be asked" in answer.output
