"""A configuration that is as small as one can be, for tests that change one thing in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
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
    """Write a table as TOML: texts, numbers, flags, lists of texts, and tables of them."""
    lines: list[str] = []
    _write(table, "", lines)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
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
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
