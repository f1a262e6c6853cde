"""Whatever stands in the configuration or a profile: it can be used, or each problem is told with the way out.

No message holds a secret, and no file makes anything else happen than these two.
"""

from __future__ import annotations

import json
import string
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import load_config
from app.config.loader import load_mappings
from app.config.mapping import keys_of, mapping_of, read_mapping
from app.toml_schema import TomlError
from tests.support.any_json import fuzzed, mutated
from tests.support.configuration import ENVIRON, write_toml

ROOT = Path(__file__).parents[3]
SHIPPED = {
    "bluecherry": ROOT / "app/bluecherry/profiles/default.toml",
    "reveni": ROOT / "app/reveni/profiles/default.toml",
}
_HEADER_CHARACTERS = set(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
FULL = """
[bluecherry.main]
base_url = "https://bluecherry.example/api"
key_env = "BC_KEY"
code_env = "BC_CODE"
profile = "default"
calls_at_a_time = 4
calls_per_second = 9
timeout_seconds = 5.5

[stores.es]
reveni_store_id = "1001"
reveni_key_env = "REVENI_ES"
reveni_next_key_env = "BC_CODE"
bluecherry = "main"
time_zone = "Europe/Madrid"
sites = ["madrid"]
default_site = "madrid"
judge = "warehouse"
shadow = false
signature_tolerance_seconds = 3600
policy = { freight = "all_back", not_received_days = 9 }
posting = { credit_memo = ["06:00", "20:00"], inventory_journal = "every 15m" }
reasons = { too_small = "SZ", "does not fit" = "SZ" }
statuses = { "On Way" = "shipped" }
item_statuses = { ok = "accepted" }

[stores.es.grades.A]
accepts = true
location = "MAD02"
lot = "7"

[stores.es.grades.rejected]
location = "MADR"
reject_reason = "worn"

[sites.madrid]
location = "MAD01"
quarantine = "MADQ"
secret_env = "WMS_MADRID"
reveni_location_ids = ["l1", "l2"]
grades = { A = { location = "MAD03" } }

[retry]
tries = 3
first_delay_seconds = 0.5
lease_seconds = 60

[sweep]
every_seconds = 3

[targets]
receipt_to_journal_seconds = 60

[alerts]
console_url = "https://bridge.example"
smtp_url_env = "BC_KEY"
email_to = ["ops@example.com"]
email_from = "bridge@example.com"
private_hosts = ["hooks.internal"]
channels = { desk = { kind = "slack", url_env = "BC_KEY" }, post = { kind = "mail", to = ["a@example.com"] } }

[alerts.teams.finance]
channels = ["desk"]
time_zone = "Europe/Madrid"
quiet_from = "20:00"
quiet_until = "08:00"
quiet_days = ["saturday"]
escalation = { "4h" = ["post"] }
"""
PROFILE = """
[auth]
key_header = "X-Key"
code_query = "c"

[settings]
lookup_lag_seconds = 2

[paths]
sales_order = "/orders/{number}"

[fields.credit_memo]
aux_ref_num = "AuxRef"
"lines.qty" = "Units"
"""

_HARD: tuple[Any, ...] = (
    "",
    " ",
    "\0",
    "a\r\nX-Evil: 1",
    "é",
    "١٢:٣٤",
    "1٣:00",
    "every ٣m",
    "every 999999h",
    "../../etc/passwd",
    "../x.toml",
    "/dev/null",
    "default",
    "/{number}{",
    "/{number}{0}",
    "/{number.__class__}",
    "x" * 5000,
    "https://ann:hidden@host/?x",
    "ß",
    float("nan"),
    float("inf"),
    1e300,
    -0.0,
    2**63,
    2**200,
    -1,
    0,
    True,
    datetime(2026, 1, 1, tzinfo=UTC),
    date(9999, 12, 31),
    time(23, 59),
    [],
    {},
    [[]],
    ["A", "A"],
    [{"a": 1}],
)
_words = sorted({*tomllib.loads(FULL)["stores"]["es"], "main", "es", "madrid", "rejected", "at_once", "desk", "4h"})
_scalars = st.one_of(
    st.sampled_from(_HARD),
    st.sampled_from(_words),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
)
_keys = st.sampled_from(_words) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3), max_leaves=6
)
"""Any value of TOML."""
_BITS = (
    "[" * 3000,
    "a" + ".a" * 3000 + " = 1\n",
    "[stores.es.time_zone" + ".a" * 3000 + "]\n",
    "judge = " + "9" * 5000,
    "shadow = 0x" + "f" * 5000,
    "{" * 500,
    "[[stores]]\n",
    "[stores.es]\n",
    '"""',
    "\x00",
    "\ufeff",
    "\r",
    "= nan\n",
    "1979-05-27T07:32:00.999999-25:00",
    "'",
    "\\uD800",
)


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> bytes:
    """A file with one to three places cut, doubled, or with something odd put in."""
    for _ in range(draw(st.integers(1, 3))):
        begin, end = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        end = min(end, begin + 40)
        bit = draw(st.sampled_from(("", text[begin:end] * 2)) | st.sampled_from(_BITS) | st.text(max_size=5))
        text = text[:begin] + bit + text[end:]
    return text.encode(errors="surrogatepass")


