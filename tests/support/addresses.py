"""The addresses of every page of the console, those with a number or a name in them filled in from a furnished one."""

from __future__ import annotations

from typing import Any

from app import create_app
from app.domain.blockers import Code
from app.secret import Secret
from app.web.settings import WebSettings
from tests.support.furnished import RECEIPT, numbers
from tests.support.scene import Scene

_NO_PAGES = {
    "console.static",
    "console.download",
    "console.report_file",
    "console.sign_in",
    "console.sign_in_by_provider",
    "console.back_from_provider",
    "console.home",
    "console.stations",
    "console.nowhere",
}
"""What answers with a file, or leads elsewhere."""


def every_page(scene: Scene) -> list[str]:
    """All of them, as an admin may see them. A page that is new and takes a value wants one here."""
    held = numbers(Code.UNKNOWN_SKU)[0]
    values: dict[str, dict[str, Any]] = {
        "console.exception": {"number": held},
        "console.job": {"number": 1},
        "console.approval": {"number": 2},
        "console.return_": {"store": "es", "return_id": "settled"},
        "console.raw": {"store": "es", "return_id": "settled"},
        "console.document": {"key": "CM-settled-1"},
        "console.window": {"number": 1},
        "console.report": {"number": 1},
        "console.runbook": {"code": "unknown_sku"},
        "console.mapping": {"store": "es"},
        "console.mapping_edit": {"number": 1},
        "console.station": {"site": "silent"},
        "console.received_goods": {"site": "silent", "key": RECEIPT},
    }
    app = create_app(scene.outside.config, WebSettings(console_secret=Secret("0123456789" * 4)))
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            asked = rule.endpoint.startswith("console.") and "GET" in (rule.methods or set())
            if asked and rule.endpoint not in _NO_PAGES:
                found.append(app.url_for(rule.endpoint, **values.get(rule.endpoint, {})))
    cause = "/console/exceptions?code=unknown_sku&cause=es:00019"
    more = [
        f"/console/exceptions/{numbers(code)[0]}"
        for code in (Code.ORDER_AMBIGUOUS, Code.OVER_RETURN, Code.UNMAPPED_REASON)
    ]
    return sorted({*found, cause, *more})
