"""Profile files: what an installation does in its own way, on top of the shipped default."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Field

from app.toml_schema import Named, Problem, StrictSchema, Table, Text, TomlError, load_table, near, read_table


def read_profile(schema: StrictSchema, shipped: Path, name: str, directory: Path) -> Table:
    """The profile's table, checked, with the default for whatever it leaves out.

    `name` is a shipped profile's, or the path of a file relative to `directory`. Raises TomlError.
    """
    default = read_table(shipped / "default.toml")
    path = shipped / f"{name}.toml" if "/" not in name and not name.endswith(".toml") else directory / name
    if not _is_file(path):
        known = [file.stem for file in sorted(shipped.glob("*.toml"))]
        remedy = (
            f"Name a profile file (*.toml, relative to the configuration) or a shipped profile. {near(name, known)}"
        )
        raise TomlError([Problem(str(path), "", "there is no such profile", remedy)])
    table, problems = load_table(schema, _over(default, read_table(path)), str(path))
    if problems:
        raise TomlError(problems)
    return table


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is longer than any file's
        return False


def header_field() -> Text:
    """The name of a header."""
    return Text(required=True, pattern=r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", expected="the name of an HTTP header")


def paths_schema(placeholders: Mapping[str, str], *, common: Sequence[str] = ()) -> type[Schema]:
    """The table of paths, each with the placeholder that it must hold ("" for none), and may hold the common ones."""
    return StrictSchema.from_dict({name: _path(placeholder, common) for name, placeholder in placeholders.items()})


def renames_schema(kinds: Sequence[str]) -> type[Schema]:
    """The table of field names, per kind of document."""
    return StrictSchema.from_dict({kind: Named(Text()) for kind in kinds})


def _path(placeholder: str, common: Sequence[str]) -> Field[Any]:
    own = [placeholder] if placeholder else []
    known = [f"{{{name}}}" for name in (*own, *common)]
    must = rf"(?=.*{re.escape(known[0])})" if own else ""
    pieces = "|".join(["[!-z|~]", *map(re.escape, known)])
    return Text(
        required=True,
        pattern=rf"{must}/(?:{pieces})*",
        expected="a path that begins with /"
        + (f" and holds {known[0]}" if own else "")
        + ", of ASCII without spaces, with "
        + (f"no braces but {' and '.join(known)}" if known else "no braces"),
    )


def _over(base: Table, top: Table) -> Table:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
