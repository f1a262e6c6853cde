"""The BlueCherry sandbox as a server: key and code, then faults, then the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from hmac import compare_digest
from pathlib import Path

from app.sandbox.bluecherry.admin import Admin
from app.sandbox.bluecherry.calls import Calls
from app.sandbox.bluecherry.erp import Erp
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.faults import Faults
from app.sandbox.http import Answer, Reply, Request, json_answer, serve
from app.sandbox.json import Json, load_object
from app.sandbox.tape import Tape

_KEY_HEADER = "Ocp-Apim-Subscription-Key"
# The gateway answers these itself, and in HTML; the rest comes from the ERP.
_GATEWAY = {"502": "Bad Gateway", "503_gateway": "Service Unavailable", "504": "Gateway Timeout"}
_SPOILT = {
    "423": ("LOCKED", "the record is locked by another user"),
    "429": ("THROTTLED", "too many calls"),
    "500": ("INTERNAL", "internal error"),
    "503": ("PROCESSING", "the batch run is under way"),
}


def spoilt(kind: str) -> Answer:
    """The answer that a fault of this kind gives."""
    status = int(kind[:3])
    if kind in _GATEWAY:
        page = f"<html><head><title>{status}</title></head><body><h1>{status} {_GATEWAY[kind]}</h1></body></html>"
        return Answer(status, page.encode(), "text/html")
    code, message = _SPOILT[kind]
    return json_answer(status, {"error": {"code": code, "message": message, "field": None}})


class BlueCherry:
    """Answers every request. `key` and `code` are what callers must bear."""

    def __init__(self, erp: Erp, faults: Faults, key: str, code: str) -> None:
        self._erp = erp
        self._faults = faults
        self._key = key.encode()
        self._code = code.encode()
        self._admin = Admin(erp, faults)
        self._calls = Calls(erp).by_name
        # "GET sales_orders" for a call on one document, "POST sales_orders cancel" for one that changes it.
        self._numbered = {_numbered(name): name for name in self._calls if "{" in name}

    def __call__(self, request: Request) -> Reply:
        if request.path.startswith("/_sandbox/"):
            return Reply(self._guarded("", request, lambda: self._admin.answer(request)))
        name, number = self._name(request)
        refused = self._guarded(name, request, lambda: self._check_key(request))
        if refused.status != 200:
            return Reply(refused)
        self._erp.calls[name] += 1
        call = self._calls.get(name)
        if call is None:
            return Reply(_refused(Refusal("NOT_FOUND", f"there is no {request.method} {request.path}")))
        return self._faults.reply(name, lambda: self._guarded(name, request, lambda: call(request, number)))

    def _name(self, request: Request) -> tuple[str, str]:
        """The name of a call, and the number in its path."""
        name = f"{request.method} {request.path}"
        if name in self._calls:
            return name, ""
        match request.parts:
            case [resource, number, *action] if len(action) < 2:
                found = self._numbered.get(" ".join((request.method, resource, *action)))
                return (found, number) if found else (request.method + " (unknown)", "")
            case _:
                return request.method + " (unknown)", ""

    def _check_key(self, request: Request) -> Answer:
        if not compare_digest(request.headers.get(_KEY_HEADER, "").encode(), self._key):
            raise Refusal("UNAUTHORIZED", f"{_KEY_HEADER} is missing or wrong")
        if not compare_digest(request.query.get("code", "").encode(), self._code):
            raise Refusal("FORBIDDEN", "the environment code is missing or wrong", "code")
        return _ADMITTED

    def _guarded(self, name: str, request: Request, carry_out: Callable[[], Answer]) -> Answer:
        try:
            return carry_out()
        except Refusal as refusal:
            if name:
                self._erp.refuse(name, refusal, _reference(request))
            return _refused(refusal)


_ADMITTED = Answer(200, b"")


def _refused(refusal: Refusal) -> Answer:
    return json_answer(refusal.status, {"error": refusal.as_json()})


def _reference(request: Request) -> Json:
    try:
        return load_object(request.body).get("aux_ref_num")
    except ValueError:
        return None


def _numbered(name: str) -> str:
    method, path = name.split(" ")
    return " ".join((method, *(part for part in path[1:].split("/") if "{" not in part)))


async def run(
    host: str,
    port: int,
    data: Path | None,
    key: str,
    code: str,
    ready: Callable[[str], None],
    *,
    inactive_returnable: bool = False,
) -> None:
    """Serves BlueCherry until SIGTERM. Raises TapeError when the data file cannot be read back."""

    def now() -> datetime:
        return datetime.now(UTC)

    tape = Tape(data)
    later = asyncio.get_running_loop().call_later
    erp = Erp(tape, now, later, inactive_returnable=inactive_returnable)
    try:
        await serve(BlueCherry(erp, Faults(spoilt, now), key, code), host, port, ready)
    finally:
        tape.close()