def used_or_told(load: Callable[[], Any], use: Callable[[Any], object]) -> None:
    """Load it and use it, or be told what is wrong, where, and what to do."""
    try:
        loaded = load()
    except TomlError as error:
        told = error
    else:
        use(loaded)
        return
    assert told.problems
    assert [each for each in told.problems if not (each.file and each.what and each.remedy)] == []
    assert [secret for secret in ENVIRON.values() if secret in str(told)] == []


def use_config(config: Any) -> None:
    """What the bridge does with a configuration before its first call."""
    for name, store in config.stores.items():
        again = read_mapping(name, json.loads(json.dumps(mapping_of(store.rules))))
        assert again.version == store.rules.version
        use_profile(store.reveni.profile)
    for connection in config.connections.values():
        use_profile(connection.profile)
    assert [secret for secret in ENVIRON.values() if secret in repr(config)] == []
    assert all(str(warning) for warning in config.warnings)


def use_profile(profile: Any) -> None:
    """Make the addresses and headers of every call."""
    for path in profile.paths.values():
        made = path.format(number="n-1", id="i-1", store_id="s-1")
        assert made.startswith("/")
        assert made.isprintable()
    headers = [
        getattr(profile, name) for name in ("key_header", "header", "signature_header") if hasattr(profile, name)
    ]
    assert [header for header in headers if not set(header) <= _HEADER_CHARACTERS] == []


def read_config(path: Path) -> None:
    used_or_told(lambda: load_config(path, ENVIRON), use_config)
    used_or_told(lambda: load_mappings(path), lambda mappings: keys_of(mappings.stores))


def read_profiles(path: Path) -> None:
    table = tomllib.loads(FULL)
    table["bluecherry"]["main"]["profile"] = table["stores"]["es"]["reveni_profile"] = path.name
    read_config(write_toml(table, path.with_name("bridge.toml")))


@fuzzed(100)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(content)

    read_config(path)
    read_profiles(path)


@fuzzed(200)
@given(content=spoiled(FULL))
def test_a_configuration_that_was_spoiled(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_bytes(content)

    read_config(path)


@fuzzed(300)
@given(table=mutated(tomllib.loads(FULL), _values))
def test_a_configuration_with_other_values(table: dict[str, Any], tmp_path: Path) -> None:
    read_config(write_toml(table, tmp_path / "bridge.toml"))


@pytest.mark.parametrize("text", [PROFILE, *(path.read_text(encoding="utf-8") for path in SHIPPED.values())])
@fuzzed(60)
@given(data=st.data())
def test_a_profile_that_was_spoiled(text: str, tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(data.draw(spoiled(text)))

    read_profiles(path)


@pytest.mark.parametrize("text", [PROFILE, *(path.read_text(encoding="utf-8") for path in SHIPPED.values())])
@fuzzed(100)
@given(data=st.data())
def test_a_profile_with_other_values(text: str, tmp_path: Path, data: st.DataObject) -> None:
    read_profiles(write_toml(data.draw(mutated(tomllib.loads(text), _values)), tmp_path / "own.toml"))


def test_the_patterns_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(FULL)

    use_config(load_config(path, ENVIRON))
    assert tomllib.loads(write_toml(tomllib.loads(FULL), tmp_path / "again.toml").read_text()) == tomllib.loads(FULL)
