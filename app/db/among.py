"""That a column is one of any number of values: how many there are is for others to say, as in a page of a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], values: Iterable[object]) -> ColumnElement[bool]:
    """That a column is one of these, of which null is none.

    As an array, which is one parameter: a statement holds 65,535, and `in_` makes one of each value.
    """
    return column == any_(literal(list(values), ARRAY(column.type)))
