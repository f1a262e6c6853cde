from __future__ import annotations

from app.sandbox.reveni.signature import sign

_BODY = (
    b'{"id": "c6927a921708466da5ed2b4ebadf0bdf", "event": "return.updated", "created": 1661518366, "data": '
    b'{"amount": "76.4800", "status": "in_progress", "currency": "EUR", "resource": "return", '
    b'"resource_id": "4e26c9f08f2a468fabc16af12ae0209b"}}'
)
_MARK = "f41fb97b590d078002db1695f65e05d403f48c1f2f9b91f4f6bb09ab31106b98"


def test_signs_the_known_vector() -> None:
    assert sign(["test_api_key"], "1661518366.749773", _BODY) == f"t=1661518366.749773,v1={_MARK}"


def test_signs_with_both_keys_while_one_rotates() -> None:
    header = sign(["new", "test_api_key"], "1661518366.749773", _BODY)
    assert header.count("v1=") == 2
    assert header.endswith(f",v1={_MARK}")
