from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exact_json import DEEPEST, loads
from tests.support.any_json import fuzzed, values


@fuzzed(300)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_a_value_or_a_value_error(text: bytes | str) -> None:
    try:
        value = loads(text)
    except ValueError:
        return
    assert json.dumps(value, default=str)


@fuzzed()
@given(values)
def test_numbers_stay_exact(value: Any) -> None:
    text = json.dumps(value, default=lambda number: float(number) if isinstance(number, Decimal) else None)
    if "Infinity" in text or "NaN" in text:
        return
    assert loads(text) == json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize(("depth", "fine"), [(DEEPEST, True), (DEEPEST + 1, False), (900, False), (200_000, False)])
def test_nesting_has_an_end(depth: int, fine: bool) -> None:
    text = "[" * depth + "]" * depth
    if fine:
        assert loads(text)
        assert loads(text.encode())
    else:
        with pytest.raises(ValueError, match="too deep"):
            loads(text)


def test_width_is_no_depth() -> None:
    assert loads("[" + ",".join(["[]"] * 1000) + "]") == [[]] * 1000


@pytest.mark.parametrize("number", ["1e99999999999999999999", "-1E-99999999999999999999", "9" * 5000])
def test_a_number_that_none_can_hold_is_no_json(number: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says its own
        loads(f'{{"x":{number}}}')
