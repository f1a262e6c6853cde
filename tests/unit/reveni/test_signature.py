from __future__ import annotations

import hmac
from datetime import timedelta

import pytest

from app.reveni.signature import (
    BadSignature,
    SignatureExpired,
    SignatureMissing,
    SignatureUnreadable,
    SignatureWrong,
    sign,
    verify,
)
from app.secret import Secret

KEY = Secret("test_api_key")
TIME = "1661518366.749773"
NOW = 1661518366.749773
WEEK = timedelta(days=8)
BODY = (
    b'{"id": "c6927a921708466da5ed2b4ebadf0bdf", "event": "return.updated", "created": 1661518366, "data": '
    b'{"amount": "76.4800", "status": "in_progress", "currency": "EUR", "resource": "return", '
    b'"resource_id": "4e26c9f08f2a468fabc16af12ae0209b"}}'
)
V1 = "f41fb97b590d078002db1695f65e05d403f48c1f2f9b91f4f6bb09ab31106b98"


def test_the_vector_of_the_facts() -> None:
    verify(f"t={TIME},v1={V1}", BODY, [KEY], WEEK, NOW)


@pytest.mark.parametrize(
    "header",
    [
        f"t={TIME},v1={'0' * 64},v1={V1}",
        f"t={TIME}, v1={V1}",
        f"v1={V1},t={TIME}",
        f"t={TIME},v0={'0' * 64},v1={V1},v2=x",
        f"t={TIME},nonsense,v1={V1}",
    ],
)
def test_headers_that_hold_a_signature(header: str) -> None:
    verify(header, BODY, [KEY], WEEK, NOW)


def test_either_key_of_a_rotation_signs() -> None:
    verify(f"t={TIME},v1={V1}", BODY, [Secret("newer"), KEY], WEEK, NOW)


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (None, SignatureMissing),
        ("", SignatureMissing),
        (V1, SignatureUnreadable),
        (f"v1={V1}", SignatureUnreadable),
        (f"t={TIME}", SignatureUnreadable),
        (f"t={TIME},v0={V1}", SignatureUnreadable),
        (f"t=now,v1={V1}", SignatureUnreadable),
        (f"t=nan,v1={V1}", SignatureUnreadable),
        (f"t=-{TIME},v1={V1}", SignatureUnreadable),
        (f"t={TIME},t={TIME},v1={V1}", SignatureUnreadable),
        # The text of t is what was signed, not its number.
        (f"t={TIME}0,v1={V1}", SignatureWrong),
        (f"t={TIME},v1={V1[:-1]}", SignatureWrong),
        (f"t={TIME},v1={V1.upper()}", SignatureWrong),
        (f"t={TIME},v1=é", SignatureWrong),
    ],
)
def test_headers_that_do_not(header: str | None, error: type[BadSignature]) -> None:
    with pytest.raises(error):
        verify(header, BODY, [KEY], WEEK, NOW)


def test_another_body_or_key() -> None:
    with pytest.raises(SignatureWrong):
        verify(f"t={TIME},v1={V1}", BODY + b" ", [KEY], WEEK, NOW)
    with pytest.raises(SignatureWrong):
        verify(f"t={TIME},v1={V1}", BODY, [Secret("other")], WEEK, NOW)
    with pytest.raises(SignatureWrong):
        verify(f"t={TIME},v1={V1}", BODY, [], WEEK, NOW)


@pytest.mark.parametrize("seconds", [-60, 60])
def test_the_tolerance_holds_both_ways(seconds: int) -> None:
    verify(f"t={TIME},v1={V1}", BODY, [KEY], timedelta(seconds=60), NOW + seconds)
    with pytest.raises(SignatureExpired):
        verify(f"t={TIME},v1={V1}", BODY, [KEY], timedelta(seconds=59), NOW + seconds)


def test_a_wrong_signature_is_wrong_whatever_its_time() -> None:
    with pytest.raises(SignatureWrong):
        verify(f"t={TIME},v1={'0' * 64}", BODY, [KEY], WEEK, NOW + 10**9)


def test_what_is_signed_here_is_verified_here() -> None:
    verify(sign(BODY, KEY, NOW), BODY, [KEY], WEEK, NOW)
    assert sign(BODY, KEY, NOW) == f"t={TIME},v1={V1}"


def test_every_key_and_signature_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the first fits or none, as many comparisons are made, and none by `==`."""
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def counted(known: bytes, given: bytes) -> bool:
        compared.append((known, given))
        return real(known, given)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    keys = [KEY, Secret("newer")]
    verify(f"t={TIME},v1={V1},v1={'0' * 64}", BODY, keys, WEEK, NOW)
    fitting = len(compared)
    with pytest.raises(SignatureWrong):
        verify(f"t={TIME},v1={'1' * 64},v1={'0' * 64}", BODY, keys, WEEK, NOW)

    assert (fitting, len(compared)) == (4, 8)
