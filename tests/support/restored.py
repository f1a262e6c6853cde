"""A day that is played twice: once as it is, once with the database lost in its middle and an older backup restored."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db.backup import back_up, restore
from app.db.engine import engine
from app.services.intake import inbox
from app.services.intake.poll import poll
from tests.support import postgres
from tests.support.scene import Scene, item
from tests.unit.sandbox.world import order_line, sale

Event = tuple[str, Callable[[Scene], None]]
"""What happens: `receipt` for a warehouse's message, which only the warehouse can send again, or `reveni`."""

EVEN = {"sku": "0004", "quantity": 1, "price": "10.89"}


@dataclass(frozen=True)
class Loss:
    """After which events of the day the backup is taken and the database lost, and what shuffles what comes again."""

    backup: int
    crash: int
    seed: int


def lose_and_restore(scene: Scene, file: Path, database: str, *, read: bool = True) -> None:
    """The database is gone; the backup is put back, and the bridge starts anew and reads BlueCherry's list."""
    leave()
    postgres.empty(database)
    restore(database, file)
    scene.close()
    scene.outside = scene.another_process()
    if read:
        scene.later(6)


def leave() -> None:
    """Let go of every connection of this process to the database."""
    engine().dispose()
    inbox._drop_writer()


def take_backup(file: Path, database: str) -> None:
    """A backup of now."""
    file.unlink(missing_ok=True)
    back_up(database, file)


def a_day(seed: int, returns: int = 4) -> list[Event]:
    """A drawn day of returns, each on an order of its own: parts, grades, regrades, judgements, exchanges, changes."""
    draw = random.Random(seed)
    courses = [_course(draw, f"r{n}", 6000 + n) for n in range(1, returns + 1)]
    day: list[Event] = []
    while any(courses):
        day.append(draw.choice([course for course in courses if course]).pop(0))
    return day


def sell(scene: Scene, returns: int = 4) -> None:
    """The orders that the day's goods were sold on."""
    lines = [order_line(1, "0001", 3), order_line(2, "0002", 2)]
    orders = [sale(f"{1000 + n:06}", ref_num1=str(6000 + n), lines=lines) for n in range(1, returns + 1)]
    scene.seed(orders=orders)


def play(scene: Scene, day: list[Event], loss: Loss | None = None, file: Path | None = None, url: str = "") -> None:
    """Let the day happen and the bridge work, until nothing is left to do."""
    sell(scene)
    for number, (_, happens) in enumerate(day):
        happens(scene)
        scene.work()
        if number % 3 == 2:
            scene.later(31)
        if loss is not None and file is not None and number == loss.backup:
            take_backup(file, url)
        if loss is not None and file is not None and number == loss.crash:
            lose_and_restore(scene, file, url)
            again = [each for kind, each in day[loss.backup + 1 : loss.crash + 1] if kind == "receipt"]
            random.Random(loss.seed).shuffle(again)
            if loss.seed % 2:
                poll("es", scene.outside)
                scene.work()
            for each in again:
                each(scene)
                scene.work()
            poll("es", scene.outside)
            scene.work()
    for _ in range(6):
        scene.later(61)


def books(scene: Scene) -> dict[str, Any]:
    """What is in BlueCherry's books in the end, whatever each document is called. Fails when a key is there twice."""
    credited: Counter[tuple[str, str]] = Counter()
    for memo in scene.memos().values():
        for line in memo["lines"]:
            credited[memo["ref_num2"], line["sku"]] += line["qty"]
        credited[memo["ref_num2"], "cents"] += int(memo["total_amt"].replace(".", ""))
    received: Counter[tuple[str, str]] = Counter()
    for journal in scene.journals().values():
        for line in journal["lines"]:
            if line["rec_type"] == "RT":
                received[journal["ref_num2"], line["sku"]] += line["qty"]
    live = [ra for ra in scene.ras().values() if ra["ra_status"] != "X"]
    announced = {(ra["ref_num2"], ra["ra_status"], line["sku"]): line["qty"] for ra in live for line in ra["lines"]}
    exchanged = {(order["ref_num2"], order["ord_status"]): len(order["lines"]) for order in scene.exchanges().values()}
    stock = {sku: scene.stock(sku) for sku in ("0001", "0002", "0004")}
    return {
        "credited": dict(credited),
        "received": dict(received),
        "announced": announced,
        "exchanged": exchanged,
        "stock": stock,
    }


