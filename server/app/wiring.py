"""Which capability listens to which: the links that the import direction does not allow to be direct."""

from __future__ import annotations

from server.accounts import operations as accounts
from server.registry import operations as registry


def connect() -> None:
    """Register every listener. Doing it again changes nothing."""
    accounts.describe_people_with(registry.describe)
