"""A configuration that is as small as one can be, for tests that change one thing in it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from app.config import Config, load_config

ENVIRON = {
    "BC_KEY": "key-4711",
    "BC_CODE": "code-4711",
    "REVENI_ES": "reveni-key-4711",
    "WMS_MADRID": "warehouse-secret-4711",
}

SMALLEST = """
[bluecherry.main]
base_url = "http://127.0.0.1:9100"
key_env = "BC_KEY"
code_env = "BC_CODE"

[stores.es]
reveni_base_url = "http://127.0.0.1:9200"
reveni_store_id = "1001"
reveni_key_env = "REVENI_ES"
bluecherry = "main"
time_zone = "Europe/Madrid"
sites = ["madrid"]

[stores.es.reasons]
too_small = "SZ"

[stores.es.grades.rejected]
location = "MADR"

[sites.madrid]
location = "MAD01"
quarantine = "MADQ"
secret_env = "WMS_MADRID"
"""


def smallest() -> dict[str, Any]:
    """The smallest configuration as a table, to be changed."""
    return tomllib.loads(SMALLEST)


def write_toml(table: Mapping[str, Any], path: Path) -> Path:
    """Write a table as TOML: whatever `tomllib` gives."""
    lines: list[str] = []
    _write(table, "", lines)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def load(table: Mapping[str, Any], directory: Path, environ: Mapping[str, str] = ENVIRON) -> Config:
    """The configuration that a table makes. Raises ConfigError."""
    return load_config(write_toml(table, directory / "bridge.toml"), environ)


def _write(table: Mapping[str, Any], path: str, lines: list[str]) -> None:
    for key, value in table.items():
        if not isinstance(value, Mapping):
            lines.append(f"{_quoted(key)} = {_value(value)}")
    for key, value in table.items():
        if isinstance(value, Mapping):
            below = f"{path}.{_quoted(key)}" if path else _quoted(key)
            lines.append(f"[{below}]")
            _write(value, below, lines)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(key)} = {_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int):
        # More digits than Python writes out are no number of TOML's in decimal either.
        return str(value) if abs(value) < 10**18 else f"{'-' if value < 0 else ''}{abs(value):#x}"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
