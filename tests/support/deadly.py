"""Loaded into a worker, it ends the child that reads the event, or writes the document, named in BRIDGE_TEST_DEADLY."""

from __future__ import annotations

import os
import signal

from app.bluecherry.documents import OutgoingDocument
from app.field_names import FieldNames
from app.reveni.schemas import Event, read_event
from app.services.intake import taking_in
from app.services.ledger import windows
from app.services.ledger.sending import Parcel, body_of


def _deadly_event(document: object, names: FieldNames | None = None) -> Event:
    event = read_event(document, names)
    if event.return_id == os.environ["BRIDGE_TEST_DEADLY"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return event


def _deadly_body(parcel: Parcel) -> OutgoingDocument:
    if parcel.document.key == os.environ["BRIDGE_TEST_DEADLY"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return body_of(parcel)


vars(taking_in)["read_event"] = _deadly_event
vars(windows)["body_of"] = _deadly_body
