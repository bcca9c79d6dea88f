"""The declaration every view carries: who may call it, and how large its body may be.

    @blp.get("/inspections")
    @access("inspector", "reviewer")
    def list_inspections(): ...

Roles by name, or one of PUBLIC (no login), SIGNED_IN (any role), OPERATOR (metrics token or this very
machine). ``server.app.access`` enforces it and refuses to start when a route has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

V = TypeVar("V", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "signed_in"
OPERATOR = "operator"
SPECIAL = frozenset({PUBLIC, SIGNED_IN, OPERATOR})


@dataclass(frozen=True)
class Declaration:
    who: frozenset[str]
    even_revoked: bool


class Undeclared(RuntimeError):
    """A route without an access declaration; a programming error, found at start."""


def access(*who: str, even_revoked: bool = False) -> Callable[[V], V]:
    """Declare who may call a view.

    A revoked device reaches only views marked ``even_revoked``; they find ``g.actor.dev_revoked`` set."""
    named = frozenset(who)
    if not named or (named & SPECIAL and len(named) > 1):
        raise Undeclared(f"not an access declaration: {who!r}")

    def mark(view: V) -> V:
        view.__dict__["_access"] = Declaration(named, even_revoked)
        return view

    return mark


def body_limit(most: int) -> Callable[[V], V]:
    """Let the bodies of this view be larger (or smaller) than the common limit, in bytes."""

    def mark(view: V) -> V:
        view.__dict__["_body_limit"] = most
        return view

    return mark
