from __future__ import annotations

import tomllib

import pytest

from app.domain.mapping_keys import key_of


@pytest.mark.parametrize("name", ["too_small", "too small", 'says "no"', "größer", "a.b", "a\\b", ""])
def test_a_key_leads_to_its_value_in_toml(name: str) -> None:
    table = tomllib.loads(f"{key_of('stores', 'es', 'reasons', name)} = 'SZ'")

    assert table == {"stores": {"es": {"reasons": {name: "SZ"}}}}


def test_only_what_needs_quotes_has_them() -> None:
    assert key_of("stores", "es", "reasons", "too_small") == "stores.es.reasons.too_small"
    assert key_of("stores", "es", "reasons", "too small") == 'stores.es.reasons."too small"'
