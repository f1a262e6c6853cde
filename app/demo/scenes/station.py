"""The site without a feed: its parcels are received by hand, at the console's receiving station."""

from __future__ import annotations

from app.demo.brand import STATION
from app.demo.scenes.kind import Kind
from app.demo.tale import Stage, Tale

_ES = ("es",)


def _parcel(stage: Stage, lines: int | None = None, units: int | None = None) -> Tale:
    tale = stage.tale(stage.order(lines, units), instant=False)
    tale.sent_to(STATION)
    tale.begin()
    return tale


def received_at_the_station(stage: Stage) -> None:
    """Everything comes in one parcel and is entered by hand, before Reveni accepts it or after."""
    tale = _parcel(stage)
    grade = stage.rng.choice(("A", "A", "A", "B", "damaged"))
    if stage.rng.random() < 0.25:
        tale.accept()
        tale.received_by_hand(grade=grade)
    else:
        tale.received_by_hand(grade=grade)
        tale.accept()
    tale.authorised("R")
    tale.credited()


def in_two_parcels_at_the_station(stage: Stage) -> None:
    """One unit today, two on another day, in another grade."""
    tale = _parcel(stage, 1, 3)
    [goods] = tale.goods
    tale.received_by_hand([(goods, 1, "A")])
    tale.received_by_hand([(goods, 2, "B")])
    tale.accept()
    tale.authorised("R")
    tale.credited()


def rejected_at_the_station(stage: Stage) -> None:
    """Worn: graded as rejected by hand, and Reveni says so too."""
    tale = _parcel(stage, 1, 1)
    tale.received_by_hand(grade="rejected")
    tale.reject()
    tale.authorised("R")


def foreign_goods_at_the_station(stage: Stage) -> None:
    """Something that nobody announced lies in the parcel, and is entered on a line of its own."""
    tale = _parcel(stage, 1)
    mine = tale.goods[0].sku
    stranger = next(item for item in stage.world.pick(stage.store, 2) if item.sku != mine)
    tale.received_by_hand(extra=[(stranger.sku, 1, "A")])
    tale.accept()
    tale.authorised("R")
    tale.credited()
    tale.raises("foreign_goods", units=1)


def nobody_can_tell(stage: Stage) -> None:
    """Entered as *cannot tell*: quarantine, until somebody grades it. Reveni accepted, so the money is due."""
    tale = _parcel(stage, 1, 1)
    tale.received_by_hand(grade="ungraded")
    tale.accept()
    tale.authorised("R")
    tale.credited()
    tale.raises("unmapped_grade")


def left_to_scan(stage: Stage) -> None:
    """Accepted in Reveni, and the parcel lies unopened at the station: a visitor of the demo may receive it."""
    tale = _parcel(stage, 1, stage.rng.choice((1, 2)))
    tale.accept()
    tale.authorised("A")
    tale.outcome.to_scan = tale.tracking


SCENES = (
    Kind(received_at_the_station, 6, _ES),
    Kind(in_two_parcels_at_the_station, 2, _ES),
    Kind(rejected_at_the_station, 1, _ES),
    Kind(foreign_goods_at_the_station, 1, _ES),
    Kind(nobody_can_tell, 1, _ES),
    Kind(left_to_scan, 2, _ES),
)
