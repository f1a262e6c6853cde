"""Where a mapping stands in the configuration: the dotted key of its file, as TOML spells it."""

from __future__ import annotations

import json
import re


def key_part(name: object) -> str:
    """A part of a dotted key, quoted where TOML wants it."""
    text = str(name)
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else json.dumps(text, ensure_ascii=False)


def key_of(*parts: object) -> str:
    """The dotted key of a file: ``stores.es.reasons."too small"``."""
    return ".".join(key_part(part) for part in parts)
