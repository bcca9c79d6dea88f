"""The exported record (D-17): everything needed to check one inspection without this server.

``manifest.json`` names every member with its SHA-256; ``events.jsonl`` holds the wire objects; ``headers.jsonl`` the
bare headers that lie between them in their devices' chains, so that completeness can be shown without disclosing
other inspections; ``receipts/`` and ``keys.json`` let anybody check signatures and the log. What only the server can
say (which events are kept apart and why, which files lack, the flags) stands in the manifest, and ``manifest.sig`` is
its signature under the log's key.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from sqlalchemy import and_, or_, select

from server.accounts import operations as accounts
from server.audit import log_keys
from server.evidence import operations as evidence
from server.inspections import operations, receipts
from server.inspections.cards import wire
from server.inspections.domain import PackUnknown
from server.inspections.record_text import record_text
from server.inspections.tables import EventRow
from server.kernel import b64url
from server.platform import clock
from server.platform.blobs import blobs
from server.platform.db import session
from server.platform.keys import server_keys

EVENTS = EventRow.__table__
FORMAT = "suijian-record-1"
MANIFEST_TAG = b"suijian/manifest/v1\0"
# A zip member's own time stamp says nothing; a fixed one makes two exports of one record equal.
EPOCH = (1980, 1, 1, 0, 0, 0)

RecordPdf = Callable[[str], bytes | None]
_pdf: list[RecordPdf] = []


def record_pdf_from(source: RecordPdf) -> None:
    """Let documents contribute ``record.pdf``: ``source(insp)`` gives its bytes, or None while there is none."""
    _pdf[:] = [source]


class _Pack:
    """A zip being written, with the hash of every member for the manifest."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        self.zip = opened
        self.members: dict[str, dict[str, object]] = {}

    def put(self, name: str, data: bytes) -> None:
        info = zipfile.ZipInfo(name, EPOCH)
        # Photos and sound are compressed already.
        info.compress_type = zipfile.ZIP_STORED if name.startswith("blobs/") else zipfile.ZIP_DEFLATED
        self.zip.writestr(info, data)
        self.members[name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}

    def put_lines(self, name: str, lines: Iterable[dict[str, str]]) -> None:
        self.put(name, "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines).encode())


def write_zip(insp_id: str, target: BinaryIO | io.BytesIO) -> dict[str, object]:
    """Write the export; answers the manifest. Raises InspectionUnknown."""
    view = operations.inspection(insp_id)
    rows = (
        session()
        .execute(
            select(EVENTS).where(EVENTS.c.insp == insp_id, EVENTS.c.place == "").order_by(EVENTS.c.dev, EVENTS.c.n)
        )
        .all()
    )
    devs = sorted({row.dev for row in rows})
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        pack = _Pack(opened)
        pack.put_lines("events.jsonl", [wire(row.header, row.sig, row.body) for row in rows])
        between, ends = _headers(insp_id, devs, rows)
        pack.put_lines("headers.jsonl", between)
        _put_receipts(pack, ends)
        log: dict[str, object] = {"name": receipts.LOG_NAME, "vkey": receipts.note_key().vkey}
        older = [key.statement for key in log_keys.old_keys()]
        if older:
            log["older"] = older
        pack.put("keys.json", _json({"log": log, "devices": _devices(devs)}))
        lacking = _put_blobs(pack, view.agency_id, insp_id)
        text = _put_record(pack, insp_id)
        manifest: dict[str, object] = {
            "format": FORMAT,
            "insp": insp_id,
            "number": view.number,
            "agency": view.agency_id,
            "state": view.state,
            "code": view.code,
            "flags": list(view.flags),
            "made_ms": clock.now_ms(),
            "events": len(rows),
            "quarantined": {row.h: row.code for row in rows if row.status != "stored"},
            "lacking": lacking,
            "record_text": text,
            "members": pack.members,
        }
        told = _json(manifest)
        opened.writestr(zipfile.ZipInfo("manifest.json", EPOCH), told)
        opened.writestr(zipfile.ZipInfo("manifest.sig", EPOCH), b64url.encode(server_keys().log.sign(MANIFEST_TAG + told)))
    return manifest


def _headers(insp_id: str, devs: Sequence[str], rows: Sequence[object]) -> tuple[list[dict[str, str]], dict[str, int]]:
    """Bare headers of every other event of these devices up to the receipt that covers the inspection's last one."""
    last: dict[str, int] = {}
    for row in rows:
        last[row.dev] = max(last.get(row.dev, -1), row.n)
    ends = {dev: receipts.head_after(dev, n) for dev, n in last.items()}
    ranges = [and_(EVENTS.c.dev == dev, EVENTS.c.n <= ends[dev]) for dev in devs]
    if not ranges:
        return [], {}
    found = session().execute(
        select(EVENTS.c.header, EVENTS.c.sig)
        .where(or_(*ranges), EVENTS.c.place == "", EVENTS.c.insp != insp_id)
        .order_by(EVENTS.c.dev, EVENTS.c.n)
    )
    return [{"h": bytes(row.header).decode(), "s": b64url.encode(bytes(row.sig))} for row in found], ends


def _put_receipts(pack: _Pack, ends: dict[str, int]) -> None:
    for dev, n, text in receipts.covering(sorted(ends)):
        if n <= ends[dev]:
            pack.put(f"receipts/{dev}-{n:08d}.tlog-proof", text.encode())


def _devices(devs: Sequence[str]) -> list[dict[str, object]]:
    """Public keys of the devices, each with the server's signed record of whose it is."""
    found: list[dict[str, object]] = []
    for dev in devs:
        device, record = accounts.device(dev), accounts.device_record(dev)
        if device is not None:
            found.append(
                {
                    "dev": dev,
                    "spki": b64url.encode(device.spki),
                    "user": device.user_id,
                    "installation": device.installation,
                    "record": record[0] if record else "",
                    "record_sig": record[1] if record else "",
                }
            )
    return found


def _put_blobs(pack: _Pack, agency_id: str, insp_id: str) -> list[str]:
    """All files the record names that have arrived; answers those that have not."""
    named = evidence.named_in(agency_id, insp_id)
    held = evidence.held_of(agency_id, sorted(named))
    for sha256 in sorted(held):
        with blobs().open(sha256) as file:
            pack.put(f"blobs/{sha256}", file.read())
    return sorted(set(named) - held)


def _put_record(pack: _Pack, insp_id: str) -> str:
    """pack.json, record.txt and, if documents has one, record.pdf; answers the b64url hash of the text."""
    try:
        view = operations.visit(insp_id)
    except PackUnknown:
        return ""
    with blobs().open(str(view.inspection.pack_sha)) as file:
        pack.put("pack.json", file.read())
    text = record_text(view.visit, view.pack).encode()
    pack.put("record.txt", text)
    pdf = _pdf[0](insp_id) if _pdf else None
    if pdf is not None:
        pack.put("record.pdf", pdf)
    return b64url.encode(hashlib.sha256(text).digest())


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
