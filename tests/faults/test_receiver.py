"""The receiver as it is served, while what it stands on goes away and comes back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psutil
import psycopg
import pytest
import requests

from app.db.migrate import upgrade
from app.reveni.signature import sign
from app.secret import Secret
from app.system.network import free_port
from app.system.parts import Places, receiver
from app.system.postgres import EmbeddedPostgres
from app.system.supervisor import Supervisor
from app.web.webhooks import LARGEST_BODY
from tests.support.configuration import ENVIRON, smallest, write_toml
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("receiver")]
_SECONDS = 20


@dataclass
class Served:
    """A receiver of one process on a PostgreSQL of its own, without a broker."""

    url: str
    conninfo: str
    supervisor: Supervisor

    def send(self, event_id: str) -> int:
        """Send an event; the status of the answer, 0 when there was none."""
        body = f'{{"id": "{event_id}"}}'.encode()
        signature = sign(body, Secret(ENVIRON["REVENI_ES"]), time.time())
        try:
            answer = requests.post(self.url, data=body, headers={"X-REVENI-SIGNATURE": signature}, timeout=_SECONDS)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):  # cut before or within the answer
            return 0
        return answer.status_code

    def stored(self) -> set[str]:
        """The ids of the events in the inbox."""
        with psycopg.connect(self.conninfo) as connection:
            return {event_id for (event_id,) in connection.execute("select external_id from inbox").fetchall()}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("receiver")
    server = EmbeddedPostgres(place / "pg", "only for tests")
    server.prepare()
    config = write_toml(smallest(), place / "bridge.toml")
    with Supervisor(place / "logs") as supervisor:
        supervisor.start(server.part())
        server.create_database()
        upgrade(server.url())
        places = Places(receiver_port=free_port(), flower_port=0, data=place)
        given = {name: value for name, value in os.environ.items() if name not in ("BROKER_URL", "DATABASE_URL")}
        environment = given | ENVIRON | {"DATABASE_URL": server.url(), "BRIDGE_CONFIG": str(config)}
        supervisor.start(receiver(places, environment))
        url = f"{places.receiver_url}/webhooks/reveni/es"
        yield Served(url, server.url().replace("+psycopg", "", 1), supervisor)


def test_a_chunked_body_that_is_too_large_is_413(served: Served) -> None:
    chunks = (b"x" * 65536 for _ in range(LARGEST_BODY // 65536 + 1))

    assert requests.post(served.url, data=chunks, timeout=_SECONDS).status_code == 413


def test_while_the_database_is_down_it_is_503_and_afterwards_200(served: Served) -> None:
    assert served.send("before") == 200

    served.supervisor.halt("postgres")
    during = [served.send("during") for _ in range(3)]
    served.supervisor.resume("postgres")

    assert during == [503, 503, 503]
    assert served.send("after") == 200
    assert {"before", "after"} <= served.stored()
    assert "during" not in served.stored()


def test_a_database_that_is_frozen_is_waited_for_in_bounds(served: Served) -> None:
    assert served.send("warm") == 200
    group = psutil.Process(served.supervisor.pid("postgres"))
    frozen = [group, *group.children(recursive=True)]
    for process in frozen:
        process.suspend()
    try:
        began = time.monotonic()
        status = served.send("frozen")
        waited = time.monotonic() - began
    finally:
        for process in frozen:
            process.resume()

    assert status == 503
    assert waited < 10
    wait_until(lambda: served.send("thawed") == 200, what="the receiver stores again")


def test_what_was_answered_200_survives_the_kill_of_receiver_and_database(served: Served) -> None:
    answered: dict[str, int] = {}

    def send(number: int) -> None:
        answered[f"k{number}"] = served.send(f"k{number}")

    with ThreadPoolExecutor(8) as threads:
        sending = [threads.submit(send, number) for number in range(400)]
        wait_until(lambda: len(answered) > 50, what="the load runs")
        database, web = served.supervisor.kill("postgres"), served.supervisor.kill("receiver")
        for each in sending:
            each.result(timeout=_SECONDS)
    served.supervisor.wait_revived("postgres", database)
    served.supervisor.wait_revived("receiver", web)

    stored = {event_id for event_id, status in answered.items() if status == 200}
    assert len(stored) > 50
    assert stored <= wait_until(served.stored)
    assert wait_until(lambda: served.send("revived") == 200, what="the receiver stores again")
