"""The profile of Reveni's API: paths, names and spellings that are not certain (facts: grade B and below)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from marshmallow import fields

from app.field_names import FieldNames
from app.profile_file import header_field, paths_schema, read_profile, renames_schema
from app.toml_schema import StrictSchema, Text

FIELD_KINDS = ("event", "return", "list", "verdict", "webhook")
"""What fields can be renamed in. `list` is the envelope of the list call: `results`, `next`."""


@dataclass(frozen=True, slots=True)
class ReveniProfile:
    """How Reveni's API is spelled."""

    name: str
    header: str
    scheme: str
    signature_header: str
    list_query: str
    cursor_query: str
    paths: Mapping[str, str]
    fields: Mapping[str, FieldNames]


class _Auth(StrictSchema):
    header = header_field()
    scheme = Text(required=True, pattern=r"[!-~]*", expected="a word of ASCII, or nothing")
    signature_header = header_field()


class _Settings(StrictSchema):
    list_query = Text(required=True)
    cursor_query = Text(required=True)


_PATHS = {"return": "id", "returns": "", "partial_validate": "id", "webhooks": "", "webhook": "id"}


class _ProfileFile(StrictSchema):
    auth = fields.Nested(_Auth, required=True)
    settings = fields.Nested(_Settings, required=True)
    paths = fields.Nested(paths_schema(_PATHS, common=["store_id"]), required=True)
    fields_ = fields.Nested(renames_schema(FIELD_KINDS), data_key="fields", load_default=dict)


def load_profile(name: str, directory: Path) -> ReveniProfile:
    """A shipped profile by its name, or one of a file (relative to `directory`). Raises TomlError."""
    table = read_profile(_ProfileFile(), Path(__file__).parent / "profiles", name, directory)
    return ReveniProfile(
        name=name,
        **table["auth"],
        **table["settings"],
        paths=table["paths"],
        fields={kind: FieldNames(table["fields_"].get(kind)) for kind in FIELD_KINDS},
    )
