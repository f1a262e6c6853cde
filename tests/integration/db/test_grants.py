"""The running bridge needs no more than `bridge db grants` gives, and can do nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

from app.cli import main
from app.db.backup import back_up
from app.db.engine import transaction
from app.db.grants import RoleFault, set_up
from app.domain.blockers import Team
from app.permissions import Role
from app.services.access.tokens import actor_of, add_token
from app.services.books.reconciliation import reconcile
from app.services.exceptions.remedies import map_sku, resolve, retry
from app.services.facts.catalogue import aliases_of
from app.services.intake.poll import poll
from app.services.ledger.batches import follow_batches
from app.services.outside import utc_now
from app.services.views.health import health
from app.services.views.overview import settled, stats
from tests.support.scene import Scene, item

HISTORY = ["history", "decisions", "return_versions", "ledger_versions", "erasures", "mappings"]


@pytest.fixture
def owner(database: str) -> str:
    return database.replace("+psycopg", "", 1)


@pytest.fixture
def role(scene: Scene, owner: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The scene's processes run as a role with these grants; its name."""
    name, password = f"app_{secrets.token_hex(4)}", secrets.token_hex(8)
    quoted = sql.Identifier(name)
    set_up(owner, name, password)
    url = make_url(owner).set(drivername="postgresql+psycopg", username=name, password=password)
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    yield name
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("drop owned by {}").format(quoted))
        connection.execute(sql.SQL("drop role {}").format(quoted))


def test_a_return_goes_from_intake_to_its_memo(scene: Scene, role: str) -> None:
    with transaction() as session:
        assert session.scalar(text("select current_user")) == role
    scene.configure({"stores": {"es": {"posting": {"credit_memo": "every 5s"}}}})
    scene.ask("r1", item("0001", 2, exchange=None))
    scene.work()
    scene.arrive("w1", {"0001": 2}, return_id="r1")
    scene.accept("r1")
    scene.work()
    scene.later(10)
    scene.run_windows()

    assert set(scene.states().values()) == {"posted"}
    assert scene.memos()["CM-r1-1"]["total_amt"] == "21.78"


def test_upkeep_remedies_and_questions_are_possible(scene: Scene, role: str) -> None:
    scene.ask("r1", item("no-such-sku"))
    scene.arrive("w-lost", {"0001": 1}, return_id="nobody")
    scene.work()
    (unknown, lost) = sorted(scene.exceptions(), key=lambda each: each.code, reverse=True)
    retry([unknown.id], "ann")
    map_sku("es", "no-such-sku", "0001", "ann")
    resolve([lost.id], "ann", "found its way")
    scene.later(3600)
    scene.ask("r2", item("0002"), tell=False)
    assert poll("es", scene.outside) == 1
    scene.work()
    reconcile("main", scene.outside)
    follow_batches(scene.outside)
    assert settled().settled in (True, False)
    assert stats(utc_now(), 7).returns
    assert health(utc_now()).lags

    assert set(scene.ras()) == {"RA-r1", "RA-r2"}
    with transaction() as session:
        assert aliases_of(session, ["es"])


def refused(statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (id int)",
        "create function f() returns int language sql as 'select 1'",
        "create schema mine",
        "alter table returns add column mine int",
        "drop table history",
        "truncate history",
        "alter table history disable trigger all",
        "drop trigger history_are_append_only on history",
        "create index mine on returns (id)",
        "delete from ledger",
        "delete from returns",
        "delete from inbox",
        "delete from receipts",
        "update alembic_version set version_num = '0001'",
        "insert into api_tokens (name, hash, role, created_by) values ('me', 'x', 'admin', 'me')",
        "update api_tokens set role = 'admin'",
        "update api_tokens set revoked_at = null",
        "insert into erasures (\"by\", at, returns, events) values ('me', now(), 0, 0)",
        "copy history to program 'id'",
        "set session_replication_role = 'replica'",
    ],
)
def test_whoever_takes_over_a_process_cannot(scene: Scene, role: str, statement: str) -> None:
    refused(statement)


@pytest.mark.parametrize("table", HISTORY)
def test_what_was_written_cannot_be_rewritten_nor_deleted(scene: Scene, role: str, table: str) -> None:
    column = {"mappings": "content", "decisions": "note", "erasures": "events"}.get(table, "at")
    refused(f"update {table} set {column} = {column}")
    refused(f"delete from {table}")
    refused(f"set local bridge.erasing = 'on'; update {table} set {column} = {column}")


def test_a_database_that_is_up_to_date_needs_no_owner_for_an_upgrade_or_a_backup(
    scene: Scene, role: str, tmp_path: Path
) -> None:
    for command in (["db", "upgrade"], ["backup", str(tmp_path / "b")]):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("command", ["restore BACKUP", "tokens add shop --role service", "tokens revoke shop"])
def test_what_only_the_owner_may_is_told_so(scene: Scene, role: str, owner: str, tmp_path: Path, command: str) -> None:
    back_up(owner, tmp_path / "BACKUP")
    with psycopg.connect(owner) as connection:
        # What is restored must be left by all; the scene's connections are in pools.
        others = "datname = current_database() and pid <> pg_backend_pid() and usename is not null"
        connection.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")
    done = CliRunner().invoke(main, [str(tmp_path / word) if word.isupper() else word for word in command.split()])

    assert done.exit_code == 1
    assert "owner of the tables" in done.output


def test_a_token_is_known_but_not_made(scene: Scene, role: str, owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as as_owner:
        as_owner.setenv("DATABASE_URL", owner)
        made = add_token("desk", Role.OPERATOR, (Team.CX,), "ann", None).reveal()

    found = actor_of(made)
    assert found is not None
    assert found.name == "token desk"
    with pytest.raises(ProgrammingError, match="permission denied"):
        add_token("more", Role.ADMIN, (), "me", None)


def test_setting_up_a_role_again_gives_it_the_new_password_and_its_grants(
    scene: Scene, owner: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("revoke all on returns from {}").format(sql.Identifier(role)))
        connection.execute(sql.SQL("grant delete on ledger to {}").format(sql.Identifier(role)))
    set_up(owner, role, "another")

    url = make_url(owner).set(username=role, password="another").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from returns").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from ledger")


def test_the_owner_is_never_made_the_role_of_the_processes(scene: Scene, owner: str) -> None:
    with psycopg.connect(owner) as connection:
        name = connection.info.user
    with pytest.raises(RoleFault, match="another role"):
        set_up(owner, name, "x")


def test_an_owner_that_may_make_no_roles_is_told_what_to_do(scene: Scene, owner: str, role: str) -> None:
    mine = make_url(owner).set(username=role, password="x")
    set_up(owner, role, "x")
    with pytest.raises(RoleFault, match="bridge db grants"):
        set_up(mine.render_as_string(hide_password=False), "another", "y")
