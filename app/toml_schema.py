"""TOML files, read strictly: every problem at once, each with its file, its key and the way to mend it.

The configuration and the profiles are read by it. A message of a field is two lines: what is wrong, how to mend it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields

from app.domain.mapping_keys import key_part
from app.domain.saying import Said, quoted, say

_LONGEST_SHOWN = 80
_LARGEST_SHOWN = 10**_LONGEST_SHOWN
_MESSAGE = "%(what)s\n%(remedy)s"

Table = dict[str, Any]
"""A table of a TOML file: the one place where values have no type yet."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `key` is the dotted path in `file` ("" for the file as a whole).

    Of what can be wrong in a mapping, `what` and `remedy` are sentences that can be said in another language.
    """

    file: str
    key: str
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}: {self.what}. {self.remedy}"

    @property
    def said(self) -> Said:
        """The same for the console, which knows no file."""
        return say("%(key)s: %(what)s. %(remedy)s", key=self.key or self.file, what=self.what, remedy=self.remedy)


class TomlError(Exception):
    """A file that cannot be used. `problems` holds all that is wrong, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def read_table(path: Path) -> Table:
    """The file as a table. Raises TomlError when it is not there or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise TomlError([Problem(str(path), "", f"cannot be read ({reason})", "Name a file that can.")]) from None
    except ValueError as error:
        # Beside TOMLDecodeError, what Python says of bytes that are no UTF-8 and of numbers of thousands of digits.
        raise TomlError([Problem(str(path), "", f"is not TOML: {error}", "Mend it there.")]) from None
    except RecursionError:
        raise TomlError([Problem(str(path), "", "is nested too deeply", "Take out a few brackets.")]) from None


def load_table(schema: Schema, table: Table, file: str) -> tuple[Table, list[Problem]]:
    """What is valid of the table, and the problems of the rest."""
    try:
        return schema.load(table), []
    except ValidationError as error:
        return dict(error.valid_data or {}), list(_problems(error.messages, file, ""))


def message(what: str, remedy: str) -> Said:
    """A message for a ValidationError. As one of `error_messages` it stands in a list: marshmallow rewrites texts."""
    return Said(_MESSAGE, {"what": what, "remedy": remedy})


def is_(value: object) -> Said:
    """What is wrong with a value that fits nothing."""
    return say("is %(value)s", value=shown(value))


def shown(value: object) -> str:
    """A value of the file in a message: not more of it than a person reads."""
    if isinstance(value, Mapping):
        return say("a table")
    if isinstance(value, list):
        return "[" + ", ".join(shown(entry) for entry in value[:3]) + (", …]" if len(value) > 3 else "]")
    if isinstance(value, int) and abs(value) > _LARGEST_SHOWN:
        return say("a number of many digits")
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def near(word: str, known: Sequence[str]) -> Said:
    """A remedy for a word that is not known: the one that is probably meant, and all that there are."""
    listed = ", ".join(sorted(known)) or say("none")
    close = get_close_matches(word[:_LONGEST_SHOWN], known, n=1, cutoff=0.6)
    if close:
        return say("Did you mean %(word)r? Known: %(words)s.", word=close[0], words=listed)
    return say("Known: %(words)s.", words=listed)


def _problems(messages: Mapping[Any, Any] | Sequence[Any], file: str, path: str) -> Iterator[Problem]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            below = path if key == "_schema" else f"{path}[{key}]" if isinstance(key, int) else _join(path, key)
            yield from _problems(inner, file, below)
        return
    for text in messages:
        if isinstance(text, Said) and text.template == _MESSAGE:
            yield Problem(file, path, text.values["what"], text.values["remedy"])
        else:
            yield Problem(file, path, quoted(str(text)), say("docs/configuration.md says what belongs there."))


def _join(path: str, key: object) -> str:
    return f"{path}.{key_part(key)}" if path else key_part(key)


class StrictSchema(Schema):
    """A table in which an unknown key is an error, with the known key that is nearest to it."""

    error_messages = {  # noqa: RUF012 (declared so by marshmallow)
        "type": message(say("is not a table"), say("Write it as [section] or { key = value }."))
    }

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """Name the nearest known key beside an unknown one."""
        if isinstance(error.messages, dict) and isinstance(data, Mapping):
            known = [field.data_key or name for name, field in self.fields.items()]
            for key in set(data) - set(known):
                error.messages[key] = [message(say("is not a key here"), near(str(key), known))]


_REQUIRED: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": [message(say("is missing"), say("Add it."))],
    "null": [message(say("has no value"), say("Give it one, or take the key out."))],
}


class Text(fields.Field[str]):
    """Text that is not empty and, where a pattern is given, fits it. `expected` says what fits.

    `secret`: what stands there by mistake may be one, so that no message repeats it.
    """

    default_error_messages = _REQUIRED

    def __init__(
        self, *, pattern: str = r"(?s).+", expected: str | None = None, secret: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._pattern = re.compile(pattern)
        self._expected = say("text in quotes") if expected is None else expected
        self._secret = secret

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not self._pattern.fullmatch(value):
            what = say("is something else") if self._secret else is_(value)
            raise ValidationError(message(what, say("Write %(expected)s.", expected=self._expected)))
        return value


class Flag(fields.Field[bool]):
    """true or false."""

    default_error_messages = _REQUIRED

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(message(is_(value), say("Write true or false, without quotes.")))
        return value


class Whole(fields.Field[int]):
    """A whole number within bounds, both included."""

    default_error_messages = _REQUIRED

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._least, self._most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not self._least <= value <= self._most:
            remedy = say(
                "Write a whole number from %(least)s to %(most)s, without quotes.", least=self._least, most=self._most
            )
            raise ValidationError(message(is_(value), remedy))
        return value


class Seconds(fields.Field[timedelta]):
    """A duration in seconds, whole or with a fraction, above zero (or from zero)."""

    default_error_messages = _REQUIRED

    def __init__(self, *, from_zero: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._from_zero = from_zero

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> timedelta:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        longest = timedelta(days=3650).total_seconds()
        if not number or not 0 <= value <= longest or (value == 0 and not self._from_zero):
            bound = "of zero or more" if self._from_zero else "above zero"
            raise ValidationError(message(is_(value), f"Write a number of seconds {bound}, without quotes."))
        return timedelta(seconds=value)


class Choice(fields.Field[str]):
    """One of the words given."""

    default_error_messages = _REQUIRED

    def __init__(self, words: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._words = words

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if value not in self._words:
            raise ValidationError(message(is_(value), say("Write one of: %(words)s.", words=", ".join(self._words))))
        return str(value)


class Texts(fields.Field[list[str]]):
    """A list of texts that are not empty, none twice."""

    default_error_messages = _REQUIRED

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
            raise ValidationError(message(is_(value), say('Write a list of texts, as in ["one", "two"].')))
        if len(set(value)) < len(value):
            raise ValidationError(message(say("names something twice"), say("Take one of them out.")))
        return value


class Named(fields.Field[dict[str, Any]]):
    """Tables or values under names that the file chooses, as ``[stores.<name>]``; at least one where it is required."""

    default_error_messages = _REQUIRED

    def __init__(
        self,
        each: type[Schema] | fields.Field[Any],
        *,
        pattern: str = r"(?s).+",
        remedy: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.each = each if isinstance(each, fields.Field) else fields.Nested(each)
        self._pattern = re.compile(pattern)
        self._remedy = say("Use letters, digits, - and _ (at most 40).") if remedy is None else remedy

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValidationError(StrictSchema.error_messages["type"])
        valid: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for name, entry in value.items():
            if not self._pattern.fullmatch(name):
                errors[name] = [message(say("is no name that can be used"), self._remedy)]
                continue
            try:
                valid[name] = self.each.deserialize(entry)
            except ValidationError as error:
                errors[name] = error.messages
                if isinstance(error.valid_data, dict):
                    valid[name] = error.valid_data
        if errors:
            raise ValidationError(errors, valid_data=valid)
        if self.required and not valid:
            raise ValidationError(message(say("is empty"), say("Add one.")))
        return valid
