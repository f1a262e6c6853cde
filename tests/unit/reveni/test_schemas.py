from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.model import Exchange, ReceiptLine, Refund
from app.exact_json import loads
from app.field_names import FieldNames
from app.reveni.schemas import EXCHANGE_WITHOUT_SKU, Event, read_event, read_receipt, read_return
from app.wire import Unreadable


def a_return(**changes: object) -> dict[str, Any]:
    """A return with everything that the contract names."""
    return {
        "id": "4e26c9f08f2a468fabc16af12ae0209b",
        "status": "in_progress",
        "type": "mixed",
        "instant": True,
        "created": "2026-03-01T10:00:00Z",
        "updated": "2026-03-01T12:00:00+02:00",
        "currency": "EUR",
        "amount": "76.4800",
        "order": {"external_id": "5001", "number": "#5001"},
        "customer": {"name": "Ana García", "email": "ana@example.com"},
        "return_items": [an_item()],
        "fees": [{"type": "logistics", "amount": "3.00"}, {"type": "co2", "amount": "0.50"}],
        "bonus": "1.25",
        "refund": {"method": "instant", "status": "done", "amount": "76.48", "refunded_at": "2026-03-01T10:05:00Z"},
        "shipping": {"carrier": "SEUR", "tracking_number": "T-1", "destination": {"location_id": "loc-madrid"}},
        "exchange_order": {"external_id": "6001", "ship_to": {"name": "Ana", "city": "Madrid"}},
    } | changes


def an_item(**changes: object) -> dict[str, Any]:
    return {
        "item_id": "i1",
        "sku": "00123",
        "quantity": 2,
        "price": "23.90",
        "status": "pending",
        "return_reason": "too_small",
        "reject_reason": None,
        "exchange": {"sku": "00124", "quantity": 2, "price": "25.90"},
    } | changes


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


