"""Small facts about this installation that must travel with its database."""

from __future__ import annotations

from server.platform.db import session, transaction
from server.platform.tables import ServerState


def get(key: str) -> str | None:
    """The value kept under ``key``, or None."""
    row = session().get(ServerState, key)
    return None if row is None else row.value


def put(key: str, value: str) -> None:
    """Keep ``value`` (at most 200 characters); joins the running unit of work if there is one."""
    with transaction() as current:
        row = current.get(ServerState, key)
        if row is None:
            current.add(ServerState(key=key, value=value))
        else:
            row.value = value
