"""Receiving: announce a file, take it in pieces, keep it for good.

Order of completion: length, SHA-256, header check, fsync, link into the store, folder fsync, row, commit. Only
then is the upload called complete. A kill in between leaves either an upload that can go on, or bytes in the
store without a row, which the next attempt adopts; never a row without its bytes.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, func, select

from server.evidence import domain, media, photos
from server.evidence.tables import EvidenceBlob, EvidenceRef, insert_into
from server.evidence.uploads import Checksum, Upload, sha256_of, shelf
from server.kernel.ids import is_blob_hash
from server.platform import clock
from server.platform.blobs import blobs
from server.platform.db import session, unit_of_work
from server.platform.ids import new_id
from server.rules import operations as rules


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a client announces. ``owner``: its device, else its person. ``insp`` may be empty."""

    enrolled: bool
    owner: str
    agency_id: str
    sha256: str
    length: int
    mime: str
    insp: str


def announce(what: Announcement, *, in_one_go: bool = False) -> Upload | None:
    """Open an upload; None when the blob is already kept, so that not a byte need be sent.

    Raises MediaRefused, UploadTooLarge, MediaDiffers (length differs from the signed event), NotNamed, QuotaReached.
    """
    if not is_blob_hash(what.sha256):
        raise domain.TusRefused("Upload-Metadata 缺少 sha256")
    standing = _standing(what)
    if standing.held:
        return None
    mime = domain.base_mime(what.mime)
    domain.admit(standing.kind, mime, what.length)
    if standing.size and standing.size != what.length:
        raise domain.MediaDiffers("文件长度与记录中登记的不一致", signed=standing.size, announced=what.length)
    if standing.today + what.length > domain.BYTES_PER_DEVICE_AND_DAY:
        raise domain.QuotaReached()
    if standing.kind == "unnamed" and not what.enrolled:
        raise domain.NotNamed()
    if standing.kind == "unnamed" and standing.unnamed + what.length > domain.UNNAMED_BYTES_PER_DEVICE:
        raise domain.QuotaReached("尚无记录提到这些文件，请先同步检查记录")
    stack = shelf()
    if not in_one_go and stack.open_uploads(what.owner) >= domain.OPEN_UPLOADS_PER_DEVICE:
        raise domain.QuotaReached("未完成的上传过多，请先完成已有的")
    upload = Upload(
        id=new_id(),
        owner=what.owner,
        agency_id=what.agency_id,
        sha256=what.sha256,
        length=what.length,
        mime=mime,
        kind=standing.kind,
        insp=what.insp,
        geotag_allowed=standing.geotag_allowed,
        expires_ms=clock.now_ms() + domain.UPLOAD_LIFE_MS,
    )
    stack.create(upload, in_one_go=in_one_go)
    return upload


def receive(
    upload: Upload,
    offset: int,
    read: Callable[[int], bytes],
    checksum: Checksum | None = None,
    *,
    in_one_go: bool = False,
) -> int:
    """Take one piece; when it was the last, keep the file. Answers the new offset.

    Raises what ``Shelf.append`` raises, and MediaDiffers, MediaRefused, GeoTagged at completion (nothing is kept).
    """
    stack = shelf()
    if upload.done:
        if offset != upload.length:
            raise domain.OffsetWrong(offset=upload.length)
        return upload.length
    with stack.writing(upload) as descriptor:
        try:
            at = stack.append(upload, descriptor, offset, read, checksum)
        except domain.UploadCut:
            if in_one_go:
                stack.discard(upload)
            raise
        if at < upload.length:
            if in_one_go:
                stack.discard(upload)
                raise domain.UploadCut()
            return at
        try:
            found = _examine(upload, descriptor)
        except (domain.MediaDiffers, domain.MediaRefused, domain.GeoTagged):
            stack.discard(upload)
            raise
        blobs().put_file(stack.part(upload), upload.sha256)
        _keep(upload.agency_id, upload.sha256, upload.length, found, upload.owner)
        stack.finish(upload)
    return at


def arrived(upload: Upload) -> int:
    """How many bytes have arrived; all of them only when the file is kept.

    A server that was killed between the last byte and the commit finds a full part at the next question. A client
    takes "everything has arrived" for "it is safe" and asks no more, so the file is kept now, before the answer.
    Raises what ``receive`` raises.
    """
    at = shelf().offset(upload)
    if at == upload.length and not upload.done:
        return receive(upload, at, lambda _size: b"")
    return at