class TestReturn:
    """The return that is fetched."""

    def test_everything_that_the_contract_names(self) -> None:
        ret = read_return(a_return(unknown={"a": 1}), "es")
        (item,) = ret.items

        assert (ret.store, ret.id, ret.status, ret.type, ret.instant) == (
            "es",
            "4e26c9f08f2a468fabc16af12ae0209b",
            "in_progress",
            "mixed",
            True,
        )
        assert ret.created == datetime(2026, 3, 1, 10, tzinfo=UTC)
        assert ret.updated == datetime(2026, 3, 1, 10, tzinfo=UTC)
        assert ret.updated.utcoffset() == datetime(2026, 1, 1, tzinfo=UTC).utcoffset()
        assert (ret.currency, ret.amount, ret.fees, ret.bonus) == (
            "EUR",
            Decimal("76.48"),
            Decimal("3.50"),
            Decimal("1.25"),
        )
        assert ret.refund == Refund("instant", "done", Decimal("76.48"), datetime(2026, 3, 1, 10, 5, tzinfo=UTC))
        assert (ret.order_external_id, ret.location_id, ret.tracking_number) == ("5001", "loc-madrid", "T-1")
        assert ret.exchange_external_id == "6001"
        assert (item.item_id, item.sku, item.quantity, item.price) == ("i1", "00123", 2, Decimal("23.90"))
        assert (item.status, item.reason, item.reject_reason) == ("pending", "too_small", None)
        assert item.exchange == Exchange("00124", 2, Decimal("25.90"))
        assert ret.personal.email == "ana@example.com"
        assert ret.personal.ship_to == {"name": "Ana", "city": "Madrid"}

    @pytest.mark.parametrize("absent", ["customer", "fees", "bonus", "refund", "shipping", "exchange_order"])
    @pytest.mark.parametrize("null", [True, False])
    def test_optional_parts_are_none_or_nothing(self, absent: str, null: bool) -> None:
        document = a_return(**{absent: None}) if null else without(a_return(), absent)
        ret = read_return(document, "es")

        assert {
            "customer": ret.personal.email is None,
            "fees": ret.fees == 0,
            "bonus": ret.bonus == 0,
            "refund": ret.refund is None,
            "shipping": (ret.location_id, ret.tracking_number) == (None, None),
            "exchange_order": ret.exchange_external_id is None,
        }[absent]

    def test_a_shipping_that_knows_nothing_yet(self) -> None:
        ret = read_return(a_return(shipping={"tracking_number": "", "destination": None}), "es")

        assert (ret.location_id, ret.tracking_number) == (None, None)

    def test_an_empty_text_is_as_good_as_null_where_null_may_stand(self) -> None:
        shipping = {"tracking_number": None, "destination": {"location_id": ""}}
        ret = read_return(a_return(shipping=shipping, exchange_order={"external_id": "", "ship_to": None}), "es")

        assert (ret.location_id, ret.exchange_external_id) == (None, None)

    def test_an_address_is_kept_as_it_came(self) -> None:
        address = '{"city": "Madrid", "at": [40.4168, -3.7038], "floor": 2, "more": {"lift": null}}'
        ret = read_return(loads(json.dumps(a_return()).replace('{"name": "Ana", "city": "Madrid"}', address)), "es")

        assert json.loads(json.dumps(ret.personal.ship_to)) == json.loads(address)

    @pytest.mark.parametrize("text", ["a\0b", "half a pair: \ud83d"])
    def test_a_text_that_no_database_holds_is_named(self, text: str) -> None:
        with pytest.raises(Unreadable, match="ship_to holds a text that is none"):
            read_return(a_return(exchange_order={"ship_to": {"lines": [{"street": text}]}}), "es")
        with pytest.raises(Unreadable, match="sku is not a text"):
            read_return(a_return(return_items=[an_item(sku=text)]), "es")

    @pytest.mark.parametrize(
        ("given", "read"),
        [
            (None, None),
            (False, None),
            (True, Exchange(EXCHANGE_WITHOUT_SKU, 2)),
            ({"sku": 124}, Exchange("124", 2)),
            ({"sku": "00124", "quantity": 1, "price": 0}, Exchange("00124", 1, Decimal(0))),
        ],
    )
    def test_forms_of_an_exchange(self, given: object, read: Exchange | None) -> None:
        (item,) = read_return(a_return(return_items=[an_item(exchange=given)]), "es").items

        assert item.exchange == read

    def test_ids_may_be_numbers(self) -> None:
        ret = read_return(a_return(id=77, order={"external_id": 5001}, return_items=[an_item(item_id=9)]), "es")

        assert (ret.id, ret.order_external_id, ret.items[0].item_id) == ("77", "5001", "9")

    def test_amounts_never_pass_through_a_float(self) -> None:
        document = loads('{"amount": 0.1000000000000000055511151231257827, "price": 10.10, "fee": 3}')
        assert isinstance(document, dict)
        ret = read_return(
            a_return(
                amount=document["amount"],
                fees=[{"amount": document["fee"]}],
                return_items=[an_item(price=document["price"])],
            ),
            "es",
        )

        assert str(ret.amount) == "0.1000000000000000055511151231257827"
        assert str(ret.items[0].price) == "10.10"
        assert ret.fees == 3

    def test_a_return_may_cost_the_customer_money(self) -> None:
        assert read_return(a_return(amount="-4.00"), "es").amount == Decimal(-4)

    @pytest.mark.parametrize("created", [1661518366, Decimal("1661518366.5"), "2022-08-26T12:52:46", "2022-08-26"])
    def test_times_are_aware_and_in_utc(self, created: object) -> None:
        ret = read_return(a_return(created=created), "es")

        assert ret.created.tzinfo is UTC
        assert ret.created.date().isoformat() == "2022-08-26"

    def test_a_reason_may_be_missing_and_is_then_unmapped(self) -> None:
        (item,) = read_return(a_return(return_items=[without(an_item(), "return_reason")]), "es").items

        assert item.reason == ""

    @pytest.mark.parametrize(
        ("document", "problem"),
        [
            (without(a_return(), "status"), "status is missing"),
            (a_return(order={}), "order.external_id is missing"),
            (a_return(order=None), "order is null"),
            (a_return(instant="yes"), "instant is neither true nor false"),
            (a_return(created="soon"), "created is not a time"),
            (a_return(amount="NaN"), "amount is not an amount"),
            (a_return(amount=True), "amount is not an amount"),
            (a_return(currency=None), "currency is null"),
            (a_return(return_items={}), "return_items is not a list"),
            (a_return(return_items=["x"]), "return_items.0 is not an object"),
            (a_return(return_items=[an_item(quantity=0)]), "return_items.0.quantity is below 1"),
            (a_return(return_items=[an_item(quantity="2")]), "return_items.0.quantity is not a whole number"),
            (a_return(return_items=[an_item(quantity=True)]), "return_items.0.quantity is not a whole number"),
            (a_return(return_items=[an_item(price="-1")]), "return_items.0.price is below zero"),
            (a_return(return_items=[an_item(), an_item(sku="")]), "return_items.1.sku is not a text"),
            (a_return(return_items=[an_item(), an_item()]), "return_items has an item_id twice"),
            (a_return(return_items=[an_item(exchange="yes")]), "return_items.0.exchange is not an object"),
            (a_return(fees=[{"type": "x"}]), "fees.0.amount is missing"),
            (a_return(exchange_order={"ship_to": "Calle Mayor 1"}), "exchange_order.ship_to is not an object"),
            ([], "it is not an object"),
        ],
    )
    def test_what_does_not_fit_is_named(self, document: object, problem: str) -> None:
        with pytest.raises(Unreadable) as caught:
            read_return(document, "es")

        assert caught.value.problems == (problem,)

    def test_no_value_is_repeated_in_a_problem(self) -> None:
        document = a_return(customer={"name": 1, "email": ["ana@example.com"]}, currency=["ana@example.com"])
        with pytest.raises(Unreadable) as caught:
            read_return(document, "es")

        assert len(caught.value.problems) == 3
        assert "ana@" not in str(caught.value)

    def test_a_profile_may_name_fields_otherwise(self) -> None:
        names = FieldNames({"return_items": "items", "return_items.item_id": "id", "order.external_id": "shop_id"})
        document = without(a_return(order={"shop_id": "5001"}), "return_items")
        document["items"] = [without(an_item(), "item_id") | {"id": "i9"}]
        ret = read_return(document, "es", names)

        assert (ret.id, ret.order_external_id, ret.items[0].item_id) == (document["id"], "5001", "i9")


