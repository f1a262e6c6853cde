from __future__ import annotations

from datetime import time, timedelta

import pytest

from app.config.windows import parse_posting
from app.domain.policy import AtOnce, Daily, Every, Posting


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("at_once", AtOnce()),
        (["20:00"], Daily((time(20),))),
        (["18:00", "06:30"], Daily((time(6, 30), time(18)))),
        ("every 15m", Every(timedelta(minutes=15))),
        ("every 20s", Every(timedelta(seconds=20))),
        ("every 2h", Every(timedelta(hours=2))),
    ],
)
def test_each_form_of_a_window(written: object, meant: Posting) -> None:
    assert parse_posting(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "now", "at once", [], ["24:00"], ["6:00"], ["06:60"], ["06:00", "06:00"], "every 0s", "every 15", "every m",
     "every 15d", "every -5m", "every 999h", 15, None, [6], True, "06:00"],
)  # fmt: skip
def test_anything_else_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"^is "):
        parse_posting(written)
