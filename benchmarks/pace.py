"""Events at a steady pace: what Reveni and a warehouse say, each told to the receiver when its time has come."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import requests

from app.demo.brand import site_of, store_of
from app.demo.day import Places
from app.demo.steps import Put, Report
from app.reveni.signature import WAREHOUSE_HEADER, sign
from app.secret import Secret

_HANDS = 16
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """The receiver's answer to one event, and how long it took. A status of 0: there was none."""

    status: int
    milliseconds: float


class _Sender:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._local = threading.local()

    def send(self, step: Put | Report, due: float) -> Delivery:
        """Wait for the event's time, let it be so in Reveni, and tell the receiver."""
        time.sleep(max(0.0, due - time.monotonic()))
        if isinstance(step, Report):
            secret = self._places.secrets[site_of(step.site).secret_env]
            return self._tell(f"warehouse/{step.site}", step.body, WAREHOUSE_HEADER, secret)
        store = store_of(step.store)
        url = f"{self._places.reveni}/_sandbox/returns/{store.reveni_id}/{step.return_id}"
        self._session.put(url, json=step.body, params={"event": "none"}, timeout=_SECONDS).raise_for_status()
        body: dict[str, object] = {
            "id": uuid.uuid4().hex,
            "event": step.event,
            "created": int(time.time()),
            "data": {"resource": "return", "resource_id": step.return_id},
        }
        return self._tell(f"reveni/{step.store}", body, "X-REVENI-SIGNATURE", self._places.secrets[store.key_env])

    def _tell(self, path: str, body: dict[str, object], header: str, secret: str) -> Delivery:
        raw = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", header: sign(raw, Secret(secret), time.time())}
        begin = time.perf_counter()
        try:
            url = f"{self._places.receiver}/webhooks/{path}"
            status = self._session.post(url, data=raw, headers=headers, timeout=_SECONDS).status_code
        except requests.RequestException:
            status = 0
        return Delivery(status, 1000 * (time.perf_counter() - begin))

    @property
    def _session(self) -> requests.Session:
        """One for each thread: a session is not to be shared."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        return cast(requests.Session, self._local.session)


def send_at_a_pace(steps: Sequence[Put | Report], per_second: float, places: Places) -> list[Delivery]:
    """Tell all of it, so many per second, whether answers come quickly or not. Raises requests.RequestException."""
    sender, begin = _Sender(places), time.monotonic()
    with ThreadPoolExecutor(_HANDS, thread_name_prefix="pace") as pool:
        dues = [begin + number / per_second for number in range(len(steps))]
        return list(pool.map(sender.send, steps, dues))