class TestEvent:
    """The envelope of a webhook."""

    def test_the_example_of_the_facts(self) -> None:
        document = {
            "id": "c6927a921708466da5ed2b4ebadf0bdf",
            "event": "return.updated",
            "created": 1661518366,
            "data": {"amount": "76.4800", "resource": "return", "resource_id": "4e26c9f08f2a468fabc16af12ae0209b"},
        }
        assert read_event(document) == Event(
            "c6927a921708466da5ed2b4ebadf0bdf", "return.updated", "4e26c9f08f2a468fabc16af12ae0209b"
        )

    @pytest.mark.parametrize(
        ("document", "problem"),
        [
            ({"id": "1", "data": {"resource_id": "r"}}, "event is missing"),
            ({"id": "1", "event": "return.updated"}, "data is missing"),
            ({"id": "1", "event": "return.updated", "data": {}}, "data.resource_id is missing"),
            (
                {"id": "1", "event": "order.updated", "data": {"resource": "order", "resource_id": "o"}},
                "data.resource is not return",
            ),
        ],
    )
    def test_what_does_not_fit_is_named(self, document: object, problem: str) -> None:
        with pytest.raises(Unreadable) as caught:
            read_event(document)

        assert caught.value.problems == (problem,)


def a_receipt(**changes: object) -> dict[str, Any]:
    return {
        "id": "m-1",
        "received_at": "2026-03-04T08:00:00Z",
        "return_id": "r1",
        "location": "MAD01",
        "items": [{"sku": "00123", "quantity": 1, "grade": "A"}],
    } | changes


