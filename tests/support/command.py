"""``bridge`` as a user runs it: a process of its own, on servers of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_REPLACED = {"DATABASE_URL", "BROKER_URL", "BRIDGE_API_TOKENS", "FLOWER_BASIC_AUTH", "BRIDGE_CONFIG"}


def run_bridge(*words: object, place: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with its data below `place`, within so many seconds."""
    environment = {name: value for name, value in os.environ.items() if name not in _REPLACED}
    return subprocess.run(
        [str(Path(sys.executable).with_name("bridge")), *(str(word) for word in words)],
        env={**environment, "BRIDGE_DATA": str(place / "data")},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
