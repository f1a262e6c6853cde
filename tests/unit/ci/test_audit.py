from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

AUDIT: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[3] / ".ci" / "audit.py"))
ANSWERS = [
    {"name": "good", "version": "1.0", "vulns": []},
    {
        "name": "bad",
        "version": "2.0",
        "vulns": [
            {"id": "PYSEC-2026-1", "fix_versions": ["2.0.1", "1.9.9"], "aliases": [], "description": "…"},
            {"id": "PYSEC-2026-2", "fix_versions": [], "aliases": [], "description": "…"},
        ],
    },
    {"name": "unknown", "skip_reason": "Dependency not found on PyPI"},
]
"""As pip-audit writes them."""


def test_every_known_vulnerability_is_named_with_where_it_is_mended() -> None:
    assert AUDIT["vulnerabilities"](ANSWERS) == [
        "bad 2.0: PYSEC-2026-1, mended in 2.0.1, 1.9.9",
        "bad 2.0: PYSEC-2026-2, mended in none yet",
    ]
    assert AUDIT["vulnerabilities"](ANSWERS[:1]) == []
