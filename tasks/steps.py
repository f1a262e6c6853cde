"""The steps of the way of a return, and the chain that carries a slice of returns through them.

Each takes the row numbers of returns and gives on those that went through. What it makes, and in what order, the
ledger says; run again, a step finds its work done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import ceil, log2

from celery import chain

from app.domain.policy import Kind
from app.services.ledger.planning import SOON
from app.services.ledger.posting import Outcome, post
from app.services.ledger.validation import validate
from app.services.outside import outside
from app.services.sweep import SLICE
from tasks.backlog import FEW, waiting
from tasks.celery import PASSES_BY_ITSELF, STEPS, app

_AUTHORISE = frozenset({Kind.RA_CANCEL, Kind.RETURN_AUTHORISATION})
_EXCHANGE = frozenset({Kind.ORDER_CANCEL, Kind.EXCHANGE_ORDER})
_JOURNAL = frozenset({Kind.INVENTORY_JOURNAL, Kind.RA_CLOSE})
_CREDIT = frozenset({Kind.CREDIT_MEMO})
_VERDICT = frozenset({Kind.VERDICT})


def launch(returns: Sequence[int], countdown: float = 0.0) -> None:
    """Send returns on their way in slices: each is validated and planned, and goes on as far as it must."""
    for start in range(0, len(returns), SLICE):
        validate_skus.apply_async((list(returns[start : start + SLICE]),), countdown=countdown)


def _send_on(due: Mapping[int, set[Kind]]) -> None:
    """Carry returns through the steps that they need: authorise → journal → credit → verdict; exchange branches off."""
    way = [step for step, kinds in _WAY if any(kinds & wanted for wanted in due.values())]
    on_the_way = [pk for pk, wanted in due.items() if any(kinds & wanted for _, kinds in _WAY)]
    if way:
        first, *others = way
        chain(first.s(on_the_way), *(step.s() for step in others)).apply_async()
    branch = [pk for pk, wanted in due.items() if _EXCHANGE & wanted]
    if branch:
        create_exchange_orders.delay(branch)


def carry_on(outcome: Outcome) -> list[int]:
    """Give on what went through, and let what passes by itself be tried again soon.

    Where steps wait already there is no message for it: the sweep, which finds the time on each return, gathers what
    many slices put off, and carries it as few.
    """
    soon: dict[int, list[int]] = defaultdict(list)
    for pk, seconds in outcome.again.items():
        if seconds <= SOON.total_seconds():
            # Coarse steps: what is put off together is tried again together.
            soon[2 ** ceil(log2(max(seconds, 1.0)))].append(pk)
    if soon and waiting(STEPS) <= FEW:
        for seconds, returns in soon.items():
            launch(returns, countdown=seconds)
    return outcome.passed


@app.task(name="tasks.steps.validate_skus", autoretry_for=PASSES_BY_ITSELF)
def validate_skus(returns: list[int]) -> list[int]:
    """Find each return's order and check its SKUs against the item master."""
    outcome = validate(returns, outside())
    _send_on(outcome.due)
    return carry_on(outcome)


@app.task(name="tasks.steps.create_return_authorisations", autoretry_for=PASSES_BY_ITSELF)
def create_return_authorisations(returns: list[int]) -> list[int]:
    """Cancel and create return authorisations."""
    return carry_on(post(_AUTHORISE, returns, outside()))


@app.task(name="tasks.steps.create_exchange_orders", autoretry_for=PASSES_BY_ITSELF)
def create_exchange_orders(returns: list[int]) -> list[int]:
    """Cancel and create exchange orders."""
    return carry_on(post(_EXCHANGE, returns, outside()))


@app.task(name="tasks.steps.post_inventory_journals", autoretry_for=PASSES_BY_ITSELF)
def post_inventory_journals(returns: list[int]) -> list[int]:
    """Post the journals of what arrived, and close return authorisations whose missing goods nobody expects."""
    return carry_on(post(_JOURNAL, returns, outside()))


@app.task(name="tasks.steps.post_credit_memos", autoretry_for=PASSES_BY_ITSELF)
def post_credit_memos(returns: list[int]) -> list[int]:
    """Post credit memos that wait for no window."""
    return carry_on(post(_CREDIT, returns, outside()))


@app.task(name="tasks.steps.send_verdicts", autoretry_for=PASSES_BY_ITSELF)
def send_verdicts(returns: list[int]) -> list[int]:
    """Tell Reveni the verdict of the warehouse, where it is the judge."""
    return carry_on(post(_VERDICT, returns, outside()))


_WAY = (
    (create_return_authorisations, _AUTHORISE),
    (post_inventory_journals, _JOURNAL),
    (post_credit_memos, _CREDIT),
    (send_verdicts, _VERDICT),
)
"""The steps in the order of the chain, and the kinds of documents that each makes."""
