from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import cli
from app.db.tables.returns import Erasure
from app.pseudonym import VARIABLE, pseudonym
from app.secret import Secret
from app.services import outside
from tests.support.scene import Scene
from tests.support.surroundings import ENVIRONMENT

Erase = Callable[..., Result]


@pytest.fixture
def erase(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Erase]:
    """Runs ``bridge erase`` on a scene with one return, without a key in the environment."""
    for name, value in {**ENVIRONMENT, "BRIDGE_CONFIG": str(scene.config_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BRIDGE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv(VARIABLE, raising=False)
    outside._of_process.cache_clear()
    scene.ask("r1")
    scene.work()
    yield lambda *words: CliRunner().invoke(cli.main, ["erase", *words])
    outside._of_process.cache_clear()


def test_a_customer_is_erased_with_the_key_of_the_data_directory(erase: Erase, scene: Scene, tmp_path: Path) -> None:
    done = erase("--customer", "jane.doe@example.com", "--by", "ann")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Erased: 1 returns, 1 raw events, notes of 0 receipts, 0 texts.")
    assert VARIABLE in done.stderr
    key = Secret((tmp_path / "data" / "secrets" / "personal-key").read_text())
    assert [(row.by, row.subject) for row in scene.rows(Erasure)] == [("ann", pseudonym("jane.doe@example.com", key))]
    assert scene.row().personal == {}


def test_a_customer_whom_nobody_knows_is_said(erase: Erase) -> None:
    answer = erase("--customer", "r9")

    assert (answer.exit_code, answer.output) == (1, "Error: no return r9 is known.\n")
