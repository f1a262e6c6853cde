from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from app.config import Alerts
from tests.support.configuration import ENVIRON, load, smallest


def alerts(tmp_path: Path, table: dict[str, Any]) -> Alerts:
    environ = ENVIRON | {"SMTP": "smtp://mail.example", "HOOK": "https://hook.example/1", "KEY": "k"}
    return load(smallest() | {"alerts": table}, tmp_path, environ).alerts


def test_a_team_without_channels_is_told_by_those_on_top(tmp_path: Path) -> None:
    found = alerts(
        tmp_path,
        {
            "webhook_url_env": "HOOK",
            "webhook_secret_env": "KEY",
            "smtp_url_env": "SMTP",
            "email_to": ["all@brand.example"],
            "email_from": "bridge@brand.example",
            "channels": {"money": {"kind": "mail", "to": ["finance@brand.example"]}},
            "teams": {"finance": {"channels": ["money"], "escalation": {"1d": ["webhook"], "90m": ["mail"]}}},
        },
    )

    assert found.team("cx").channels == ("webhook", "mail")
    assert found.team("finance").channels == ("money",)
    steps = [(step.after, step.channels) for step in found.team("finance").escalation]
    assert steps == [(timedelta(minutes=90), ("mail",)), (timedelta(days=1), ("webhook",))]
    assert found.channels["mail"].to == ("all@brand.example",)
    assert found.channels["webhook"].key is not None


def test_nothing_is_told_where_nothing_is_named(tmp_path: Path) -> None:
    assert alerts(tmp_path, {}).team("finance").channels == ()


def test_a_team_with_days_off_has_quiet_hours(tmp_path: Path) -> None:
    found = alerts(tmp_path, {"teams": {"cx": {"time_zone": "Asia/Tokyo", "quiet_days": ["sunday"]}}})
    quiet = found.team("cx").quiet
    assert quiet is not None
    assert (quiet.zone.key, quiet.days, quiet.begins) == ("Asia/Tokyo", frozenset({6}), None)
