from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

from app.db.engine import transaction
from app.db.tables.returns import ReturnRow
from app.services.history import Notes
from app.services.intake.returns import Fetched, ReturnKey, Stored, fetch, store_returns, versions_of
from app.services.intake.taking_in import take_in
from tests.support.scene import Scene, item

KEY: ReturnKey = ("es", "r1")


def _fetched(scene: Scene) -> Fetched:
    with transaction() as session:
        versions = versions_of(session, [KEY])
    return fetch([KEY], versions, scene.outside)


def _store(scene: Scene, fetched: Fetched) -> Stored:
    with transaction() as session:
        return store_returns(session, fetched, Notes(), scene.outside)


def test_a_stale_fetch_never_replaces_a_newer_one(scene: Scene) -> None:
    scene.ask("r1", item("0001", 2), tell=False)
    _store(scene, _fetched(scene))
    slow = _fetched(scene)
    scene.change("r1", return_items=[item("0001", 1)], tell=False)
    _store(scene, _fetched(scene))
    stored = _store(scene, slow)

    assert stored.stale == {KEY}
    assert stored.changed == set()
    assert scene.row().data["items"][0]["quantity"] == 1


def test_an_older_state_never_replaces_a_newer_one(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    fetched = _fetched(scene)
    _store(scene, fetched)
    known = fetched.returns[KEY]
    older = replace(known, status="shipped", updated=known.updated - timedelta(seconds=1))
    with transaction() as session:
        versions = versions_of(session, [KEY])
    _store(scene, Fetched({KEY: older}, {}, versions))

    assert scene.row().status == "in_progress"


def test_an_event_whose_return_changed_meanwhile_is_taken_in_again(scene: Scene) -> None:
    scene.ask("r1")
    scene.work()
    row = scene.row()
    assert row.version == 1
    scene.change("r1", status="shipped")
    scene.work()

    assert (scene.row().version, scene.row().status, scene.row().phase) == (2, "shipped", "shipped")


def test_a_return_is_one_however_its_id_is_asked_for(scene: Scene) -> None:
    plain, hyphens = ("es", "4e26c9f08f2a468fabc16af12ae0209b"), ("es", "4e26c9f0-8f2a-468f-abc1-6af12ae0209b")
    scene.ask(hyphens[1], tell=False)
    told = scene.outside.reveni["es"].get_return(hyphens[1])
    both = _store(scene, Fetched({plain: told, hyphens: told}))
    changed = replace(told, status="shipped")
    again = _store(scene, Fetched({plain: changed}))

    assert [row.id for row in scene.rows(ReturnRow)] == [hyphens[1]]
    assert both.rows[plain].pk == both.rows[hyphens].pk == again.rows[plain].pk
    assert (again.stale, scene.row(hyphens[1]).status) == (set(), "shipped")


def test_two_workers_store_a_new_return_once(scene: Scene) -> None:
    scene.ask("r1")
    scene.tell("r1")
    barrier = Barrier(2)

    def worker() -> list[int]:
        barrier.wait()
        return take_in(scene.outside, limit=1).returns

    with ThreadPoolExecutor(2) as pool:
        found = [future.result() for future in [pool.submit(worker) for _ in range(2)]]

    assert {pk for returns in found for pk in returns} == {scene.row().pk}


def test_another_order_is_looked_for_anew(scene: Scene) -> None:
    scene.ask("r1", order={"external_id": "nobody"})
    scene.work()
    assert scene.codes() == ["unknown_order"]
    scene.change("r1", order={"external_id": "5001"})
    scene.work()

    assert scene.row().ord_num == "000100"
    assert scene.codes() == []


def test_what_reveni_refuses_is_a_failure_of_that_return_alone(scene: Scene) -> None:
    scene.ask("r1", tell=False)
    fetched = fetch([KEY, ("es", "nobody")], {}, scene.outside)

    assert set(fetched.returns) == {KEY}
    assert set(fetched.failures) == {("es", "nobody")}
