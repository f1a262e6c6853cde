"""Both sandboxes, as the demo starts them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from app.demo.config import make_secrets
from app.demo.sandboxes import bluecherry_part, reveni_part
from app.system.network import free_port
from app.system.supervisor import Supervisor


@dataclass(frozen=True)
class Parts:
    """Where they listen, and the secrets that they know."""

    bluecherry: str
    reveni: str
    secrets: Mapping[str, str]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    secrets, bluecherry, reveni = make_secrets(), free_port(), free_port()
    with Supervisor(tmp_path_factory.mktemp("logs")) as supervisor:
        supervisor.start(bluecherry_part(bluecherry, secrets), reveni_part(reveni))
        yield Parts(f"http://127.0.0.1:{bluecherry}", f"http://127.0.0.1:{reveni}", secrets)
