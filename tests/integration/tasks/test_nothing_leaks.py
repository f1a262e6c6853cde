"""Secrets and personal data go through the whole running system, and stand nowhere that others look at.

Receiver, workers, beat, Flower, broker and database are real; what was looked through is said by the last assertion of
each part, so that an empty log or page cannot pass for a clean one.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
import requests

from app.pseudonym import VARIABLE
from app.reveni.signature import sign
from app.secret import Secret
from app.system.bridge import System, SystemConfig
from tests.support.eavesdropper import contents, eavesdropper
from tests.support.scene import Scene, item
from tests.support.surroundings import ENVIRONMENT
from tests.support.waiting import wait_until
from tests.support.whole_database import whole_database

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]

TOKEN, WRONG_TOKEN, FLOWER = "api-token-quetzal-1", "wrong-token-quetzal-2", "flower-quetzal-3"
NAME, EMAIL, STREET, PHONE, NOTE = (
    "Xiména Quetzal",
    "ximena.quetzal@mail-of-quetzal.example",
    "Calle Pajarera 7",
    "+34 600 555 777",
    "the-note-of-a-quetzal",
)
SECRETS = {
    **ENVIRONMENT,
    "BRIDGE_API_TOKENS": TOKEN,
    "FLOWER_BASIC_AUTH": f"ann:{FLOWER}",
    "BRIDGE_CONSOLE_SECRET": "console-secret-quetzal-of-32-letters-and-more",
    VARIABLE: "personal-key-quetzal-5",
}
CUSTOMER = {"name": NAME, "email": EMAIL, "phone": PHONE}
ADDRESS = {"name": NAME, "street": STREET, "phone": PHONE, "country": "ES"}


@pytest.fixture
def system(scene: Scene, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """The whole system on the scene's sandboxes and database, with a Redis and Flower of its own."""
    for name in ("BROKER_URL", "BRIDGE_CONFIG", *SECRETS):
        monkeypatch.delenv(name, raising=False)
    scene.configure({"sweep": {"every_seconds": 0.5, "poll_every_seconds": 2}})
    environment = {**SECRETS, "DATABASE_URL": database, "BRIDGE_LOG_LEVEL": "DEBUG"}
    settings = SystemConfig(data=tmp_path / "data", config=scene.config_path, environment=environment)
    with System(settings) as running:
        yield running


def secrets_of(system: System) -> set[str]:
    """Every secret that any part of the system was given or made."""
    made = {path.read_text() for path in (system.directory.path / "secrets").iterdir()}
    given = {value.rpartition(":")[2] for value in SECRETS.values()}
    password = system.urls.database.partition("://")[2].partition("@")[0].rpartition(":")[2]
    return {each for each in {*made, *given, password, WRONG_TOKEN} if each}


def found_in(text: str, system: System) -> set[str]:
    """What of all this stands in a text: as it is, as JSON or a URL escapes it, or in base64."""
    private = {NAME, "Quetzal", EMAIL, STREET, PHONE, NOTE}
    spellings = {
        spelling: each
        for each in secrets_of(system) | private
        for spelling in (
            each,
            json.dumps(each)[1:-1],
            quote(each),
            base64.b64encode(each.encode()).decode().rstrip("=")[:-1],
        )
    }
    searched = "\n".join([text, *decoded(text)]).lower()
    return {each for spelling, each in spellings.items() if spelling.lower() in searched}


def decoded(text: str) -> Iterator[str]:
    """What stands in a text in base64, as the bodies of messages on Redis do."""
    for found in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", text):
        with suppress(binascii.Error):
            yield base64.b64decode(found + "=" * (-len(found) % 4)).decode(errors="replace")


def post(system: System, path: str, body: bytes, key: str, header: str) -> requests.Response:
    signed = sign(body, Secret(key), time.time())
    return requests.post(f"{system.urls.receiver}/webhooks/{path}", data=body, headers={header: signed}, timeout=10)


def webhook(system: System, body: object, key: str = ENVIRONMENT["REVENI_ES"]) -> requests.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return post(system, "reveni/es", raw, key, "X-REVENI-SIGNATURE")


