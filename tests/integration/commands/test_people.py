from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from app import cli
from app.services.access.acts import list_acts
from app.services.access.people import list_people, person_by_password

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database)


def bridge(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.main, ["people", *words], input=typed)


def test_the_first_one_is_let_in_from_the_command_line() -> None:
    made = bridge("add", "Ana", "--role", "admin", "--name", "Ana López", "--by", "root", typed=f"{PASSWORD}\n")

    assert made.output == "ana can sign in now.\n"
    assert person_by_password("ana", PASSWORD) is not None
    assert "Ana López" in bridge("list").output
    assert [(act.by, act.what, act.on) for act in list_acts().rows] == [("root", "add person", "ana")]


def test_roles_passwords_and_leaving() -> None:
    bridge("add", "root", "--role", "admin", typed=f"{PASSWORD}\n")
    bridge("add", "ben", "--role", "operator", "--team", "cx", typed=f"{PASSWORD}\n")

    assert bridge("role", "ben", "approver").exit_code == 0
    assert bridge("password", "ben", typed="another horse battery\n").exit_code == 0
    assert person_by_password("ben", "another horse battery") is not None
    assert bridge("remove", "ben").output == "ben can sign in no more.\n"
    assert person_by_password("ben", "another horse battery") is None
    assert "no more" in bridge("list").output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "ben", "--role", "operator"], "name at least one"),
        (["role", "nobody", "viewer"], "nobody with the login"),
        (["remove", "nobody"], "nobody with the login"),
        (["password", "nobody"], "at least 12"),
    ],
)
def test_what_cannot_be_is_explained(words: list[str], why: str) -> None:
    answer = bridge(*words, typed="short\n" if words[0] == "password" else f"{PASSWORD}\n")

    assert (answer.exit_code, why in answer.output) == (1, True)


def test_somebody_of_a_provider_has_no_password() -> None:
    bridge("add", "ana@brand.example", "--role", "viewer", "--by-provider")

    assert [each.local for each in list_people()] == [False]
