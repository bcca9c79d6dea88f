"""Lists that are secret until they are published (WG-9a, WG-9b): who may see them, and a fact for every reading.

    @blp.get("/batches/<batch_id>")
    @access("plan_officer", "reviewer")
    @blp.response(200, BatchDetailOut)
    @secret("batch", of="batch_id", need_to_know=True)
    def one_batch(batch_id): ...

Every reading writes who, when, which and how many into the audit chain, and a blinded leaf into the public log, so that
nobody can take it out again. ``counts(n)`` inside the view says how many units were shown; none shown, nothing written.
A test drives every GET route and fails when a unit's name was answered without its fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import g

from server.accounts.domain import Actor, ListEmbargoed
from server.audit import operations as audit
from server.audit import public_log
from server.kernel.errors import DomainError
from server.platform import clock
from server.platform.db import unit_of_work
from server.rules import operations as rules

P = ParamSpec("P")
R = TypeVar("R")
EVERYBODY_ASSIGNED = "assigned_inspectors"
# What is secret where an agency's rules cannot be read: the stricter answer.
VISIBLE = ("plan_officer", "reviewer", EVERYBODY_ASSIGNED)

Published = Callable[[str, str, str], bool]
_published: list[Published] = []


def published_when(told: Published) -> None:
    """Let ``told(agency_id, what, object_id)`` say that a list is public by now; publication registers itself here."""
    if told not in _published:
        _published.append(told)


def embargoed(agency_id: str, what: str, object_id: str = "") -> bool:
    """Whether the list is still secret."""
    if _values(agency_id).get("secrecy.embargo_until", "result_published") == "none":
        return False
    return not any(told(agency_id, what, object_id) for told in _published)


def counts(shown: int) -> None:
    """How many secret things this answer shows; without it the answer counts as one."""
    g.secret_shown = shown


def secret(
    what: str, *, of: str = "", why: str = "work", need_to_know: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare that a view shows a secret list. ``of`` is the argument that names the object; ``need_to_know`` turns
    away roles that the profile's ``secrecy.list_visible_to`` does not name. Stands directly above the view."""

    def declare(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            actor: Actor = g.actor
            object_id = str(kwargs.get(of, ""))
            if not embargoed(actor.agency_id, what, object_id):
                return view(*args, **kwargs)
            if need_to_know and not may_know(actor):
                _refused(actor, what, object_id)
                raise ListEmbargoed("名单公开前仅限需要知悉的人员查看，本次查看已记录")
            answer = view(*args, **kwargs)
            shown = g.pop("secret_shown", 1)
            if shown:
                note(actor, what, object_id, shown, why)
            return answer

        guarded.__dict__["_secret"] = what
        return guarded

    return declare


def may_know(actor: Actor) -> bool:
    """Whether the agency lets this role see the lists before they are public."""
    visible = set(_values(actor.agency_id).get("secrecy.list_visible_to", VISIBLE))
    return actor.has(*visible) or (EVERYBODY_ASSIGNED in visible and actor.has("inspector"))


def note(actor: Actor, what: str, object_id: str, shown: int, why: str) -> None:
    """One reading of a list that a view has declared."""
    reading(actor, "secrecy.read", what, object_id, shown, why)


@unit_of_work
def reading(
    actor: Actor, verb: str, what: str, object_id: str, shown: int, why: str, more: Mapping[str, object] | None = None
) -> None:
    """A fact of the agency under its ``verb``, and a blinded leaf of the log (security 4.4): for the lists of draws and
    plans, which judge by themselves who may read them."""
    audit.record(actor, verb, what, object_id, facts={"count": shown, "why": why, **(more or {})})
    public_log.append(
        {"v": 1, "k": "read", "by": actor.user_id, "what": what, "of": object_id, "count": shown, "at": clock.now_ms()}
    )


@unit_of_work
def _refused(actor: Actor, what: str, object_id: str) -> None:
    audit.record(actor, "secrecy.refused", what, object_id)


def _values(agency_id: str) -> dict[str, Any]:
    try:
        return dict(rules.rules_for(agency_id).values)
    except DomainError:
        return {}
