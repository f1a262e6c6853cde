from __future__ import annotations

from pathlib import Path

import pytest

from app.sandbox.tape import Tape, TapeError


def test_reads_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "tape.jsonl"
    tape = Tape(path)
    tape.append({"n": 1})
    tape.append({"n": 2})
    tape.close()
    assert list(Tape(path).changes()) == [{"n": 1}, {"n": 2}]


def test_leaves_out_a_last_line_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":')
    tape = Tape(path)
    assert list(tape.changes()) == [{"n": 1}]
    tape.append({"n": 2})
    tape.close()
    assert list(Tape(path).changes()) == [{"n": 1}, {"n": 2}]


def test_names_the_line_that_is_spoilt(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    path.write_bytes(b'{"n":1}\nnope\n{"n":2}\n')
    with pytest.raises(TapeError, match="line 2"):
        list(Tape(path).changes())


def test_keeps_nothing_without_a_path() -> None:
    tape = Tape(None)
    tape.append({"n": 1})
    tape.wipe()
    assert list(tape.changes()) == []
