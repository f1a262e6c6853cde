"""The profile of an installation: its header, paths, field names and settings. Read from a file, never in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from marshmallow import fields

from app.field_names import FieldNames
from app.profile_file import header_field, paths_schema, read_profile, renames_schema
from app.toml_schema import Flag, Seconds, StrictSchema, Text, Whole

FIELD_KINDS = (
    "answer",
    "batch",
    "credit_memo",
    "document_row",
    "inventory_journal",
    "item",
    "item_lookup",
    "period",
    "return_authorization",
    "sales_order",
    "stock",
)
"""What fields can be renamed in. `answer` is the envelope of a list: `items`, `orders`, …, `next`."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one installation spells what the contract says.

    `lookup_lag`: what is doubtful is sent again only after a look-up made later than that found nothing.
    `inactive_returnable`: inactive items may stand on a return authorisation.
    """

    name: str
    key_header: str
    code_query: str
    lookup_lag: timedelta
    inactive_returnable: bool
    lookup_size: int
    batch_size: int
    page_size: int
    paths: Mapping[str, str]
    fields: Mapping[str, FieldNames]


class _Auth(StrictSchema):
    key_header = header_field()
    code_query = Text(required=True)


class _Settings(StrictSchema):
    lookup_lag_seconds = Seconds(from_zero=True, required=True)
    inactive_returnable = Flag(required=True)
    lookup_size = Whole(least=1, most=200, required=True)
    batch_size = Whole(least=1, most=500, required=True)
    page_size = Whole(least=1, most=10_000, required=True)


_PATHS = {
    "items_lookup": "",
    "items": "",
    "sales_orders": "",
    "sales_order": "number",
    "sales_order_cancel": "number",
    "return_authorizations": "",
    "return_authorization": "number",
    "return_authorization_cancel": "number",
    "return_authorization_close": "number",
    "inventory_journals": "",
    "credit_memos": "",
    "batches": "",
    "batch": "number",
    "stock": "",
    "documents": "",
    "periods": "",
}


class _ProfileFile(StrictSchema):
    auth = fields.Nested(_Auth, required=True)
    settings = fields.Nested(_Settings, required=True)
    paths = fields.Nested(paths_schema(_PATHS), required=True)
    fields_ = fields.Nested(renames_schema(FIELD_KINDS), data_key="fields", load_default=dict)


def load_profile(name: str, directory: Path) -> Profile:
    """A shipped profile by its name, or one of a file (relative to `directory`). Raises TomlError."""
    table = read_profile(_ProfileFile(), Path(__file__).parent / "profiles", name, directory)
    settings = table["settings"]
    return Profile(
        name=name,
        key_header=table["auth"]["key_header"],
        code_query=table["auth"]["code_query"],
        lookup_lag=settings["lookup_lag_seconds"],
        inactive_returnable=settings["inactive_returnable"],
        lookup_size=settings["lookup_size"],
        batch_size=settings["batch_size"],
        page_size=settings["page_size"],
        paths=table["paths"],
        fields={kind: FieldNames(table["fields_"].get(kind)) for kind in FIELD_KINDS},
    )
