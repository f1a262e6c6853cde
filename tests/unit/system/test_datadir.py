from __future__ import annotations

from pathlib import Path

import pytest

from app.system.datadir import DataDirectory
from app.system.errors import SystemFault


def test_one_system_at_a_time_holds_a_directory(tmp_path: Path) -> None:
    first, second = DataDirectory(tmp_path), DataDirectory(tmp_path)
    first.hold()

    with pytest.raises(SystemFault, match="Another bridge runs on the data directory"):
        second.hold()
    first.release()
    second.hold()
    second.release()


def test_what_runs_is_known_to_others_while_it_runs_and_to_this_user_only(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.hold()
    directory.announce({"DATABASE_URL": "postgresql://secret"})

    assert DataDirectory(tmp_path / "data").running() == {"DATABASE_URL": "postgresql://secret"}
    assert {path.stat().st_mode & 0o077 for path in [tmp_path / "data", tmp_path / "data" / "running.json"]} == {0}
    directory.release()
    assert DataDirectory(tmp_path / "data").running() == {}


def test_what_a_crash_left_written_is_not_taken_for_a_running_system(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.hold()
    directory.announce({"DATABASE_URL": "postgresql://gone"})
    left = (tmp_path / "running.json").read_text()
    directory.release()
    (tmp_path / "running.json").write_text(left)

    assert DataDirectory(tmp_path).running() == {}


def test_a_directory_that_was_never_used_runs_nothing_and_is_not_made(tmp_path: Path) -> None:
    assert DataDirectory(tmp_path / "none").running() == {}
    assert not (tmp_path / "none").exists()


def test_a_secret_is_made_once_and_kept_to_this_user(tmp_path: Path) -> None:
    secret = DataDirectory(tmp_path).secret("postgres")

    assert len(secret) >= 24
    assert DataDirectory(tmp_path).secret("postgres") == secret
    assert DataDirectory(tmp_path).secret("redis") != secret
    assert (tmp_path / "secrets" / "postgres").stat().st_mode & 0o077 == 0


def test_the_environment_names_the_directory(tmp_path: Path) -> None:
    assert DataDirectory.from_environment({"BRIDGE_DATA": str(tmp_path)}).path == tmp_path
    assert DataDirectory.from_environment({}).path == Path.cwd() / ".bridge"