def _course(draw: random.Random, name: str, order: int) -> list[Event]:
    """What happens to one return, in order."""
    goods = {"0001": draw.randint(1, 3), "0002": draw.randint(1, 2)}
    even = draw.random() < 0.25
    items = [item("0001", goods["0001"]), item("0002", goods["0002"])]
    if even:
        goods["0002"] = 1
        items[1] = item("0002", 1, exchange=EVEN)
    on = {"external_id": str(order), "number": f"#{order}"}
    kind = "mixed" if even else "refund"
    course: list[Event] = [("reveni", lambda scene: scene.ask(name, *items, order=on, type=kind))]
    if draw.random() < 0.2:
        fewer = [item("0001", 1)]
        course.append(("reveni", lambda scene: scene.change(name, return_items=fewer, type="refund")))
        goods = {"0001": 1}
        even = False
    if draw.random() < 0.15:
        course.append(("reveni", lambda scene: scene.change(name, status="cancelled")))
        return course
    parts = _parts(draw, goods)
    for number, part in enumerate(parts, start=1):
        grade = draw.choice("AAB")
        course.append(("receipt", _receipt(f"{name}-w{number}", name, part, grade)))
        if draw.random() < 0.25:
            course.append(("receipt", _regrade(f"{name}-g{number}", name, part, grade)))
        if draw.random() < 0.4:
            course.append(("reveni", _judge(name, "0001", "accepted")))
    course.append(("reveni", _judge(name, "0001", draw.choice(["accepted", "accepted", "rejected"]))))
    if len(goods) > 1:
        course.append(("reveni", _judge(name, "0002", "accepted")))
    course.append(("reveni", lambda scene: scene.change(name, status="partially_accepted")))
    return course


def _parts(draw: random.Random, goods: Mapping[str, int]) -> list[dict[str, int]]:
    units = [sku for sku, count in goods.items() for _ in range(count)]
    draw.shuffle(units)
    parts: list[dict[str, int]] = []
    while units:
        count = draw.randint(1, len(units))
        part, units = units[:count], units[count:]
        parts.append(dict(Counter(part)))
    return parts


def _receipt(receipt_id: str, name: str, part: Mapping[str, int], grade: str) -> Callable[[Scene], None]:
    items = [{"sku": sku, "quantity": units, "grade": grade} for sku, units in part.items()]
    return _once(receipt_id, {"items": items, "return_id": name})


def _regrade(receipt_id: str, name: str, part: Mapping[str, int], grade: str) -> Callable[[Scene], None]:
    other = "B" if grade == "A" else "A"
    sku = next(iter(part))
    line = {"sku": sku, "quantity": 1, "grade": other, "from_grade": grade}
    return _once(receipt_id, {"type": "regrade", "items": [line], "return_id": name})


def _once(receipt_id: str, body: dict[str, object]) -> Callable[[Scene], None]:
    """The same message however often it is sent: with the time at which the goods came."""
    sent: dict[str, object] = {}

    def send(scene: Scene) -> None:
        sent.setdefault("received_at", scene.real_now())
        scene.report(receipt_id, {**body, **sent})

    return send


def _judge(name: str, sku: str, status: str) -> Callable[[Scene], None]:
    def judge(scene: Scene) -> None:
        items = scene.in_reveni(name)["return_items"]
        scene.change(name, return_items=[{**each, "status": status} if each["sku"] == sku else each for each in items])

    return judge
