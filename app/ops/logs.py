"""Logs: one line per happening on stderr, JSON where no person looks, without secrets and personal data.

What must not be logged is not given to a logger in the first place; the last processor here is the net below that.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "***"

_HIDDEN_NAMES = frozenset(
    """
    address api_key authorization body city cookie customer email first_name last_name ocp-apim-subscription-key
    password payload personal phone postcode recipient secret ship_to signature street token zip
    """.split()
)
_HIDDEN_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), HIDDEN),
    (re.compile(r"(?<=://)[^/\s@]+(?=@)"), HIDDEN),
    (re.compile(r"(?i)(?<=bearer )\S+"), HIDDEN),
    (re.compile(r"(?<=[?&]code=)[^&\s\"']+"), HIDDEN),
    (re.compile(r"\bv1=[0-9a-f]{16,}"), f"v1={HIDDEN}"),
    # What PostgreSQL and SQLAlchemy say of a row that did not fit is the row.
    (re.compile(r"\[parameters: .*"), f"[parameters: {HIDDEN}]"),
    (re.compile(r"(?m)^DETAIL: .*"), f"DETAIL: {HIDDEN}"),
)
# They say each connection and each retry at a level where people look for the bridge's own.
_CHATTY = ("urllib3", "kombu", "amqp", "werkzeug")


def configure_logging() -> None:
    """Send the logs of this process to stderr: for people on a terminal, as JSON elsewhere.

    BRIDGE_LOG_LEVEL (default INFO) says how much. Libraries' own lines take the same way.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_last_steps()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(os.environ.get("BRIDGE_LOG_LEVEL", "INFO").upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _last_steps() -> list[Processor]:
    shown: Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(default=str)
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        hide_what_is_private,
        shown,
    ]


def hide_what_is_private(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take secrets and personal data out of a line: values by their names, and texts that look like them."""
    return {name: _hidden(name, value) for name, value in event.items()}


def _hidden(name: str, value: object) -> object:
    if name.lower() in _HIDDEN_NAMES:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _hidden(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden("", each) for each in value]
    if isinstance(value, bool | int | float | None):
        return value
    text = str(value)
    for pattern, instead in _HIDDEN_PATTERNS:
        text = pattern.sub(instead, text)
    return text
