"""All that programs can call, asked by schemathesis out of its own description, on the bridge as it is served."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db.engine import transaction
from app.db.tables.returns import InboxEvent
from app.services import mapping_edits
from app.system.network import free_port
from app.system.parts import Places, receiver
from app.system.supervisor import Supervisor
from tests.integration.web.conftest import TOKEN
from tests.support.any_json import LONG
from tests.support.furnished import furnish
from tests.support.scene import Scene

ROOT = Path(__file__).parents[3]


@pytest.fixture
def served(scene: Scene, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a bridge that has something of everything."""
    for name, value in {**scene.environment, "BRIDGE_CONFIG": str(scene.config_path)}.items():
        monkeypatch.setenv(name, value)
    mapping_edits.forget()
    silent = {"location": "MAD01", "quarantine": "MADQ"}
    scene.configure({"sites": {"silent": silent}, "stores": {"es": {"sites": ["madrid", "silent"]}}})
    furnish(scene)
    places = Places(receiver_port=free_port(), flower_port=0, data=tmp_path)
    environment = {name: value for name, value in os.environ.items() if name != "BROKER_URL"}
    environment |= {"DATABASE_URL": database, "BRIDGE_API_TOKENS": TOKEN, "BRIDGE_EVENTS_PER_SECOND": "0"}
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start(receiver(places, environment))
        yield places.receiver_url
    mapping_edits.forget()


def _stored() -> Counter[str]:
    """Events in the inbox by channel: those that were signed."""
    with transaction() as session:
        return Counter(session.scalars(select(InboxEvent.channel)))


@pytest.mark.slow
@pytest.mark.timeout(7200 if LONG else 120)
def test_whatever_is_asked_the_answer_is_as_described(served: str) -> None:
    before = _stored()
    words = [
        *("-m", "schemathesis.cli", "--config-file", "tests/support/schemathesis.toml"),
        *("run", f"{served}/api/openapi.json", "--checks", "all"),
        # The long one looks for something else each time, and prints its seed.
        *(("--max-examples", "500") if LONG else ("--max-examples", "10", "--seed", "4711")),
    ]
    told = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)

    assert {channel for channel, count in _stored().items() if count > before[channel]} == {"reveni", "warehouse"}
    print(told.stdout)  # figures, for who runs the long one with -s
    assert told.returncode == 0, told.stdout + told.stderr
