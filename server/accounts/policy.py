"""What the agency's rules ask of a device: when it locks by itself, and whether lists carry a watermark (WG-9a)."""

from __future__ import annotations

from dataclasses import dataclass

from server.kernel.errors import DomainError
from server.rules import operations as rules

IDLE_LOCK_MINUTES = 5


@dataclass(frozen=True)
class DevicePolicy:
    idle_lock_minutes: int = IDLE_LOCK_MINUTES
    watermark: bool = True


def device_policy(agency_id: str) -> DevicePolicy:
    """The policy of an agency. Where its rules cannot be read, the stricter answer: nobody is kept from signing in."""
    try:
        values = rules.rules_for(agency_id).values
    except DomainError:
        return DevicePolicy()
    return DevicePolicy(
        int(values.get("secrecy.idle_lock_minutes", IDLE_LOCK_MINUTES)), bool(values.get("secrecy.watermark", True))
    )
