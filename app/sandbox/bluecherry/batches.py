"""Batches: taken in at once, worked off later, and in no look-up before they are done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.sandbox.bluecherry.document import Document
from app.sandbox.bluecherry.fields import Fields
from app.sandbox.bluecherry.refusal import Refusal
from app.sandbox.bluecherry.rules import RULES
from app.sandbox.json import JsonObject

_MOST = 500  # documents in a batch
_AT_A_TIME = 20  # documents worked off before other calls are answered again


@dataclass(slots=True, kw_only=True)
class Batch:
    """Documents that are posted together; each of them goes through or is rejected by itself."""

    number: str
    ref: str
    documents: list[tuple[str, JsonObject]]
    visible_at: datetime
    status: str = "queued"
    results: list[JsonObject] = field(default_factory=list)
    posted: list[Document] = field(default_factory=list)

    @classmethod
    def read(cls, number: str, fields: Fields, visible_at: datetime) -> Batch:
        """A batch out of its body; its documents are looked at later. Raises Refusal (400)."""
        documents: list[tuple[str, JsonObject]] = []
        for each in fields.objects("documents"):
            kind, document = each.one_of("type", *RULES), each.raw("body")
            if not isinstance(document, dict):
                raise each.bad("body", "must be an object")
            documents.append((kind, document))
        if len(documents) > _MOST:
            raise fields.bad("documents", f"must not be more than {_MOST}")
        return cls(number=number, ref=fields.reference("batch_ref"), documents=documents, visible_at=visible_at)

    def header(self) -> JsonObject:
        """The contract's Batch without its results."""
        return {"batch_num": self.number, "batch_ref": self.ref, "status": self.status}

    def told_results(self) -> list[JsonObject]:
        """What became of each document so far. They come in no order that a caller could rely on."""
        return self.results[::-1]

    def record(self, kind: str, body: JsonObject, number: str | None, refusal: Refusal | None) -> None:
        """Writes down what became of a document."""
        reference = body.get("aux_ref_num")
        self.results.append(
            {
                "type": kind,
                "aux_ref_num": reference if isinstance(reference, str) else None,
                "status": "rejected" if refusal else "posted",
                "number": number,
                "error": refusal.as_json() if refusal else None,
            }
        )


class Batches:
    """The batches by number and by reference, and the clockwork that works them off.

    `later(seconds, what)` calls back; `work(batch)` posts the next document of a batch; `finish(batch)` publishes
    what it made.
    """

    def __init__(
        self,
        later: Callable[[float, Callable[[], None]], object],
        work: Callable[[Batch], None],
        finish: Callable[[Batch], None],
    ) -> None:
        self.seconds = 0.5
        self._later = later
        self._work = work
        self._finish = finish
        self._batches: dict[str, Batch] = {}
        self._by_ref: dict[str, list[Batch]] = defaultdict(list)
        self._stopped = False

    def next_number(self) -> str:
        """The number that the next batch bears."""
        return f"{100_000_001 + len(self._batches):010d}"

    def add(self, batch: Batch) -> None:
        """Takes a batch in."""
        self._batches[batch.number] = batch
        self._by_ref[batch.ref].append(batch)

    def get(self, number: str) -> Batch | None:
        """The batch of a number."""
        return self._batches.get(number)

    def find(self, ref: str) -> list[Batch]:
        """All batches that bear a reference."""
        return list(self._by_ref.get(ref, []))

    def start(self, batch: Batch) -> None:
        """Begins to work a batch off: half of its time it is queued, half of it processing."""
        self._later(self.seconds / 2, lambda: self._process(batch))

    def start_unfinished(self) -> None:
        """Goes on with what a run before left undone."""
        for batch in self._batches.values():
            if batch.status != "done":
                self.start(batch)

    def stop(self) -> None:
        """Leaves everything as it is: what is under way goes no further."""
        self._stopped = True

    def _process(self, batch: Batch) -> None:
        if self._stopped:
            return
        batch.status = "processing"
        for _ in range(min(_AT_A_TIME, len(batch.documents) - len(batch.results))):
            self._work(batch)
        if len(batch.results) < len(batch.documents):
            self._later(0, lambda: self._process(batch))
        else:
            self._later(self.seconds / 2, lambda: self._end(batch))

    def _end(self, batch: Batch) -> None:
        if not self._stopped:
            self._finish(batch)
