"""The amounts of credit memos: any part of a line, in any steps, to the cent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.memo_amounts import Credited, own_memos, part_of_line
from app.domain.money import Money, minor_unit
from tests.unit.domain import build
from tests.unit.domain.build import item, line, ret, rules
from tests.unit.domain.play import Play, share


class TestThePartOfALine:
    @given(
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
        minors=st.tuples(*[st.integers(0, 100_000)] * 3),
        steps=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    )
    def test_any_steps_add_up_to_total_times_k_over_n_half_up(
        self, currency: str, minors: tuple[int, int, int], steps: list[int]
    ) -> None:
        step, units = minor_unit(currency), sum(steps)
        net, tax, disc = (str(minor * step) for minor in minors)
        sold = line(1, "X", units, net, tax, disc, currency=currency)
        nothing = Money.zero(currency)
        before = Credited(0, nothing, nothing, nothing)

        for count in steps:
            part = part_of_line(sold, before, count)
            before = Credited(
                before.units + count, before.net + part.net, before.disc + part.disc, before.tax + part.tax
            )
            for name in ("net", "tax", "disc"):
                assert getattr(before, name).amount == share(getattr(sold, name).amount, before.units, units, currency)

        assert (before.net, before.tax, before.disc) == (sold.net, sold.tax, sold.disc)

    def test_more_than_the_rule_credited_by_hand_leaves_the_rest_and_never_less_than_nothing(self) -> None:
        sold = line(1, "X", 4, net="100.00", tax="21.00")
        by_hand = Credited(1, Money.of("60.00", "EUR"), Money.zero("EUR"), Money.of("0.00", "EUR"))

        part = part_of_line(sold, by_hand, 1)

        assert (str(part.net), str(part.tax)) == ("0.00", "10.50")


def test_own_memos_are_those_that_were_or_may_have_been_made() -> None:
    play = Play(rules(judge="warehouse"), build.order(line(1, "X", 3)), ret(item(units=3)))
    for outcome in ("posted", "lost"):
        play.receive(("X", 1, "A"))
        while play.ready("r1"):
            key = play.ready("r1")[0]
            play.send(key, outcome=outcome if key.startswith("CM") else "posted")
    play.receive(("X", 1, "A"))

    memos = own_memos(play.book().entries.values(), "SO1")

    assert [memo.aux_ref_num for memo in memos] == ["CM-r1-1", "CM-r1-2"]