def _examine(upload: Upload, descriptor: int) -> media.Media:
    """Hash and headers of the complete part. Raises MediaDiffers, MediaRefused, GeoTagged."""
    if sha256_of(descriptor) != upload.sha256:
        raise domain.MediaDiffers()
    if upload.mime == domain.STROKES:
        return _examine_strokes(os.pread(descriptor, media.MAX_STROKES_BYTES + 1, 0))
    if upload.length == 0:
        raise domain.MediaRefused("文件是空的")
    with mmap.mmap(descriptor, upload.length, prot=mmap.PROT_READ) as window:
        try:
            found = media.look(window)
        except media.UnknownMedia as unknown:
            raise domain.MediaRefused(str(unknown)) from unknown
    domain.judge(found, upload.kind, upload.mime, upload.geotag_allowed)
    return found


def _examine_strokes(data: bytes) -> media.Media:
    try:
        strokes = json.loads(data)
    except (ValueError, RecursionError) as broken:
        raise domain.MediaRefused("笔迹文件不是有效的 JSON") from broken
    if not isinstance(strokes, list | dict):
        raise domain.MediaRefused("笔迹文件应为对象或数组")
    return media.Media(domain.STROKES)


@unit_of_work
def _keep(agency_id: str, sha256: str, size: int, found: media.Media, owner: str) -> None:
    """The row that makes a blob "held". Its bytes are already durable."""
    state = "pending" if found.mime in domain.IMAGES else "plain"
    session().execute(
        insert_into(EvidenceBlob)
        .values(
            agency_id=agency_id,
            sha256=sha256,
            size=size,
            mime=found.mime,
            width=found.width,
            height=found.height,
            owner=owner,
            received_at=clock.now(),
            state=state,
            derived={},
        )
        .on_conflict_do_nothing()
    )
    if state == "pending":
        photos.wanted()


@dataclass(frozen=True, slots=True)
class _Standing:
    held: bool
    kind: str
    size: int
    geotag_allowed: bool
    today: int
    unnamed: int


def _standing(what: Announcement) -> _Standing:
    """What is known about a hash and its sender, in one statement (two for a hash no event has named)."""
    day_ago = clock.now() - timedelta(days=1)
    today = (
        select(func.coalesce(func.sum(EvidenceBlob.size), 0))
        .where(EvidenceBlob.owner == what.owner, EvidenceBlob.received_at > day_ago)
        .scalar_subquery()
    )
    held = (
        select(func.count())
        .where(EvidenceBlob.agency_id == what.agency_id, EvidenceBlob.sha256 == what.sha256)
        .scalar_subquery()
    )
    mine = and_(EvidenceRef.agency_id == what.agency_id, EvidenceRef.sha256 == what.sha256)
    one = select(today.label("today"), held.label("held")).subquery()
    rows = (
        session()
        .execute(
            select(one.c.today, one.c.held, EvidenceRef.kind, EvidenceRef.size, EvidenceRef.geotag_allowed).select_from(
                one.outerjoin(EvidenceRef, mine)
            )
        )
        .all()
    )
    first = rows[0]
    if first.held or first.kind is not None:
        # Several inspections may name one blob; the strictest of them decides about the position.
        geotag = all(row.geotag_allowed for row in rows if row.geotag_allowed is not None)
        return _Standing(bool(first.held), first.kind or "photo", first.size or 0, geotag, first.today, 0)
    return _Standing(False, "unnamed", 0, _geotag_allowed(what.agency_id), first.today, _unnamed_bytes(what.owner))


def _unnamed_bytes(owner: str) -> int:
    """Bytes this sender has delivered that no event names yet."""
    refs = select(EvidenceRef.sha256).where(
        EvidenceRef.agency_id == EvidenceBlob.agency_id, EvidenceRef.sha256 == EvidenceBlob.sha256
    )
    query = select(func.coalesce(func.sum(EvidenceBlob.size), 0)).where(EvidenceBlob.owner == owner, ~refs.exists())
    return int(session().scalar(query) or 0)


def _geotag_allowed(agency_id: str) -> bool:
    """The agency's own rule (``secrecy.geotag``); an inspection's pinned rule comes with the naming event."""
    return rules.rules_for(agency_id).values.get("secrecy.geotag") not in ("off", False)
