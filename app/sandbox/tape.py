"""What a sandbox remembers between runs: every change as one line of JSON, read back at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from io import FileIO
from pathlib import Path

from app.sandbox.json import Json, JsonObject, dump, load_object, parse_rfc3339


class TapeError(RuntimeError):
    """A data file that cannot be read back."""


class Tape:
    """An append-only file of changes; without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: FileIO | None = None

    def changes(self) -> Iterator[JsonObject]:
        """The changes so far, oldest first.

        A last line that was not written to its end (the process was killed) is left out. Raises TapeError for any
        other line that is no JSON object.
        """
        if self._path is None or not self._path.exists():
            return
        lines = self._path.read_bytes().split(b"\n")
        for place, line in enumerate(lines, start=1):
            if place == len(lines):
                if line:
                    self._path.write_bytes(b"\n".join([*lines[:-1], b""]))
                return
            try:
                yield load_object(line)
            except ValueError as error:
                raise TapeError(f"{self._path}, line {place}: {error}; delete the file to begin anew") from error

    def replay(
        self, changes: Mapping[str, Callable[[JsonObject, datetime], object]], no: tuple[type[Exception], ...]
    ) -> None:
        """Does every change again, by its `do` and `at`; `no` are the errors with which a change is turned down.

        Raises TapeError when one cannot be done again: the file is of another server, or of other options.
        """
        for place, change in enumerate(self.changes(), start=1):
            do, at = change.get("do"), change.get("at")
            if not isinstance(do, str) or do not in changes or not isinstance(at, str):
                raise TapeError(f"{self._path}, line {place}: no change that this server knows")
            try:
                changes[do](change, parse_rfc3339(at))
            except no as error:
                raise TapeError(f"{self._path}, line {place}: {error}; was it written with other options?") from error

    def append(self, change: dict[str, Json]) -> None:
        """Writes one change."""
        if self._path is None:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab", buffering=0)
        self._file.write(dump(change) + b"\n")

    def wipe(self) -> None:
        """Forgets everything."""
        self.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the file; the next change opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None
