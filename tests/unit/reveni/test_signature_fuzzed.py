"""Any header and any body get a verdict: signed by a known key within the tolerance, or BadSignature."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.reveni.signature import BadSignature, sign, verify
from app.secret import Secret
from tests.support.any_json import fuzzed

NOW = 1_772_000_000.0
DAY = timedelta(days=1)
KEY, OTHER = Secret("known"), Secret("unknown")

_PIECES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["t=", "v1=", "v2=", ",", "=", "t=NaN", "t=1e9", "t=-1", "t=" + "9" * 400, "\udc80", "v1=\udc80"]),
    st.just(sign(b"body", KEY, NOW)),
    st.just(sign(b"body", OTHER, NOW)),
    st.just(sign(b"body", KEY, NOW - 10**6)),
)
headers = st.none() | st.text() | st.lists(_PIECES, max_size=5).map(",".join)


@fuzzed(500)
@given(headers, st.binary(max_size=60) | st.just(b"body"))
def test_a_verdict_and_nothing_else(header: str | None, body: bytes) -> None:
    try:
        verify(header, body, [KEY], DAY, NOW)
    except BadSignature as error:
        told = str(error)
    else:
        assert body == b"body"
        assert header is not None
        assert sign(body, KEY, NOW).rpartition("=")[2] in header
        return
    assert not header or len(header) < 8 or header not in told


@fuzzed(300)
@given(st.binary(max_size=200), st.floats(min_value=0, max_value=2 * NOW), st.integers(0, 400))
def test_what_was_signed_is_known_until_a_single_bit_changes(body: bytes, at: float, bit: int) -> None:
    header = sign(body, KEY, at)
    verify(header, body, [OTHER, KEY], DAY, at)
    if body:
        place = bit % (8 * len(body))
        changed = bytearray(body)
        changed[place // 8] ^= 1 << place % 8
        try:
            verify(header, bytes(changed), [OTHER, KEY], DAY, at)
        except BadSignature:
            return
        raise AssertionError("a changed body was taken for the signed one")
