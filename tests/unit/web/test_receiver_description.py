"""The receiver is described as the profiles of the stores spell it, without a name of theirs."""

from __future__ import annotations

import json
from pathlib import Path

from app.web.api.receiver_description import described_beside, signature_schemes
from tests.support.configuration import load, smallest

OWN = """
[auth]
signature_header = "X-Signed"

[fields.event]
id = "event_id"
"""


def test_one_scheme_and_one_id_where_all_stores_spell_them_alike(tmp_path: Path) -> None:
    config = load(smallest(), tmp_path)

    event = described_beside(config)["/webhooks/reveni/{store}"]["post"]

    headers = {name: scheme["name"] for name, scheme in signature_schemes(config).items()}
    assert headers == {"reveni_signature": "X-REVENI-SIGNATURE", "warehouse_signature": "X-BRIDGE-SIGNATURE"}
    assert event["security"] == [{"reveni_signature": []}]
    assert event["requestBody"]["content"]["application/json"]["schema"]["required"] == ["id"]


def test_either_where_they_do_not(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN)
    table = smallest()
    table["stores"]["uk"] = table["stores"]["es"] | {"reveni_store_id": "1002", "reveni_profile": "own.toml"}
    config = load(table, tmp_path)

    event = described_beside(config)["/webhooks/reveni/{store}"]["post"]

    assert event["security"] == [{"reveni_signature": []}, {"reveni_signature_2": []}]
    assert signature_schemes(config)["reveni_signature_2"]["name"] == "X-Signed"
    schema = event["requestBody"]["content"]["application/json"]["schema"]
    assert [form["required"] for form in schema["anyOf"]] == [["event_id"], ["id"]]


def test_no_store_and_no_site_is_named(tmp_path: Path) -> None:
    config = load(smallest(), tmp_path)

    told = {**described_beside(config), **signature_schemes(config)}

    assert "madrid" not in json.dumps(told, default=str)
    assert '"es"' not in json.dumps(told, default=str)
