"""What others may send: any JSON value, and valid documents with something wrong in them."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from app.exact_json import DEEPEST

Test = TypeVar("Test", bound=Callable[..., Any])

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def fuzzed(examples: int = 150) -> Callable[[Test], Test]:
    """How long a fuzzing test searches: a little each time, a hundred times as long with HYPOTHESIS_PROFILE=long."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    limits = settings(
        max_examples=examples * (100 if LONG else 1),
        deadline=None,
        database=None,
        suppress_health_check=checks,
        derandomize=bool(os.environ.get("CI")),
    )

    def limited(test: Test) -> Test:
        return limits(test)

    return limited


_HARD_TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfffx",
    "\u202e",
    "\ufeff",
    "null",
    "NaN",
    "Infinity",
    "-1",
    "1e999",
    "1e30",
    "0.0000000000000000000000001",
    "1_000",
    "1,5",
    "٣",
    "x" * 10_000,
    "'; drop table returns; --",
    "{{7*7}}",
    "../../etc/passwd",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "2026-02-30",
    "E R",
)
_HARD_NUMBERS = (
    0,
    -1,
    2**31,
    2**63,
    10**30,
    10**300,
    -(10**18),
    Decimal("1e999"),
    Decimal("-0"),
    Decimal("0.005"),
    Decimal("1e-30"),
    Decimal("253402300800"),
)


def _nested(depth: int, leaf: object) -> object:
    for turn in range(depth):
        leaf = [leaf] if turn % 2 else {"a": leaf}
    return leaf


scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(_HARD_NUMBERS),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(st.characters(), max_size=20),
    st.sampled_from(_HARD_TEXTS),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.just("a\0"), inner, max_size=4)
    ),
    max_leaves=12,
) | st.integers(min_value=10, max_value=DEEPEST).map(lambda depth: _nested(depth, 1))
"""Any JSON value, as `app.exact_json` gives it."""


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _places(inner, (*path, index))
    return found


@st.composite
def mutated(draw: st.DrawFn, valid: object, values: st.SearchStrategy[Any] = values) -> Any:
    """A valid document with one to three places dropped, doubled, swapped for another place's value or for anything."""
    document: Any = copy.deepcopy(valid)
    for _ in range(draw(st.integers(1, 3))):
        places = [place for place in _places(document) if place]
        if not places:
            break
        place = draw(st.sampled_from(places))
        parent = document
        for step in place[:-1]:
            parent = parent[step]
        what = draw(st.sampled_from(("drop", "replace", "replace", "swap", "double")))
        if what == "drop":
            del parent[place[-1]]
        elif what == "swap":
            other: Any = document
            for step in draw(st.sampled_from(places)):
                other = other[step]
            parent[place[-1]] = copy.deepcopy(other)
        elif what == "double" and isinstance(parent, list):
            parent.append(copy.deepcopy(parent[place[-1]]))
        else:
            # A copy: the next turn may change what lies within, which a sampled value shares with every example.
            parent[place[-1]] = copy.deepcopy(draw(values))
    # Whatever is read came through `app.exact_json`, which lets nothing deeper pass.
    assume(_depth(document) <= DEEPEST)
    return document


def _depth(document: object) -> int:
    level, depth = [document], 0
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def texts_in(value: object) -> list[str]:
    """Every text of a JSON value, keys too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts_in(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) else []
