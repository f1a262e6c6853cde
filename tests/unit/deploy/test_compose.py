"""No container engine runs here: the compose file and the Dockerfile are held against the real program instead."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from celery import Celery
from celery.bin.celery import celery as celery_program
from flower.command import flower as flower_command
from gunicorn.config import Config as GunicornConfig
from tornado.options import options as flower_options

from app.cli import main as bridge_program

ROOT = Path(__file__).parents[3]
OURS = ["migrate", "receiver", "worker", "beat", "flower"]
SERVERS = ["postgres", "redis", "rabbitmq"]
VARIABLE = re.compile(r"\$\{(\w+)")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


@pytest.fixture(scope="module")
def dockerfile() -> list[str]:
    """The instructions, each on one line, comments left out."""
    text = (ROOT / "deploy/Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _check_gunicorn(words: list[str]) -> None:
    """The application can be made, and gunicorn knows every option and setting."""
    parsed = GunicornConfig().parser().parse_args(words)
    module, call = parsed.args[0].split(":")
    assert call.endswith("()")
    assert callable(getattr(import_module(module), call.removesuffix("()")))
    assert parsed.config.startswith("python:")
    place = parsed.config.removeprefix("python:")
    settings = {
        name
        for name, value in vars(import_module(place)).items()
        if name.islower() and not name.startswith("_") and getattr(value, "__module__", place) == place
    }
    assert {"timeout", "worker_class"} <= settings <= set(GunicornConfig().settings)


def _celery_app(words: list[str]) -> tuple[Celery, str, list[str]]:
    """The app that ``celery -A app command …`` names, the command, and the words that follow it."""
    flag, place, command, *rest = words
    assert flag == "-A"
    module, attribute = place.split(":")
    app = getattr(import_module(module), attribute)
    assert isinstance(app, Celery)
    return app, command, rest


def _check_celery(words: list[str]) -> None:
    """The app is there, Celery has the command, and the command takes these options."""
    _, name, rest = _celery_app(words)
    if name == "flower":
        import_module("flower.options")
        assert isinstance(flower_command, click.Command)
        assert {word.removeprefix("--").partition("=")[0] for word in rest} <= set(flower_options.as_dict())
        return
    command = celery_program.commands[name]
    if isinstance(command, click.Group):
        name, *rest = rest
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word.partition("=")[0] for word in rest if word.startswith("-")} <= known


def _check_bridge(words: list[str]) -> None:
    """Our own command line has the command, and the command takes these options."""
    context = click.Context(bridge_program)
    command: click.Command | None = bridge_program
    while words and isinstance(command, click.Group):
        word, *words = words
        command = command.get_command(context, word)
    assert command is not None
    command.make_context("bridge", words)


CHECKS = {"gunicorn": _check_gunicorn, "celery": _check_celery, "bridge": _check_bridge}


def test_the_services_are_those_of_the_system(services: dict[str, Any]) -> None:
    assert sorted(services) == sorted(OURS + SERVERS)


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_that_the_program_has(services: dict[str, Any], name: str) -> None:
    program, *words = services[name]["command"]

    CHECKS[program](words)


def test_every_queue_of_the_app_is_consumed_and_dead_letters_are_not(services: dict[str, Any]) -> None:
    words = services["worker"]["command"]

    assert sorted(words[words.index("-Q") + 1].split(",")) == sorted(import_module("tasks.celery").QUEUES)


@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"] + SERVERS)
def test_every_service_that_stays_has_a_health_check(services: dict[str, Any], name: str) -> None:
    check = services[name]["healthcheck"]

    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    if check["test"][1] in CHECKS:
        CHECKS[check["test"][1]](check["test"][2:])


@pytest.mark.parametrize("name", OURS)
def test_ours_wait_for_the_migrations_and_the_migrations_for_the_database(services: dict[str, Any], name: str) -> None:
    waits = {other: how["condition"] for other, how in services[name]["depends_on"].items()}

    expected = ("postgres", "service_healthy") if name == "migrate" else ("migrate", "service_completed_successfully")
    assert expected in waits.items()
    assert set(waits) <= set(services)


@pytest.mark.parametrize("name", OURS)
def test_ours_have_no_rights_to_spare(services: dict[str, Any], name: str) -> None:
    service = services[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "user" not in service


def _database(service: dict[str, Any]) -> tuple[str, str]:
    """Who a service is in the database, and the variable that its password comes from."""
    found = re.search(r"://(\w+):\$\{(\w+)", service["environment"]["DATABASE_URL"])
    assert found is not None
    return found[1], found[2]


def test_only_the_migrations_are_the_owner_of_the_tables(services: dict[str, Any]) -> None:
    owner = (services["postgres"]["environment"]["POSTGRES_USER"], "POSTGRES_PASSWORD")
    role = services["migrate"]["command"][services["migrate"]["command"].index("--role") + 1]

    assert _database(services["migrate"]) == owner
    for name in OURS:
        if name != "migrate":
            assert _database(services[name]) == (role, "BRIDGE_DATABASE_PASSWORD")


@pytest.mark.parametrize("name", OURS)
def test_ours_are_not_told_the_owners_password_by_the_file_of_secrets(services: dict[str, Any], name: str) -> None:
    assert services[name]["env_file"] == ["deploy/bridge.env"]
    assert services[name]["environment"]["POSTGRES_PASSWORD"] == ""


def test_rabbitmq_is_a_profile_and_all_else_is_not(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "profiles" in service] == ["rabbitmq"]


def test_ports_are_open_to_this_machine_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_flower_asks_for_a_password_and_no_secret_has_a_default(services: dict[str, Any]) -> None:
    assert "FLOWER_BASIC_AUTH" in services["flower"]["environment"]
    text = (ROOT / "docker-compose.yml").read_text()
    for variable, default in re.findall(r"\$\{(\w*(?:PASSWORD|AUTH|TOKEN|KEY|SECRET)\w*):-([^}]*)\}", text):
        assert not default, variable


def test_the_example_names_every_variable_and_every_secret_of_the_example_configuration() -> None:
    example = (ROOT / "deploy/bridge.env.example").read_text()
    offered = set(re.findall(r"^#?(\w+)=", example, re.MULTILINE))
    wanted = {name for name in VARIABLE.findall((ROOT / "docker-compose.yml").read_text()) if "PORT" not in name}
    secrets = set(re.findall(r"^\s*\w*_env = \"(\w+)\"", (ROOT / "bridge.example.toml").read_text(), re.MULTILINE))

    assert wanted | secrets | {"BRIDGE_API_TOKENS"} <= offered


def test_beat_keeps_its_schedule_on_a_volume(services: dict[str, Any]) -> None:
    words = services["beat"]["command"]
    schedule = Path(words[words.index("--schedule") + 1])

    assert f"beat:{schedule.parent}" in services["beat"]["volumes"]


def test_the_image_runs_as_nobody_in_particular(dockerfile: list[str]) -> None:
    users = [line.split()[1] for line in dockerfile if line.startswith("USER ")]

    assert users
    assert users[-1].split(":")[0] not in {"0", "root"}
    assert dockerfile.index(f"USER {users[-1]}") > max(
        number for number, line in enumerate(dockerfile) if line.startswith(("RUN", "COPY"))
    )


def test_the_image_is_built_in_stages_and_from_the_lock_with_hashes(dockerfile: list[str]) -> None:
    stages = [line for line in dockerfile if line.startswith("FROM ")]
    installs = [line for line in dockerfile if "pip install" in line]

    assert len(stages) == 2
    assert any("--require-hashes --requirement requirements.lock" in line for line in installs)
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in installs)


def test_the_image_starts_the_receiver_when_nothing_else_is_said(dockerfile: list[str]) -> None:
    (command,) = [line for line in dockerfile if line.startswith("CMD ")]
    program, *words = json.loads(command.removeprefix("CMD "))

    assert program == "gunicorn"
    _check_gunicorn(words)


def test_what_the_image_copies_is_there_and_not_ignored(dockerfile: list[str]) -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        source
        for line in dockerfile
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]

    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in allowed), source


def test_the_python_of_the_image_is_one_that_the_project_takes(dockerfile: list[str]) -> None:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    minimum = tuple(int(part) for part in needed.removeprefix(">=").split("."))
    versions = {match[1] for line in dockerfile if (match := re.search(r"FROM python:(\d+\.\d+)", line))}

    assert len(versions) == 1
    assert tuple(int(part) for part in versions.pop().split(".")) >= minimum
