from __future__ import annotations

from pathlib import Path

from app.system import parts
from tasks.celery import QUEUES

PLACES = parts.Places(receiver_port=1, flower_port=2, data=Path("/data"))


def test_the_worker_takes_every_queue_of_the_app() -> None:
    words = parts.worker(PLACES, {}).command

    assert words[words.index("-Q") + 1].split(",") == list(QUEUES)


def test_beat_keeps_its_schedule_in_the_data_directory() -> None:
    words = parts.beat(PLACES, {}).command

    assert words[words.index("--schedule") + 1] == "/data/beat"


def test_no_secret_stands_on_a_command_line() -> None:
    environment = {"DATABASE_URL": "postgresql://a:secret@b/c", "FLOWER_BASIC_AUTH": "user:secret"}
    made = [
        parts.receiver(PLACES, environment),
        parts.worker(PLACES, environment),
        parts.beat(PLACES, environment),
        parts.flower(PLACES, environment),
    ]

    assert not [part.name for part in made if "secret" in " ".join(part.command)]
    assert all(part.environment == environment for part in made)
