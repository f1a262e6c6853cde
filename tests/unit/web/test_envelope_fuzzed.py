"""Any body is an event with a key that PostgreSQL can hold, or a refusal with 400."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.web.errors import Refusal
from app.web.webhooks import read_event
from app.wire import is_storable
from tests.support.any_json import fuzzed, mutated, values
from tests.unit.reveni.test_schemas_fuzzed import EVENT


def _taken(body: bytes) -> None:
    try:
        text, key = read_event(body)
    except Refusal as refusal:
        status = refusal.code
    else:
        status = None
        _is_kept(body, text, key)
    assert status in (None, 400)


def _is_kept(body: bytes, text: str, key: str) -> None:
    assert text.encode() == body
    assert 0 < len(key) <= 200
    assert is_storable(key)
    assert read_event(body)[1] == key


@fuzzed(400)
@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    _taken(body)


@fuzzed(300)
@given(values | mutated(EVENT), st.booleans())
def test_any_json(document: Any, ascii_only: bool) -> None:
    text = json.dumps(document, default=str, ensure_ascii=ascii_only)
    _taken(text.encode(errors="replace"))
    _taken(text.encode("utf-16", errors="replace"))


@fuzzed(50)
@given(st.integers(1, 200_000), st.sampled_from("[{"))
def test_bottomless_nesting(depth: int, bracket: str) -> None:
    _taken((bracket if bracket == "[" else '{"a":').encode() * depth)
    _taken(b'{"id":' + b"[" * depth + b"]" * depth + b"}")
