"""What the demo asks of the bridge, over its API, as anybody could."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import requests

from app.demo.books import ExceptionRow
from app.demo.expect import Outcome

_SECONDS = 10.0
_READERS = 4
_UNDONE = ("inbox", "due", "sending", "doubtful", "in_window")


@dataclass(frozen=True, slots=True)
class Settled:
    """What the bridge says of itself: whether it could do anything now, and what it has before it, by name."""

    settled: bool
    counts: Mapping[str, int]

    @property
    def done(self) -> bool:
        """Nothing to do now, and nothing in a window that the day still waits for."""
        return self.settled and not self.counts.get("in_window", 0)

    def __str__(self) -> str:
        undone = [f"{self.counts[name]} {name.replace('_', ' ')}" for name in _UNDONE if self.counts.get(name)]
        return ", ".join(undone) or "it does not say what is left"


class Bridge:
    """The API of a running bridge. Raises requests.RequestException when it does not answer."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def settled(self) -> Settled:
        """How far it is."""
        answer = self._get("/api/settled")
        return Settled(
            settled=bool(answer["settled"]),
            counts={name: count for name, count in answer.items() if isinstance(count, int) and name != "settled"},
        )

    def open_exceptions(self) -> list[ExceptionRow]:
        """All that are open."""
        rows: list[ExceptionRow] = []
        query = {"open": "true"}
        while True:
            page = self._get("/api/exceptions", query)
            rows += cast(list[ExceptionRow], page["exceptions"])
            if not page["next"]:
                return rows
            query["cursor"] = str(page["next"])

    def states(self, outcomes: Sequence[Outcome]) -> dict[str, str]:
        """The state of each return, by its id; `unknown` are those that the bridge has never seen."""
        with ThreadPoolExecutor(_READERS, thread_name_prefix="states") as pool:
            states = pool.map(self._state, outcomes)
            return {outcome.return_id: state for outcome, state in zip(outcomes, states, strict=True)}

    def retry(self, exceptions: Sequence[int]) -> int:
        """Try again what these exceptions (their numbers) hold up, as a person would; how many they were."""
        asked = {"ids": list(exceptions), "by": "demo"}
        answer = self._session.post(f"{self._url}/api/exceptions/retry", json=asked, timeout=_SECONDS)
        answer.raise_for_status()
        return int(answer.json()["count"])

    def _state(self, outcome: Outcome) -> str:
        answer = requests.get(
            f"{self._url}/api/returns/{outcome.store}/{outcome.return_id}",
            headers={"Authorization": str(self._session.headers["Authorization"])},
            timeout=_SECONDS,
        )
        if answer.status_code == 404:
            return "unknown"
        answer.raise_for_status()
        return str(answer.json()["state"])

    def _get(self, path: str, query: dict[str, str] | None = None) -> dict[str, object]:
        answer = self._session.get(f"{self._url}{path}", params=query, timeout=_SECONDS)
        answer.raise_for_status()
        return cast(dict[str, object], answer.json())
