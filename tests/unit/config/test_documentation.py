"""docs/configuration.md and the schema say the same: every key, whether it is required, its default."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields, missing

from app.bluecherry.profile import FIELD_KINDS as BLUECHERRY_KINDS
from app.config import load_config
from app.config.schema import FileSchema
from app.reveni.profile import FIELD_KINDS as REVENI_KINDS
from app.toml_schema import Named

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
# What the file names by itself, as the document writes it.
PLACEHOLDERS = {
    "bluecherry": "<label>",
    "stores": "<store>",
    "sites": "<site>",
    "grades": "<grade>",
    "reasons": "<reason>",
    "statuses": "<status>",
    "item_statuses": "<status>",
    "channels": "<channel>",
    "teams": "<team>",
    "escalation": "<after>",
}
_SECTION = re.compile(r"#+ (?:`\[(?P<path>.+)\]`|(?P<top>The top of the file))")
_ROW = re.compile(r"\| `(?P<key>[^`]+)` \| [^|]+ \| (?P<default>[^|]+) \|")


def keys_of_the_schema(schema: Schema, path: str = "") -> Iterator[tuple[str, fields.Field[Any]]]:
    for name, field in schema.fields.items():
        key = f"{path}{field.data_key or name}"
        yield key, field
        if isinstance(field, fields.Nested):
            yield from keys_of_the_schema(field.schema, f"{key}.")
        elif isinstance(field, Named):
            below = f"{key}.{PLACEHOLDERS[name]}"
            if isinstance(field.each, fields.Nested):
                yield from keys_of_the_schema(field.each.schema, f"{below}.")
            else:
                yield below, field.each


def rows_of_the_document() -> Iterator[tuple[str, str]]:
    path: str | None = None
    for line in DOCUMENT.splitlines():
        if line.startswith("#"):
            section = _SECTION.fullmatch(line)
            path = None if section is None else "" if section["top"] else f"{section['path']}."
        elif path is not None and (row := _ROW.match(line)):
            yield path + row["key"], row["default"].strip()


SCHEMA = dict(keys_of_the_schema(FileSchema()))
ROWS = dict(rows_of_the_document())


def test_every_key_is_in_the_document_and_the_other_way_round() -> None:
    assert len(SCHEMA) > 60
    assert set(ROWS) == set(SCHEMA)


@pytest.mark.parametrize("key", sorted(set(ROWS) & set(SCHEMA)))
def test_the_document_tells_the_default(key: str) -> None:
    field, told = SCHEMA[key], ROWS[key]
    if told == "*required*":
        assert field.required
    elif told == "*none*":
        table = isinstance(field, fields.Nested | Named)
        assert not field.required
        assert field.load_default is missing or table
    else:
        value = tomllib.loads(f"value = {told.strip('`')}")["value"]
        default = field.load_default
        assert field.deserialize(value) == (default() if callable(default) else default)


@pytest.mark.parametrize(
    ("heading", "kinds", "default"),
    [
        ("### BlueCherry: `profile`", BLUECHERRY_KINDS, "app/bluecherry/profiles/default.toml"),
        ("### Reveni: `reveni_profile`", REVENI_KINDS, "app/reveni/profiles/default.toml"),
    ],
)
def test_profiles_are_documented(heading: str, kinds: tuple[str, ...], default: str) -> None:
    section = DOCUMENT.partition(heading)[2].partition("\n## ")[0].partition("\n### ")[0]
    table = tomllib.loads((ROOT / default).read_text(encoding="utf-8"))
    told = dict(re.findall(r"^\| `(\w+\.\w+)` \| `([^`]*)` \|", section, re.MULTILINE))

    expected = {f"{part}.{key}": value for part in ("auth", "settings") for key, value in table.get(part, {}).items()}
    assert {key: tomllib.loads(f"v = {value}")["v"] for key, value in told.items()} == expected
    for kind in kinds:
        assert f"`{kind}`" in section


def test_the_program_in_the_document_writes_a_file_that_can_be_used(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=30)
    environ = dict.fromkeys(("BC_KEY", "BC_CODE", "REVENI_KEY_JP", "WMS_OSAKA"), "x")
    config = load_config(tmp_path / "bridge.toml", environ)

    assert config.warnings == ()
    assert config.stores["jp"].rules.reasons["too small"] == "SZ"
    assert config.connections["main"].profile.inactive_returnable is True
