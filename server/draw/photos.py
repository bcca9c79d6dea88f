"""The photo of the dice: kept under its hash, shown to whoever may see the ceremony, proof and not picture."""

from __future__ import annotations

from server.accounts.domain import Actor
from server.audit import operations as audit
from server.draw import overview
from server.draw.refusals import DrawUnknown, PhotoWrong
from server.platform.blobs import blobs
from server.platform.db import unit_of_work

MOST = 8 * 1024 * 1024
KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def kind_of(data: bytes) -> str | None:
    return next((kind for magic, kind in KINDS if data.startswith(magic)), None)


def keep_photo(actor: Actor, draw_id: str, data: bytes) -> str:
    """Store what B photographed; answers its SHA-256, which goes into the row with the dice. Raises ``PhotoWrong``."""
    row = overview.row_for(actor, draw_id)
    overview.party_of(row, actor, dice=True)
    if len(data) > MOST or kind_of(data) is None:
        raise PhotoWrong("照片须为 JPEG 或 PNG，且不超过 8 MB")
    sha256 = blobs().put_bytes(data)
    _note(actor, row.id, row.agency_id, sha256)
    return sha256


@unit_of_work
def _note(actor: Actor, draw_id: str, agency_id: str, sha256: str) -> None:
    audit.record(actor, "draw.photo_kept", "draw", draw_id, agency_id, {"sha256": sha256})


def photo_for(actor: Actor, draw_id: str) -> tuple[bytes, str]:
    """The photo and its media type. Raises ``DrawUnknown`` when there is none."""
    row = overview.row_for(actor, draw_id)
    if not row.dice_photo:
        raise DrawUnknown("这次掷骰没有照片")
    with blobs().open(row.dice_photo) as file:
        data = file.read()
    return data, kind_of(data) or "application/octet-stream"
