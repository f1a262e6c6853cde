from __future__ import annotations

import json

import pytest

from app.web.errors import Refusal
from app.web.webhooks import read_event


def test_the_text_is_kept_as_it_came() -> None:
    body = '{ "id": "c692",\n "name": "Núñez", "id2": 1.0 }'.encode()

    assert read_event(body) == (body.decode(), "c692")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"id": "a"} {}',
        b'{"id": NaN}',
        b'{"id": "a\x00"}',
        b'\x00{"id": "a"}',
        b"[" * 200_000,
        b'{"id": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="not JSON"):
        read_event(body)


@pytest.mark.parametrize("body", [b"[]", b'"id"', b"1", b"null", b'[{"id": "a"}]'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="not a JSON object"):
        read_event(body)


@pytest.mark.parametrize("body", [b"{}", b'{"id": null}', b'{"id": ""}', b'{"ID": "a"}'])
def test_an_event_without_an_id_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="no id"):
        read_event(body)


def test_the_id_stands_where_the_profile_says() -> None:
    assert read_event(b'{"id": "a", "event_id": "b"}', "event_id")[1] == "b"


@pytest.mark.parametrize(
    ("given", "key"), [(7, "7"), (1.5, '"1.5"'), (True, "true"), ({"b": 1, "a": 2}, '{"a": 2, "b": 1}')]
)
def test_an_id_that_is_no_text_still_makes_a_repeat_known(given: object, key: str) -> None:
    assert read_event(json.dumps({"id": given}).encode())[1] == key


@pytest.mark.parametrize("given", ["x" * 5000, "a\x00b", "\ud800", "a\nb"])
def test_an_id_that_no_column_or_index_holds_is_digested(given: str) -> None:
    body = json.dumps({"id": given}).encode()
    other = json.dumps({"id": given + "y"}).encode()

    assert read_event(body)[1].startswith("sha256:")
    assert read_event(body) == read_event(body)
    assert read_event(body)[1] != read_event(other)[1]
