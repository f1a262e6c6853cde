"""What came back from an application's test client."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse


def json_of(answer: TestResponse) -> Any:
    """The JSON of an answer. Fails the test when it has none."""
    assert answer.content_type == "application/json"
    return json.loads(answer.text)
