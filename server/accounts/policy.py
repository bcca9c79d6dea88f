"""What is asked of a device: when it locks by itself, whether lists carry a watermark (WG-9a), and to whom it seals
a copy of the vault key for the day the PIN is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from server.kernel import b64url
from server.kernel.errors import DomainError
from server.platform import boxes
from server.platform.keys import server_keys
from server.rules import operations as rules

IDLE_LOCK_MINUTES = 5


@dataclass(frozen=True)
class DevicePolicy:
    idle_lock_minutes: int = IDLE_LOCK_MINUTES
    watermark: bool = True
    recovery_key: str = ""


def device_policy(agency_id: str) -> DevicePolicy:
    """The policy of an agency. Where its rules cannot be read, the stricter answer: nobody is kept from signing in."""
    try:
        values = rules.rules_for(agency_id).values
    except DomainError:
        return DevicePolicy(recovery_key=recovery_key())
    return DevicePolicy(
        int(values.get("secrecy.idle_lock_minutes", IDLE_LOCK_MINUTES)),
        bool(values.get("secrecy.watermark", True)),
        recovery_key(),
    )


def recovery_key() -> str:
    """SPKI in b64url of the key to which phones seal a copy of the vault key (docs/adr/0012)."""
    return b64url.encode(boxes.public_bytes(server_keys().recovery.public_key()))
