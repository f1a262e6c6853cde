"""The two sandboxes as processes of their own, and their admin calls."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import cast

import requests

from app.demo.books import Books, VerdictRow
from app.demo.brand import STORES
from app.demo.config import BLUECHERRY_CODE, BLUECHERRY_KEY
from app.demo.world import JsonObject
from app.system.network import LOOPBACK, http_answers
from app.system.process import Part

_SECONDS = 30.0


def bluecherry_part(port: int, secrets: Mapping[str, str]) -> Part:
    """BlueCherry, with the key and code of `secrets`."""
    own = {name: secrets[name] for name in (BLUECHERRY_KEY, BLUECHERRY_CODE)}
    return _part("bluecherry", port, own)


def reveni_part(port: int) -> Part:
    """Reveni; its stores are opened later."""
    return _part("reveni", port, {})


class Sandboxes:
    """What the demo asks of both. Raises requests.RequestException when they do not answer."""

    def __init__(self, bluecherry_url: str, reveni_url: str) -> None:
        self.bluecherry_url = bluecherry_url
        self.reveni_url = reveni_url
        self._session = requests.Session()

    def reset_bluecherry(self) -> None:
        """Empties BlueCherry."""
        self._post(f"{self.bluecherry_url}/_sandbox/reset", {})

    def seed_bluecherry(self, seed: JsonObject) -> None:
        """Fills BlueCherry."""
        self._post(f"{self.bluecherry_url}/_sandbox/seed", seed)

    def open_stores(self, secrets: Mapping[str, str], receiver_url: str) -> None:
        """Opens the brand's stores in Reveni, each with its webhook."""
        for store in STORES:
            webhook = f"{receiver_url}/webhooks/reveni/{store.name}"
            opened: JsonObject = {
                "store_id": store.reveni_id,
                "api_key": secrets[store.key_env],
                "webhook_url": webhook,
            }
            self._post(f"{self.reveni_url}/_sandbox/stores", opened)

    def misbehave(self, bluecherry: JsonObject, reveni: JsonObject) -> None:
        """Follows these plans of faults from now on."""
        self._post(f"{self.bluecherry_url}/_sandbox/faults", bluecherry)
        self._post(f"{self.reveni_url}/_sandbox/faults", reveni)

    def faults_made(self) -> dict[str, int]:
        """Faults that BlueCherry made, by kind."""
        answer = self._session.get(f"{self.bluecherry_url}/_sandbox/faults", timeout=_SECONDS)
        answer.raise_for_status()
        return cast(dict[str, int], answer.json()["made"])

    def reveni_faults_made(self) -> dict[str, int]:
        """Faults that Reveni's API made, by kind."""
        answer = self._session.get(f"{self.reveni_url}/_sandbox/faults", timeout=_SECONDS)
        answer.raise_for_status()
        return cast(dict[str, int], answer.json()["made"])

    def webhooks(self) -> dict[str, int]:
        """What became of Reveni's webhooks: how many were lost, sent twice, late."""
        answer = self._session.get(f"{self.reveni_url}/_sandbox/deliveries", timeout=_SECONDS)
        answer.raise_for_status()
        return {name: count for name, count in answer.json().items() if isinstance(count, int)}

    def books(self) -> Books:
        """All of BlueCherry's books."""
        answer = self._session.get(f"{self.bluecherry_url}/_sandbox/books", timeout=_SECONDS)
        answer.raise_for_status()
        return cast(Books, answer.json())

    def verdicts(self) -> Sequence[VerdictRow]:
        """All verdicts that Reveni received."""
        answer = self._session.get(f"{self.reveni_url}/_sandbox/verdicts", timeout=_SECONDS)
        answer.raise_for_status()
        return cast(list[VerdictRow], answer.json()["verdicts"])

    def flush_webhooks(self) -> None:
        """Reveni delivers now what it would deliver late."""
        self._post(f"{self.reveni_url}/_sandbox/flush", {})

    def _post(self, url: str, body: JsonObject) -> None:
        answer = self._session.post(url, json=body, timeout=_SECONDS)
        if not answer.ok:
            raise requests.HTTPError(f"{url} answers {answer.status_code}: {answer.text[:500]}", response=answer)


def _part(name: str, port: int, environment: Mapping[str, str]) -> Part:
    url = f"http://{LOOPBACK}:{port}"
    return Part(
        name=name,
        command=[sys.executable, "-c", "from app.cli import main; main()", "sandbox", name, "--port", str(port)],
        ready=lambda _: http_answers(url),
        environment=environment,
    )
