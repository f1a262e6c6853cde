from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.ops.logs import configure_logging
from app.secret import Secret


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_time_level_and_logger(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    structlog.get_logger("app.x").warning("posted", key="RA-1", units=2)

    (line,) = _lines(capsys)
    assert {"event": "posted", "logger": "app.x", "level": "warning", "key": "RA-1", "units": 2}.items() <= line.items()
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize(
    "private",
    [
        {"email": "jane"},
        {"Authorization": "abc"},
        {"ship_to": {"street": "Mayor 1"}},
        {"detail": {"lines": [{"customer": "jane"}]}},
        {"why": "no answer of postgresql://bridge:pa55@db/x"},
        {"why": "GET https://erp/items?division=1&code=pa55"},
        {"why": "mail to jane@example.com failed"},
        {"why": "Bearer pa55 was refused"},
        {"why": "t=1,v1=f41fb97b590d078002db1695f65e05d4"},
        {"key_used": Secret("pa55")},
    ],
)
def test_secrets_and_personal_data_are_hidden(private: dict[str, object], capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    structlog.get_logger("app.x").warning("happening", **private)

    (line,) = _lines(capsys)
    text = json.dumps(line).lower()
    assert "***" in text
    assert not any(word in text for word in ("jane", "pa55", "mayor", "abc", "f41fb9"))


def test_what_operators_look_for_is_left_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    structlog.get_logger("app.x").warning("refused", code="ITEM_INACTIVE", sku="0012-BLU-M", return_id="4e26c9f0")

    (line,) = _lines(capsys)
    assert (line["code"], line["sku"], line["return_id"]) == ("ITEM_INACTIVE", "0012-BLU-M", "4e26c9f0")


def test_a_libraries_line_and_a_traceback_take_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    said = "broken\n[parameters: {'name': 'Jane Doe'}]\nDETAIL:  Key (email)=(jane) exists"
    try:
        raise ValueError(said)
    except ValueError:
        logging.getLogger("another_package").exception("insert for %s failed", "jane@example.com")

    (line,) = _lines(capsys)
    assert line["logger"] == "another_package"
    assert "ValueError" in str(line["exception"])
    assert "jane" not in json.dumps(line).lower()


def test_the_level_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BRIDGE_LOG_LEVEL", "error")
    configure_logging()

    structlog.get_logger("app.x").warning("not said")
    logging.getLogger("another_package").warning("not said")
    structlog.get_logger("app.x").error("said")

    assert [line["event"] for line in _lines(capsys)] == ["said"]