def report(system: System, receipt_id: str, **changes: object) -> requests.Response:
    goods = {"sku": "0001", "quantity": 2, "grade": "A", "note": f"{NOTE}, {NAME}, {EMAIL}"}
    body = {"id": receipt_id, "received_at": "2026-11-20T12:00:00Z", "items": [goods], "sender": CUSTOMER, **changes}
    raw = json.dumps(body).encode()
    return post(system, "warehouse/madrid", raw, ENVIRONMENT["WMS_MADRID"], "X-BRIDGE-SIGNATURE")


def hint(return_id: str, event_id: str) -> dict[str, object]:
    data = {"resource": "return", "resource_id": return_id, "customer": CUSTOMER, "ship_to": ADDRESS}
    return {"id": event_id, "event": "return.updated", "data": data}


def good_and_bad_messages(system: System) -> list[requests.Response]:
    """What a sender may do well or badly, each time with personal data in it."""
    cut = json.dumps(hint("r1", "e-cut")).encode()[:-1]
    odd = {**hint("r1", "e-odd"), "data": {"resource": "return", "resource_id": CUSTOMER}}
    return [
        webhook(system, hint("r1", "e1")),
        webhook(system, hint("r1", "e1")),
        webhook(system, hint("not-in-reveni", "e2")),
        webhook(system, odd),
        webhook(system, cut),
        webhook(system, hint("r1", "e3"), key=WRONG_TOKEN),
        webhook(system, {"customer": CUSTOMER}),
        webhook(system, {**hint("r1", "e4"), "more": EMAIL * 10_000}),
        report(system, "w1", return_id="r1"),
        report(system, "w-lost", return_id="nobody", tracking_number=PHONE),
        report(system, "w-odd", return_id="r1", items=[{"sku": CUSTOMER, "quantity": EMAIL, "grade": STREET}]),
        requests.post(f"{system.urls.receiver}/webhooks/reveni/{quote(EMAIL)}", data=cut, timeout=10),
    ]


def api(system: System, method: str, path: str, token: str = TOKEN, **more: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, system.urls.receiver + path, headers=headers, timeout=10, **more)  # type: ignore[arg-type]


def questions(system: System) -> list[requests.Response]:
    """Everything that the API can be asked, and what it cannot."""
    described = requests.get(f"{system.urls.receiver}/api/openapi.json", timeout=10)
    paths = [path for path, operations in described.json()["paths"].items() if "get" in operations]
    known = {"{number}": "1", "{store}": "es", "{return_id}": "r1", "{number_or_key}": "RA-r1", "{version}": "x"}
    for pattern, value in known.items():
        paths = [path.replace(pattern, value) for path in paths]
    return [
        described,
        *(api(system, "GET", path) for path in paths),
        api(system, "GET", "/metrics"),
        api(system, "GET", "/api/settled", token=WRONG_TOKEN),
        api(system, "GET", f"/api/exceptions?token={TOKEN}"),
        api(system, "POST", "/api/exceptions/retry", json={"ids": [EMAIL]}),
        api(system, "POST", "/api/exceptions/retry", data=b"{" + EMAIL.encode()),
        api(system, "POST", "/api/exceptions/map-sku", json={"store": "es", "sku": "1", "target": "", "by": NAME}),
        requests.get(f"{system.urls.receiver}/console/sign-in", timeout=10),
        requests.post(
            f"{system.urls.receiver}/console/sign-in", data={"login": EMAIL, "password": WRONG_TOKEN}, timeout=10
        ),
        requests.get(f"{system.urls.receiver}/health/ready", timeout=10),
    ]


def queued(system: System) -> dict[str, str]:
    """All that the broker holds, once an event's nudge is among it; nothing before."""
    held = contents(system.urls.broker)
    return held if "take-in" in held else {}


