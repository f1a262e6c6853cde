"""Ask whether a vulnerability of a locked dependency is known: python .ci/audit.py LOCK…

Exits with 1 when one is. A service that cannot be asked is told plainly and fails nothing: a build must not depend on
whether somebody else's service is up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_WORDS = ("--vulnerability-service", "pypi", "--disable-pip", "--require-hashes", "--format", "json")


def audit(lock: str) -> list[str]:
    """Audit one lock file, and print what came of it; the vulnerabilities that are known."""
    program = str(Path(sys.executable).with_name("pip-audit"))
    words = [program, *_WORDS, "--progress-spinner", "off", "--timeout", "10", "--requirement", lock]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=140, check=False)
        answers = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        print(f"{lock}: NOT AUDITED, the vulnerability service did not answer in time")
        return []
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"{lock}: NOT AUDITED, the vulnerability service could not be asked ({reason[:200]})")
        return []
    found = vulnerabilities(answers)
    unasked = [each["name"] for each in answers if "skip_reason" in each]
    print(f"{lock}: {len(answers) - len(unasked)} of {len(answers)} dependencies audited, {len(found)} vulnerabilities")
    if unasked:
        print(f"  NOT AUDITED, for the service knows nothing of them: {', '.join(unasked)[:300]}")
    for line in found:
        print(f"  {line}")
    return found


def vulnerabilities(answers: list[dict[str, Any]]) -> list[str]:
    """A line for each known vulnerability in pip-audit's answers: what has it, which it is, and where it is mended."""
    return [
        f"{each['name']} {each['version']}: {known['id']}, mended in {', '.join(known['fix_versions']) or 'none yet'}"
        for each in answers
        for known in each.get("vulns", [])
    ]


if __name__ == "__main__":
    sys.exit(1 if [line for lock in sys.argv[1:] for line in audit(lock)] else 0)
