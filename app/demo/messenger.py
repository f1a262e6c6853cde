"""Carries the steps of the script out, over HTTP: to Reveni, to the receiver, to BlueCherry."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, cast

import requests

from app.demo.brand import site_of, store_of
from app.demo.config import BLUECHERRY_CODE, BLUECHERRY_KEY
from app.demo.steps import Await, Nonsense, Put, Receive, Report, Ship, Step
from app.demo.world import JsonObject
from app.reveni.signature import WAREHOUSE_HEADER, sign
from app.secret import Secret

_TIMEOUT = 10.0
_REVENI_HEADER = "X-REVENI-SIGNATURE"


class ReceivesGoods(Protocol):
    """Whoever stands at the receiving station (see `Station`)."""

    def receive(self, site: str, receipt_id: str, reference: str, lines: Sequence[tuple[str, int, str]]) -> bool:
        """Enters a parcel; False when it must be entered again."""


class NotTaken(RuntimeError):
    """The receiver, or a sandbox, did not take a message for so long that the day cannot go on."""


class Messenger:
    """Carries out steps over HTTP.

    `taken` holds the time at which each message of a warehouse, or what was entered by hand, was answered.
    """

    def __init__(
        self, bluecherry: str, reveni: str, receiver: str, secrets: Mapping[str, str], station: ReceivesGoods
    ) -> None:
        self._bluecherry = bluecherry
        self._reveni = reveni
        self._receiver = receiver
        self._secrets = secrets
        self._station = station
        self._local = threading.local()
        self.taken: dict[str, datetime] = {}

    def carry_out(self, step: Step) -> bool:
        """Does it; False when it must wait. Raises NotTaken when somebody refuses it for good."""
        match step:
            case Put():
                url = f"{self._reveni}/_sandbox/returns/{store_of(step.store).reveni_id}/{step.return_id}"
                return self._send("PUT", url, step.body, params={"event": step.event})
            case Report():
                return self._report(step)
            case Receive():
                return self._receive(step)
            case Nonsense():
                key = self._secrets[store_of(step.store).key_env]
                return self._signed(f"{self._receiver}/webhooks/reveni/{step.store}", step.body, _REVENI_HEADER, key)
            case Await():
                return self._find(step.document, step.key, step.states) is not None
            case Ship():
                return self._ship(step.key)

    def _report(self, step: Report) -> bool:
        body = dict(step.body)
        if step.ra_key is not None:
            ra = self._find("return_authorizations", step.ra_key)
            if ra is None:
                return False
            body["ra_num"] = ra["ra_num"]
        secret = self._secrets[site_of(step.site).secret_env]
        if not self._signed(f"{self._receiver}/webhooks/warehouse/{step.site}", body, WAREHOUSE_HEADER, secret):
            return False
        self.taken.setdefault(str(body["id"]), datetime.now(UTC))
        return True

    def _receive(self, step: Receive) -> bool:
        reference = step.reference
        if step.ra_key is not None:
            ra = self._find("return_authorizations", step.ra_key)
            if ra is None:
                return False
            reference = str(ra["ra_num"])
        if not self._station.receive(step.site, step.id, reference, step.lines):
            return False
        self.taken.setdefault(step.id, datetime.now(UTC))
        return True

    def _ship(self, key: str) -> bool:
        order = self._find("sales_orders", key)
        if order is None:
            return False
        return self._send("POST", f"{self._bluecherry}/_sandbox/orders/{order['ord_num']}/invoice", {})

    def _find(self, document: str, key: str, states: str = "") -> JsonObject | None:
        """The document of a key, once look-ups find it; None as long as BlueCherry has none, or does not answer."""
        try:
            answer = self._session.get(
                f"{self._bluecherry}/{document}",
                params={"aux_ref_num": key, "code": self._secrets[BLUECHERRY_CODE]},
                headers={"Ocp-Apim-Subscription-Key": self._secrets[BLUECHERRY_KEY]},
                timeout=_TIMEOUT,
            )
            rows = answer.json().get("orders" if document == "sales_orders" else document, []) if answer.ok else []
        except (requests.RequestException, ValueError):
            return None
        found = cast(JsonObject, rows[0]) if rows else None
        if found is not None and states and str(found.get("ra_status")) not in states:
            return None
        return found

    def _signed(self, url: str, body: JsonObject, header: str, key: str) -> bool:
        raw = json.dumps(body).encode()
        return self._deliver("POST", url, raw, {header: sign(raw, Secret(key), time.time())}, {})

    def _send(self, method: str, url: str, body: JsonObject, params: Mapping[str, str] | None = None) -> bool:
        return self._deliver(method, url, json.dumps(body).encode(), {}, params or {})

    def _deliver(
        self, method: str, url: str, raw: bytes, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> bool:
        try:
            answer = self._session.request(
                method,
                url,
                data=raw,
                params=params,
                headers={"Content-Type": "application/json", **headers},
                timeout=_TIMEOUT,
            )
        except requests.RequestException:
            return False
        if answer.ok:
            return True
        if answer.status_code in (429, 500, 502, 503, 504):
            return False
        raise NotTaken(f"{method} {url} answers {answer.status_code}: {answer.text[:300]}")

    @property
    def _session(self) -> requests.Session:
        """One for each thread: a session is not to be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # Or each call reads the proxies and passwords of the machine anew.
        return cast(requests.Session, self._local.session)
