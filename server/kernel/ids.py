"""Typed identifiers, and the UUIDv7 layout (RFC 9562 section 5.7).

Whoever creates a thing makes its id, the phone included, so that a retry is the same row. The time
inside a UUIDv7 only keeps index pages warm: no rule may read it back.
"""

from __future__ import annotations

import re
from typing import NewType
from uuid import UUID

AgencyId = NewType("AgencyId", str)
UserId = NewType("UserId", str)
UnitId = NewType("UnitId", str)
EntityId = NewType("EntityId", str)
InspectorId = NewType("InspectorId", str)
DrawId = NewType("DrawId", str)
BatchId = NewType("BatchId", str)
AssignmentId = NewType("AssignmentId", str)
InspectionId = NewType("InspectionId", str)
ReportId = NewType("ReportId", str)
DeviceId = NewType("DeviceId", str)
"""One enrolment (person x installation, D-5): 22 characters, see `chain.device_id`."""
EventHash = NewType("EventHash", str)
"""base64url of H, the SHA-256 of an event's PAE: the identity of an event."""
BlobHash = NewType("BlobHash", str)
"""Lower-case hexadecimal SHA-256 of a file's bytes, as `sha256sum` prints it."""

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


def uuid7_from(ms: int, rand: bytes) -> str:
    """The UUIDv7 of a Unix time in milliseconds and ten random bytes; ValueError if either does not fit."""
    if not 0 <= ms < 1 << 48:
        raise ValueError("ms must fit in 48 bits")
    if len(rand) != 10:
        raise ValueError("rand must be 10 bytes")
    bits = int.from_bytes(rand, "big")
    rand_a, rand_b = bits >> 68, bits & ((1 << 62) - 1)
    return str(UUID(int=ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b))


def is_uuid7(text: str) -> bool:
    """Whether `text` is a UUIDv7 in its one accepted spelling (lower case, hyphens)."""
    return _UUID7.fullmatch(text) is not None


def is_blob_hash(text: str) -> bool:
    """Whether `text` is a SHA-256 as 64 lower-case hexadecimal digits."""
    return _SHA256_HEX.fullmatch(text) is not None