def flower_pages(system: System) -> dict[str, str]:
    """Flower's pages and its API, with its login."""
    login = ("ann", FLOWER)
    assert system.urls.flower is not None
    tasks = requests.get(f"{system.urls.flower}/api/tasks", auth=login, timeout=10).json()
    pages = [
        "/",
        "/workers",
        "/tasks",
        "/broker",
        "/metrics",
        "/api/workers?refresh=1",
        "/api/tasks",
        "/api/queues/length",
    ]
    pages += [f"/task/{task}" for task in list(tasks)[:5]] + [f"/api/task/info/{task}" for task in list(tasks)[:5]]
    workers = requests.get(f"{system.urls.flower}/api/workers", auth=login, timeout=10).json()
    pages += [f"/worker/{quote(name)}" for name in workers]
    found = {page: requests.get(system.urls.flower + page, auth=login, timeout=20) for page in pages}
    assert {page: answer.status_code for page, answer in found.items() if answer.status_code != 200} == {}
    assert requests.get(f"{system.urls.flower}/api/tasks", timeout=10).status_code == 401
    return {page: answer.text for page, answer in found.items()}


def play(system: System, scene: Scene) -> list[requests.Response]:
    """An exchange with an address goes from its webhook to its documents, through outages and nonsense."""
    new = item("0001", 2, exchange={"sku": "0002", "quantity": 2})
    more = {"type": "exchange", "customer": CUSTOMER, "exchange_order": {"external_id": "X1", "ship_to": ADDRESS}}
    scene.trouble("502", "POST /return_authorizations")
    scene.ask("r1", new, tell=False, **more)
    scene.ask("r-unreadable", item("0001", price=STREET), tell=False, customer=CUSTOMER, currency=EMAIL)
    answers = [*good_and_bad_messages(system), webhook(system, hint("r-unreadable", "e5"))]
    wait_until(lambda: scene.states().get("RA-r1") == "doubtful", 30, "BlueCherry's outage is felt")
    scene.trouble(None)
    scene.accept("r1")
    answers.append(webhook(system, hint("r1", "e6")))
    wait_until(lambda: set(scene.states().values()) == {"posted"} and len(scene.states()) >= 3, 60, "all is posted")
    system.halt("worker")
    answers += [webhook(system, hint("r1", f"queued-{number}")) for number in range(3)]
    return answers


def test_nothing_leaks_into_logs_broker_flower_answers_and_command_lines(system: System, scene: Scene) -> None:
    with eavesdropper(system.urls.broker) as ear:
        answers = play(system, scene)
        waiting = wait_until(lambda: queued(system), 20, "the nudge waits in the broker")
        system.resume("worker")
        answers += questions(system)
        pages = flower_pages(system)
    processes = [psutil.Process(system.pid(name)) for name in ("receiver", "worker", "beat", "flower", "redis")]
    family = [each for process in processes for each in (process, *process.children(recursive=True))]
    commands = "\n".join(" ".join(process.cmdline()) for process in family)
    logs = {path.name: path.read_text() for path in system.directory.logs.iterdir()}

    # What is searched for went in and came out where it should.
    kept = "\n".join(row for rows in whole_database().values() for row in rows)
    assert found_in(kept, system) >= {NAME, EMAIL, STREET, NOTE}
    assert STREET in json.dumps(scene.books()["sales_orders"], ensure_ascii=False)
    assert {answer.status_code for answer in answers} >= {200, 400, 401, 404, 413, 422}

    places = {
        **{f"log {name}": text for name, text in logs.items()},
        "commands to the broker": ear.text(),
        "content of the broker": json.dumps(waiting, ensure_ascii=False),
        **{f"Flower {page}": text for page, text in pages.items()},
        **{
            f"answer {number} of {answer.url.partition('?')[0]}": f"{answer.headers}\n{answer.text}"
            for number, answer in enumerate(answers)
        },
        "command lines": commands,
    }
    leaks = {place: found for place, text in places.items() if (found := found_in(text, system))}
    assert leaks == {}

    assert {"receiver.log", "worker.log", "beat.log", "flower.log"} <= set(logs)
    assert "inbox" in logs["worker.log"] or "unreadable" in logs["worker.log"] or "take_in" in logs["worker.log"]
    assert "tasks.intake.take_in" in ear.text()
    assert "tasks.steps" in ear.text()
    assert any("tasks.intake.take_in" in held for held in waiting.values())
    assert "[[" in "".join(decoded(json.dumps(waiting)))  # The bodies of messages were read.
    assert "tasks.steps" in pages["/api/tasks"]
