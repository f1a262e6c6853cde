from __future__ import annotations

from app.field_names import FieldNames

OURS = {"aux_ref_num": "CM-1-1", "lines": [{"sku": "00123", "qty": 1}, {"sku": "00124", "qty": 2}], "kept": None}
THEIRS = {"AuxRef": "CM-1-1", "details": [{"upc": "00123", "qty": 1}, {"upc": "00124", "qty": 2}], "kept": None}
NAMES = FieldNames({"aux_ref_num": "AuxRef", "lines": "details", "lines.sku": "upc"})


def test_both_directions() -> None:
    assert NAMES.outward(OURS) == THEIRS
    assert NAMES.inward(THEIRS) == OURS


def test_without_names_nothing_changes() -> None:
    assert FieldNames().outward(OURS) is OURS
    assert FieldNames().inward("text") == "text"


def test_a_name_counts_only_where_its_path_is() -> None:
    assert NAMES.outward({"sku": "1", "other": {"sku": "2"}}) == {"sku": "1", "other": {"sku": "2"}}


def test_a_field_of_theirs_that_bears_our_name_is_another_thing() -> None:
    assert NAMES.inward({"details": [{"upc": "00123", "sku": "their own"}]}) == {"lines": [{"sku": "00123"}]}
    assert NAMES.inward({"details": [{"sku": "their own", "upc": "00123"}]}) == {"lines": [{"sku": "00123"}]}


def test_names_may_be_swapped() -> None:
    swapped = FieldNames({"ref_num2": "aux_ref_num", "aux_ref_num": "ref_num2"})

    assert swapped.outward({"ref_num2": "r", "aux_ref_num": "a"}) == {"aux_ref_num": "r", "ref_num2": "a"}
    assert swapped.inward({"aux_ref_num": "r", "ref_num2": "a"}) == {"ref_num2": "r", "aux_ref_num": "a"}


def test_the_name_of_one_field() -> None:
    assert NAMES.name("aux_ref_num") == "AuxRef"
    assert NAMES.name("lines.sku") == "upc"
    assert NAMES.name("lines.qty") == "qty"
