"""Inspections: states, refusals, and which blobs an event names. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.kernel.errors import DomainError
from server.kernel.ids import is_blob_hash

STATES = ("assigned", "prepared", "in_progress", "attested", "sealed", "awaiting_second", "cancelled")
MODES = ("on_site", "document_review", "network_monitoring")
MOST_BYTES = 1_000_000_000
"""The largest size that the body rules allow an event to name."""
PHOTO_EVENTS = frozenset({"photo.add", "supplement.photo", "late.photo"})
NAMING_EVENTS = PHOTO_EVENTS | {"audio.add", "sign.party", "notice.give", "interview.add"}
"""The types for which ``blobs_of`` looks into the body."""


class InspectionUnknown(DomainError):
    """没有这项检查"""

    code = "E_INSPECTION_UNKNOWN"


class PackUnknown(DomainError):
    """没有这份检查资料包"""

    code = "E_PACK_UNKNOWN"


class PackRefused(DomainError):
    """检查资料包不完整或与检查不符"""

    code = "E_PACK"


class InspectionStarted(DomainError):
    """检查已经开始，不能取消"""

    code = "E_STARTED"


class QuarantineUnknown(DomainError):
    """没有这条被隔离的记录"""

    code = "E_QUARANTINE_UNKNOWN"


class NotReleasable(DomainError):
    """这条记录不能由人放行: what is wrong with it no decision can heal."""

    code = "E_NOT_RELEASABLE"


class OwnQuarantine(DomainError):
    """不能放行自己参加的检查的记录"""

    code = "E_OWN_QUARANTINE"
    article = "GB/T 22239-2019 8.1.4.2"


@dataclass(frozen=True, slots=True)
class NamedBlob:
    """A blob as an event names it; ``size`` 0 when the event does not say."""

    sha256: str
    size: int
    mime: str
    kind: str  # photo | ink | audio | strokes | document


def blobs_of(t: str, body: Mapping[str, Any]) -> list[NamedBlob]:
    """The files an event stands for. A malformed name names nothing."""
    found: list[NamedBlob] = []

    def add(sha256: object, mime: object, kind: str, size: object = 0) -> None:
        named = isinstance(sha256, str) and is_blob_hash(sha256) and isinstance(mime, str) and "\0" not in mime
        # The signature vouches for the sender, not for sense: what no column can hold must not stop the batch.
        if named and type(size) is int and 0 <= size <= MOST_BYTES:
            assert isinstance(sha256, str) and isinstance(mime, str)
            found.append(NamedBlob(sha256, size, mime[:64], kind))

    if t in PHOTO_EVENTS:
        add(body.get("sha256"), body.get("mime"), "photo", body.get("size"))
    elif t == "audio.add":
        add(body.get("sha256"), body.get("mime"), "audio", body.get("size"))
    elif t in NAMING_EVENTS:
        witness = body.get("witness")
        for holder in (body, witness if isinstance(witness, Mapping) else {}):
            add(holder.get("ink"), "image/png", "ink")
        add(body.get("strokes"), "application/json", "strokes")
    return found
