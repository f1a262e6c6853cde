"""How a call to another system can end when it does not end well: what is certain, and what is doubtful.

The contract's rule: after a certain answer nothing was made; after a doubtful one it may have been, and it is looked up
before anything is sent again. No text here holds personal data or a secret.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

Why = Literal["locked", "throttled", "processing", "unreachable", "paused", "garbled"]


class CallError(Exception):
    """A call that did not end well. `call` names it, as in ``BlueCherry POST /credit_memos``."""

    def __init__(self, call: str, *parts: object) -> None:
        super().__init__(call, *parts)
        self.call = call


class Refused(CallError):
    """A certain no to this request (400, 404, 409, 422): nothing was made, and the same again gets the same answer."""

    def __init__(self, call: str, status: int, code: str, message: str = "", field: str | None = None) -> None:
        super().__init__(call, status, code, message, field)
        self.status = status
        self.code = code
        self.message = message
        self.field = field

    def __str__(self) -> str:
        where = f" at {self.field}" if self.field else ""
        return f"{self.call}: refused with {self.status} {self.code}{where}: {self.message or 'no reason given'}"


class Unauthorised(CallError):
    """A certain no to this caller (401, 403): nothing was made, and no request will pass until the access is mended."""

    def __init__(self, call: str, status: int, code: str = "", message: str = "") -> None:
        super().__init__(call, status, code, message)
        self.status = status
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.call}: no access ({self.status} {self.code}). Check the key and the code of this connection."


class TryLater(CallError):
    """A certain "not now": nothing was made, and the same request may pass later.

    `kind`: `locked` (423), `throttled` (429), `processing` (503 during the batch run), `unreachable` (the connection
    was never established), `paused` (the bridge itself holds back: its circuit is open, or the rate is used up),
    `garbled` (400, 409 or 422 without a readable reason: a person, or a rule, needs it).
    `retry_after`: what the other side asked for, if it did.
    """

    def __init__(self, call: str, kind: Why, retry_after: timedelta | None = None) -> None:
        super().__init__(call, kind, retry_after)
        self.kind = kind
        self.retry_after = retry_after

    def __str__(self) -> str:
        wait = f", again in {self.retry_after.total_seconds():g} s" if self.retry_after is not None else ""
        return f"{self.call}: not now ({self.kind}{wait})"


class TooLate(Exception):
    """A call was not begun in time, and so not at all: nothing that could be carried out was sent."""


class Doubtful(CallError):
    """No certain answer: a write may have been made. `reason` says what came instead of an answer.

    `status`: the status of what came, where it is the status that says nothing certain.
    """

    def __init__(self, call: str, reason: str, status: int | None = None) -> None:
        super().__init__(call, reason, status)
        self.reason = reason
        self.status = status

    def __str__(self) -> str:
        return f"{self.call}: no certain answer ({self.reason})"
