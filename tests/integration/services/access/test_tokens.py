from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.db.engine import transaction
from app.db.tables.history import History
from app.db.tables.people import ApiToken
from app.domain.blockers import Team
from app.permissions import Actor, Role
from app.services.access.tokens import PREFIX, NoSuchToken, TokenNotMade, actor_of, add_token, list_tokens, revoke_token
from tests.support.whole_database import whole_database


@pytest.fixture(autouse=True)
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty bridge."""
    monkeypatch.setenv("DATABASE_URL", database)


def _made(
    name: str = "desk",
    role: Role = Role.OPERATOR,
    teams: Sequence[Team] = (Team.CX,),
    expires_at: datetime | None = None,
) -> str:
    return add_token(name, role, teams, "ann", expires_at).reveal()


def test_a_token_says_who_shows_it() -> None:
    text = _made(teams=(Team.FINANCE, Team.CX))

    assert actor_of(text) == Actor("token desk", Role.OPERATOR, frozenset({Team.CX, Team.FINANCE}))


def test_the_database_holds_only_a_hash() -> None:
    text = _made()

    kept = str(whole_database())

    assert "desk" in kept
    assert text not in kept
    assert text.removeprefix(PREFIX) not in kept


def test_no_two_tokens_are_alike_and_each_holds_256_bits() -> None:
    texts = {_made(f"t{number}") for number in range(20)}

    assert len(texts) == 20
    assert {len(text) for text in texts} == {len(PREFIX) + 43}


@pytest.mark.parametrize("text", ["", PREFIX, PREFIX + "x" * 43, "x" * 50, PREFIX + "x" * 5000, PREFIX + "\udcff"])
def test_an_unknown_token_is_nobodys(text: str) -> None:
    _made()

    assert actor_of(text) is None


def test_a_revoked_token_is_nobodys_and_cannot_be_made_again() -> None:
    text = _made()

    revoke_token("desk", "ben")

    assert actor_of(text) is None
    with pytest.raises(TokenNotMade, match="take another"):
        _made()
    with pytest.raises(NoSuchToken, match="revoked already"):
        revoke_token("desk", "ben")
    (view,) = list_tokens()
    assert (view.revoked_by, view.revoked_at is not None) == ("ben", True)


def test_a_token_ends_at_its_time() -> None:
    now = datetime.now(UTC)

    assert actor_of(_made("over", expires_at=now - timedelta(seconds=1))) is None
    assert actor_of(_made("good", expires_at=now + timedelta(hours=1))) is not None


def test_the_use_is_noted_once_a_minute() -> None:
    text = _made()

    def used() -> datetime | None:
        (view,) = list_tokens()
        return view.last_used_at

    assert used() is None
    actor_of(text)
    first = used()
    assert first is not None
    actor_of(text)
    assert used() == first
    with transaction() as session:
        session.execute(update(ApiToken).values(last_used_at=first - timedelta(minutes=1)))
    actor_of(text)
    assert (used() or first) > first - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("role", "teams"), [(Role.OPERATOR, ()), (Role.VIEWER, (Team.CX,)), (Role.SERVICE, (Team.CX,))]
)
def test_role_and_teams_must_go_together(role: Role, teams: Sequence[Team]) -> None:
    with pytest.raises(TokenNotMade):
        _made("wrong", role, teams)
    assert list_tokens() == []


def test_the_history_says_who_made_and_ended_it() -> None:
    text = _made()
    revoke_token("desk", "ben")

    with transaction() as session:
        rows = session.scalars(select(History).order_by(History.id)).all()

    assert [(row.what, row.key, row.detail["by"]) for row in rows] == [
        ("token added", "desk", "ann"),
        ("token revoked", "desk", "ben"),
    ]
    assert text not in str([row.detail for row in rows])
