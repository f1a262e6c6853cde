"""What a page needs of whoever asks for it: the permission table, as the console applies it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import g
from flask.typing import ResponseReturnValue

from app.permissions import Actor, Permission

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
_NEEDED = "needed_permission"
ANYBODY = "anybody"
"""What a view needs that everybody who is signed in may have."""


def needs(permission: Permission | str) -> Callable[[View], View]:
    """Mark a view with the permission that it needs, or with ANYBODY. A view without a mark is refused to everybody."""

    def mark(view: View) -> View:
        setattr(view, _NEEDED, permission)
        return view

    return mark


def needed(view: Callable[..., object]) -> Permission | str | None:
    """What a view is marked with."""
    found: Permission | str | None = getattr(view, _NEEDED, None)
    return found


def actor() -> Actor:
    """Who asks. Raises RuntimeError where nobody is signed in."""
    if g.person is None:
        raise RuntimeError("nobody is signed in here")
    found: Actor = g.person.actor
    return found


def may(permission: Permission | str) -> bool:
    """Whether who asks may do this; templates name a permission by its value."""
    if g.person is None:
        return False
    return permission == ANYBODY or actor().may(Permission(permission))


def allows(view: Callable[..., object]) -> bool:
    """Whether a view is for who asks."""
    wanted = needed(view)
    return wanted is not None and may(wanted)
