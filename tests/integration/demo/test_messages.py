"""A whole day played against both sandboxes: a clerk in the place of the bridge, a receiver that checks signatures."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from app.demo.brand import STORES
from app.demo.config import BLUECHERRY_CODE, BLUECHERRY_KEY
from app.demo.messenger import Messenger, NotTaken
from app.demo.player import Player
from app.demo.sandboxes import Sandboxes
from app.demo.script import Script, write_script
from app.demo.steps import Nonsense, Put, Receive, Report
from app.reveni.signature import WAREHOUSE_HEADER, verify
from app.secret import Secret
from tests.integration.demo.clerk import Clerk
from tests.integration.demo.conftest import Parts

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Mailbox:
    """What came, by path and id; what is not properly signed is answered 401."""

    def __init__(self, parts: Parts) -> None:
        self.taken: list[tuple[str, str]] = []
        keys = {f"/webhooks/reveni/{store.name}": parts.secrets[store.key_env] for store in STORES}
        for site in (site for store in STORES for site in store.sites if site.feed):
            keys[f"/webhooks/warehouse/{site.name}"] = parts.secrets[site.secret_env]
        self._keys = keys

    def take(self, path: str, header: str | None, body: bytes) -> None:
        verify(header, body, [Secret(self._keys[path])], timedelta(minutes=1), time.time())
        self.taken.append((path, json.loads(body)["id"]))


class Hand:
    """Whoever stands at the receiving station: notes what they enter."""

    def __init__(self) -> None:
        self.entered: dict[str, tuple[str, str]] = {}

    def receive(self, site: str, receipt_id: str, reference: str, lines: Sequence[tuple[str, int, str]]) -> bool:
        assert lines
        self.entered[receipt_id] = (site, reference)
        return True


@contextmanager
def serving(mailbox: Mailbox) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            header = WAREHOUSE_HEADER if "/warehouse/" in self.path else "X-REVENI-SIGNATURE"
            mailbox.take(self.path, self.headers[header], body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reports_of(script: Script) -> set[tuple[str, str]]:
    steps = [step for scene in script.scenes for step in scene.steps]
    reports = {(f"/webhooks/warehouse/{step.site}", str(step.body["id"])) for step in steps if isinstance(step, Report)}
    return reports | {
        (f"/webhooks/reveni/{step.store}", str(step.body["id"])) for step in steps if isinstance(step, Nonsense)
    }


def test_a_day_is_told_whole(parts: Parts) -> None:
    script = write_script(120, 6, NOW)
    sandboxes = Sandboxes(parts.bluecherry, parts.reveni)
    sandboxes.seed_bluecherry(script.world.seed())
    # The bridge's documents are there from the start: nothing has to be waited for.
    Clerk(script, parts.bluecherry, parts.secrets[BLUECHERRY_KEY], parts.secrets[BLUECHERRY_CODE]).enter_all()
    mailbox = Mailbox(parts)
    with serving(mailbox) as receiver:
        sandboxes.open_stores(parts.secrets, receiver)
        hand = Hand()
        messenger = Messenger(parts.bluecherry, parts.reveni, receiver, parts.secrets, hand)
        player = Player(messenger, speed=20, patience=10)
        player.play(script)
        sandboxes.flush_webhooks()
    assert player.stalled == []
    assert reports_of(script) <= set(mailbox.taken)
    reported = {step_id for path, step_id in reports_of(script) if "/warehouse/" in path}
    by_hand = {step.id: step for scene in script.scenes for step in scene.steps if isinstance(step, Receive)}
    assert set(messenger.taken) == reported | by_hand.keys()
    assert {receipt_id: site for receipt_id, (site, _) in hand.entered.items()} == {
        step.id: step.site for step in by_hand.values()
    }
    scanned = {hand.entered[step.id][1] for step in by_hand.values() if step.ra_key}
    assert scanned
    assert all(re.fullmatch(r"07\d{8}", number) for number in scanned)
    last = {step.return_id: step.body for scene in script.scenes for step in scene.steps if isinstance(step, Put)}
    for store in STORES:
        kept = requests.get(f"{parts.reveni}/_sandbox/returns/{store.reveni_id}", timeout=10).json()["returns"]
        for body in kept:
            assert {**body, **last.pop(body["id"])} == body
    assert last == {}


def test_what_the_receiver_refuses_for_good_is_an_error(parts: Parts) -> None:
    messenger = Messenger(parts.bluecherry, parts.reveni, parts.reveni, parts.secrets, Hand())
    with pytest.raises(NotTaken, match="404"):
        messenger.carry_out(Report("madrid", {"id": "RCV-1"}, 0.0))


def test_what_does_not_answer_is_tried_again(parts: Parts) -> None:
    messenger = Messenger(parts.bluecherry, parts.reveni, "http://127.0.0.1:9", parts.secrets, Hand())
    assert messenger.carry_out(Report("madrid", {"id": "RCV-1"}, 0.0)) is False
