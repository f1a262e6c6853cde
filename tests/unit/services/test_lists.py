"""What notices that the pages of a list lead round in a circle."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.db.codec import dump, load
from app.services.lists import LeadsNowhere, Trail, ask_again


class _Page:
    """A page of which only the cursor of the following one counts."""

    def __init__(self, following: str | None) -> None:
        self.next = following


def _read(pages: Mapping[str | None, str | None], asked: list[str | None], *, kept: bool) -> None:
    """Read a list to its end by what each cursor leads to; `kept`: the trail is put away after each page."""
    trail, cursor = Trail(), None
    while len(asked) < 10_000:
        asked.append(cursor)
        cursor = ask_again(cursor, lambda at: _Page(pages[at]), trail).next
        if cursor is None:
            return
        trail = load(Trail, dump(trail)) if kept else trail


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("before", [0, 1, 5, 40])
@pytest.mark.parametrize("length", [1, 2, 3, 17])
def test_a_circle_of_any_length_is_noticed_soon(before: int, length: int, kept: bool) -> None:
    names = [None, *(f"c{n}" for n in range(before + length))]
    asked: list[str | None] = []

    with pytest.raises(LeadsNowhere, match="lead round in a circle"):
        _read(dict(zip(names, [*names[1:], names[before + 1]], strict=True)), asked, kept=kept)
    assert len(asked) <= 3 * (before + length) + 2


def test_a_list_that_ends_is_read_to_its_end() -> None:
    names: list[str | None] = [None, *(f"c{n}" for n in range(3000))]
    asked: list[str | None] = []

    _read(dict(zip(names, [*names[1:], None], strict=True)), asked, kept=True)
    assert asked == names