def a_line(**changes: object) -> dict[str, Any]:
    return {"sku": "00123", "quantity": 1, "grade": "A"} | changes


class TestReceipt:
    """What a warehouse reports."""

    def test_a_receipt(self) -> None:
        receipt = read_receipt(
            a_receipt(items=[a_line(), {"upc": "8400001", "quantity": 3, "grade": "B", "note": "torn"}]), "madrid"
        )

        assert (receipt.id, receipt.site, receipt.kind, receipt.return_id) == ("m-1", "madrid", "receipt", "r1")
        assert receipt.received_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
        assert receipt.lines == (
            ReceiptLine(1, "A", sku="00123"),
            ReceiptLine(3, "B", upc="8400001", note="torn"),
        )

    @pytest.mark.parametrize("line", [without(a_line(), "grade"), a_line(grade=None), a_line(grade="")])
    def test_goods_without_a_grade_are_ungraded(self, line: dict[str, Any]) -> None:
        assert read_receipt(a_receipt(items=[line]), "madrid").lines == (ReceiptLine(1, "ungraded", sku="00123"),)

    def test_a_regrade(self) -> None:
        receipt = read_receipt(a_receipt(type="regrade", items=[a_line(from_grade="B")]), "madrid")

        assert receipt.kind == "regrade"
        assert receipt.lines[0].from_grade == "B"

    @pytest.mark.parametrize("reference", ["return_id", "ra_num", "tracking_number"])
    def test_one_reference_is_enough(self, reference: str) -> None:
        receipt = read_receipt(without(a_receipt(), "return_id") | {reference: "x"}, "madrid")

        assert getattr(receipt, reference) == "x"

    @pytest.mark.parametrize(
        ("document", "problem"),
        [
            (without(a_receipt(), "id"), "id is missing"),
            (without(a_receipt(), "received_at"), "received_at is missing"),
            (without(a_receipt(), "return_id"), "has neither return_id nor ra_num nor tracking_number"),
            (a_receipt(return_id=None), "has neither return_id nor ra_num nor tracking_number"),
            (a_receipt(type="parcel"), "type is neither receipt nor regrade"),
            (a_receipt(items=[]), "items is empty"),
            (a_receipt(items=[a_line(quantity=0)]), "items.0.quantity is below 1"),
            (a_receipt(items=[a_line(quantity=-1)]), "items.0.quantity is below 1"),
            (a_receipt(items=[a_line(quantity=Decimal("1.0"))]), "items.0.quantity is not a whole number"),
            (a_receipt(items=[without(a_line(), "sku")]), "items.0 has neither sku nor upc"),
            (a_receipt(type="regrade"), "items.from_grade is missing in a regrade"),
            (
                a_receipt(type="regrade", items=[without(a_line(from_grade="B"), "grade")]),
                "items.grade is missing in a regrade",
            ),
            (
                a_receipt(items=[a_line(from_grade="B")]),
                "items.from_grade stands in a receipt, which is no regrade",
            ),
        ],
    )
    def test_what_does_not_fit_is_named(self, document: object, problem: str) -> None:
        with pytest.raises(Unreadable) as caught:
            read_receipt(document, "madrid")

        assert caught.value.problems == (problem,)


def test_of_very_many_problems_the_first_are_told() -> None:
    with pytest.raises(Unreadable) as refused:
        read_receipt({"id": "w1", "received_at": "2026-03-01T10:00:00Z", "items": [0] * 50_000}, "madrid")

    assert len(str(refused.value)) < 1000
    assert refused.value.problems[-1] == "and 49980 more"
