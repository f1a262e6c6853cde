from __future__ import annotations

from app.bluecherry.gateway import Writes
from app.bluecherry.shadow import ShadowWrites
from tests.support.bluecherry_documents import a_journal, a_memo, an_exchange_order, an_ra


def test_a_number_is_made_of_the_key_and_is_the_same_again() -> None:
    shadow: Writes = ShadowWrites()
    made = [
        (shadow.create_ra(an_ra()), an_ra().aux_ref_num),
        (shadow.create_journal(a_journal()), a_journal().aux_ref_num),
        (shadow.create_memo(a_memo()), a_memo().aux_ref_num),
        (shadow.create_order(an_exchange_order()), an_exchange_order().aux_ref_num),
    ]
    assert [created.number for created, _ in made] == [f"SHADOW-{key}" for _, key in made]
    assert shadow.create_memo(a_memo()) == made[2][0]
