from __future__ import annotations

from app.domain.sku_nearness import Sign
from app.services.exceptions.sku_suggestions import suggest_skus
from app.services.facts.items import refresh_items
from tests.support.scene import Scene, item


def test_suggestions_come_from_the_mirror_and_from_the_returns_order(scene: Scene) -> None:
    scene.ask("r1", item("00019"))
    scene.work()
    refresh_items(scene.outside)
    (exception,) = scene.exceptions()

    found = suggest_skus(exception.id, "es", "00019", scene.outside.config)

    assert found[0].item.sku == "0001"
    assert {Sign.ON_ORDER, Sign.NEAR} <= set(found[0].signs)
    assert "0003" not in [each.item.sku for each in found], "0003 is inactive"


def test_what_the_order_sold_is_suggested_before_the_mirror_has_seen_it(scene: Scene) -> None:
    scene.ask("r1", item("00019"))
    scene.work()
    (exception,) = scene.exceptions()

    found = suggest_skus(exception.id, "es", "00019", scene.outside.config)

    assert (found[0].item.sku, found[0].signs) == ("0001", (Sign.ON_ORDER, Sign.NEAR))


def test_a_store_that_is_gone_has_no_suggestions(scene: Scene) -> None:
    assert suggest_skus(1, "gone", "00019", scene.outside.config) == []
