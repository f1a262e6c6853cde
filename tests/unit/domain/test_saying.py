from __future__ import annotations

import json

import pytest

from app.domain.saying import Said, pack, quoted, say, unpack


def test_a_sentence_is_its_english_text() -> None:
    said = say("Order %(order)s sold %(units)s of %(sku)r.", order="1", units=3, sku="A%s")

    assert said == "Order 1 sold 3 of 'A%s'."
    assert isinstance(said, str)


def test_a_sentence_comes_back_out_of_its_row_with_the_sentences_in_it() -> None:
    said = say("No order could be made. %(why)s", why=say("SKU %(sku)s is unknown.", sku="0001"))

    back = unpack(json.loads(json.dumps(pack(said))), str(said))

    assert isinstance(back, Said)
    assert back == said
    assert isinstance(back.values["why"], Said)


@pytest.mark.parametrize("packed", [None, {}, [], {"say": "%(gone)s", "with": {}}, {"say": "Another.", "with": {}}])
def test_a_text_that_does_not_fit_its_row_stands_as_it_is(packed: object) -> None:
    back = unpack(packed, "SKU 0001 is unknown.")

    assert back == "SKU 0001 is unknown."
    assert not isinstance(back, Said)


def test_words_from_outside_need_no_template_of_their_own() -> None:
    assert quoted("100% wool") == "100% wool"
