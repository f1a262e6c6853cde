from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import cli, create_app
from app.secret import Secret
from app.services import outside
from app.web.settings import WebSettings
from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT
from tests.support.web import json_of

Books = Callable[..., Result]


@pytest.fixture
def books(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """Runs ``bridge books`` on a scene in which one return waits for acceptance."""
    for name, value in {**ENVIRONMENT, "BRIDGE_CONFIG": str(scene.config_path)}.items():
        monkeypatch.setenv(name, value)
    outside._of_process.cache_clear()
    scene.ask("r1", item("0001", 2))
    scene.arrive("w1", {"0001": 2}, return_id="r1")
    scene.work()
    yield lambda *words: CliRunner().invoke(cli.main, ["books", *map(str, words)])
    outside._of_process.cache_clear()


def test_the_list_ends_with_its_sums(books: Books) -> None:
    shown = books("received-not-credited")

    assert shown.exit_code == 0, shown.output
    assert "2 units on 1 line." in shown.output
    assert shown.output.endswith(
        "  waits_for_acceptance: 2 units, 21.78 EUR\nTo be accrued, as a memo follows: 21.78 EUR\n"
    )
    assert "0 units on 0 lines." in books("credited-not-received", "--at", "2026-01-31").output


def test_what_was_credited_is_summed(books: Books, scene: Scene) -> None:
    scene.accept("r1")
    scene.work()

    shown = books("credit-memos", "--from", "2020-01-01", "--at", "2999-12-31")

    assert shown.output.startswith("es: 1 memo, 2 units, 21.78 EUR\n  net 18.00, tax 3.78")
    assert shown.output.endswith("Credited from 2020-01-01 to 2999-12-31: 21.78 EUR\n")


def test_the_lines_go_into_a_file(books: Books, tmp_path: Path) -> None:
    file = tmp_path / "open.csv"

    assert books("received-not-credited", "--store", "es", "--csv", file).exit_code == 0

    (row,) = csv.DictReader(file.open())
    assert (row["store"], row["return"], row["SKU"], row["units"]) == ("es", "r1", "0001", "2")
    assert (row["amount"], row["currency"], row["reason"]) == ("21.78", "EUR", "waits_for_acceptance")


def test_a_store_that_is_not_there_is_said(books: Books) -> None:
    answer = books("received-not-credited", "--store", "xx")

    assert answer.exit_code == 1
    assert "There is no store xx; there are" in answer.output


def test_the_api_answers_the_same_list(books: Books) -> None:
    client = create_app(None, WebSettings(api_tokens=(Secret("t"),))).test_client()

    answer = json_of(client.get("/api/books/received-not-credited", headers={"Authorization": "Bearer t"}))

    (line,) = answer["lines"]
    assert {
        "store": "es",
        "return_id": "r1",
        "sku": "0001",
        "units": 2,
        "amount": "21.78",
        "currency": "EUR",
    }.items() <= (line.items())
    assert answer["sums"] == [
        {"currency": "EUR", "reason": "waits_for_acceptance", "units": 2, "amount": "21.78"},
    ]
