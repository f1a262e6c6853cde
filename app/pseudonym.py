"""A customer's e-mail as a keyed hash: by it one can be recognised, and it tells nobody without the key who it is."""

from __future__ import annotations

import hmac
import os
import unicodedata

from app.secret import Secret

VARIABLE = "BRIDGE_PERSONAL_KEY"
"""Without a key, whoever has a list of addresses could try them all against a copy of the database."""


def key_of_environment() -> Secret | None:
    """The key of this process; None when there is none."""
    text = os.environ.get(VARIABLE, "").strip()
    return Secret(text) if text else None


def pseudonym(email: str, key: Secret) -> bytes:
    """HMAC-SHA256 over the address as it is compared: case and surrounding space do not count."""
    plain = unicodedata.normalize("NFC", email.strip()).casefold()
    return hmac.digest(key.reveal().encode(), plain.encode(errors="surrogatepass"), "sha256")
