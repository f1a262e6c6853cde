from __future__ import annotations

import pytest

from app.pseudonym import VARIABLE, key_of_environment, pseudonym
from app.secret import Secret

KEY = Secret("k1")


def test_an_address_is_known_however_it_is_written() -> None:
    assert pseudonym("Jane.Doe@Example.com ", KEY) == pseudonym("jane.doe@example.com", KEY)
    assert pseudonym("jos\u00e9@example.com", KEY) == pseudonym("JOSE\u0301@example.com", KEY)
    assert pseudonym("jane@example.com", KEY) != pseudonym("john@example.com", KEY)


def test_without_the_key_it_cannot_be_made_again() -> None:
    assert pseudonym("jane@example.com", KEY) != pseudonym("jane@example.com", Secret("k2"))
    assert len(pseudonym("jane@example.com", KEY)) == 32


@pytest.mark.parametrize(("text", "expected"), [("", None), ("  ", None), ("k", Secret("k"))])
def test_the_key_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: Secret | None
) -> None:
    monkeypatch.setenv(VARIABLE, text)

    assert key_of_environment() == expected
