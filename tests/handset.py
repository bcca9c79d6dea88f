"""The handset: a real P-256 key, a real chain, real requests. It can be told to misbehave.

``FieldPhone`` does what the field app does: it makes signed events by itself, keeps them all, sends what it likes
in the order it likes, and uploads files by tus.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.inspections import attest
from server.inspections.fold import fold
from server.inspections.record_text import record_text
from server.kernel import b64url, canonical, chain, merkle
from server.platform import clock
from tests import world

PREFIX = "/api/v1"
TUS = {"Tus-Resumable": "1.0.0"}
Wire = dict[str, str]


def salt() -> str:
    return b64url.encode(secrets.token_bytes(12))


def h_of(wire: Wire) -> str:
    """The identity of a wire event."""
    return b64url.encode(chain.event_hash(wire["h"].encode()))


def header_of(wire: Wire) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(wire["h"])
    return found


@dataclass
class FieldPhone:
    """One enrolment in somebody's hand. ``sent`` and ``wires`` are everything it ever made, in chain order."""

    device: world.Phone
    client: world.Client
    wires: list[Wire] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    skew_ms: int = 0
    off: int = 0
    boot: str = field(default_factory=lambda: b64url.encode(secrets.token_bytes(6)))
    mono: int = 60_000
    wall: int = 0
    seen: list[Any] | None = None
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def user(self) -> str:
        return str(self.device.person.id)

    @property
    def dev(self) -> str:
        return self.device.dev

    @property
    def head(self) -> str:
        return h_of(self.wires[-1]) if self.wires else chain.GENESIS_PREV

    def event(self, t: str, body: Mapping[str, Any] | None = None, insp: str = "", **header: Any) -> Wire:
        """Make, sign and keep one event, a second after the last one."""
        wire = self.make(t, body, insp, **header)
        self.wires.append(wire)
        self.counters[insp] = self.counters.get(insp, 0) + 1
        return wire

    def make(self, t: str, body: Mapping[str, Any] | None = None, insp: str = "", **header: Any) -> Wire:
        """Sign an event that continues the chain, without keeping it; ``header`` overrides fields."""
        self.mono += 1000
        self.wall = max(self.wall + 1000, clock.now_ms() - 3_600_000) if not self.wall else self.wall + 1000
        body_bytes = canonical.encode({"salt": salt(), **(body or {})})
        fields: dict[str, Any] = {
            "v": 1,
            "t": t,
            "dev": self.dev,
            "n": len(self.wires),
            "prev": self.head,
            "insp": insp,
            "i": self.counters.get(insp, 0),
            "wall": self.wall + self.skew_ms,
            "mono": self.mono,
            "boot": self.boot,
            "off": self.off,
            "offage": 1000,
            "by": self.user,
            "body": b64url.encode(chain.body_hash(body_bytes)),
            "blen": len(body_bytes),
        }
        if self.seen is not None:
            fields["seen"] = self.seen
        header_bytes = canonical.encode({**fields, **header}, limit=canonical.HEADER_LIMIT)
        return {"h": header_bytes.decode(), "s": self.device.sign(chain.pae(header_bytes)), "b": body_bytes.decode()}

    def genesis(self) -> Wire:
        return self.event(
            "dev.genesis",
            {
                "spki": self.device.spki_text,
                "installation": self.device.installation,
                "user": self.user,
                "agency": str(self.device.person.agency_id),
                "app": "tests",
            },
        )

    # --- the wire -------------------------------------------------------------------------------------------

    def send(self, wires: Sequence[Wire] | None = None, *, packed: bool = False, status: int = 200) -> dict[str, Any]:
        """POST events (all of them by default); keeps the receipt. ``packed``: gzip."""
        data = json.dumps({"epoch": 1, "events": list(self.wires if wires is None else wires)}).encode()
        headers = {"Content-Type": "application/json"}
        if packed:
            data, headers["Content-Encoding"] = gzip.compress(data), "gzip"
        answer = self.client.post(f"{PREFIX}/sync/events", data=data, headers=headers)
        assert answer.status_code == status, (answer.status_code, answer.text)
        found: dict[str, Any] = answer.get_json()
        if found.get("receipt"):
            self.receipts.append(found["receipt"])
        return found

    def changes(self, cursor: str = "") -> dict[str, Any]:
        answer = self.client.get(f"{PREFIX}/sync/changes", query_string={"cursor": cursor} if cursor else {})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def lacks(self, shas: Sequence[str]) -> list[str]:
        answer = self.client.post(f"{PREFIX}/sync/lacks", json={"sha256": list(shas)})
        assert answer.status_code == 200, answer.text
        return list(answer.get_json()["lacks"])

    def announce(self, data: bytes, mime: str, *, with_bytes: bool = False, insp: str = "", **more: str) -> Any:
        """tus creation; the whole answer. ``insp`` is what the field app says of every file of a visit."""
        headers = {
            **TUS,
            "Upload-Length": str(len(data)),
            "Upload-Metadata": metadata(sha256=hashlib.sha256(data).hexdigest(), mime=mime, **({"insp": insp} if insp else {})),
            **more,
        }
        if with_bytes:
            headers["Content-Type"] = "application/offset+octet-stream"
        return self.client.post(f"{PREFIX}/evidence/uploads", headers=headers, data=data if with_bytes else None)

    def patch(self, location: str, offset: int, piece: bytes, **more: str) -> Any:
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", **more}
        return self.client.patch(location, headers=headers, data=piece)

    def upload(self, data: bytes, mime: str, chunk: int = 1 << 20, insp: str = "") -> str:
        """Announce and send a file in pieces; answers its SHA-256."""
        made = self.announce(data, mime, insp=insp)
        assert made.status_code == 201, made.text
        offset = int(made.headers["Upload-Offset"])
        while offset < len(data):
            sent = self.patch(made.headers["Location"], offset, data[offset : offset + chunk])
            assert sent.status_code == 204, sent.text
            offset = int(sent.headers["Upload-Offset"])
        return hashlib.sha256(data).hexdigest()

    # --- acts of a visit ------------------------------------------------------------------------------------

    def photo(self, insp: str, data: bytes, mime: str = "image/jpeg", **body: Any) -> Wire:
        return self.event(
            "photo.add",
            {
                "sha256": hashlib.sha256(data).hexdigest(),
                "size": len(data),
                "mime": mime,
                "width": 64,
                "height": 48,
                "src": "inapp",
                "purpose": "item",
                **body,
            },
            insp,
        )

    def attest(self, visit: Visit, level: str = "A3") -> Wire:
        folded = visit.fold()
        text = record_text(folded, visit.pack)
        return self.event("attest", attest.attestation(folded, text, level), visit.insp)

    def seal(self, visit: Visit, **body: Any) -> Wire:
        folded = visit.fold()
        claim = attest.attestation(folded, record_text(folded, visit.pack), "A1")
        own = [b64url.decode(h_of(w)) for w in self.wires if header_of(w)["insp"] == visit.insp]
        return self.event(
            "seal",
            {
                "d": claim["d"],
                "text": claim["text"],
                "chains": claim["chains"],
                "count": len(own),
                "root": b64url.encode(merkle.root([merkle.leaf_hash(h) for h in own])),
                "outcome": "completed",
                "party": True,
                "ended": self.wall,
                **body,
            },
            visit.insp,
        )


@dataclass
class Visit:
    """One inspection as the phones carry it."""

    insp: str
    pack: dict[str, Any]
    pack_sha: str
    phones: list[FieldPhone]

    def fold(self) -> dict[str, Any]:
        """What all phones together know."""
        events = [
            {"h": h_of(wire), "header": header_of(wire), "body": json.loads(wire["b"])}
            for phone in self.phones
            for wire in phone.wires
        ]
        return fold(events, self.pack)

    def open(self, phone: FieldPhone) -> Wire:
        return phone.event(
            "insp.open",
            {
                "pack": self.pack_sha,
                "pin": self.pack["pin"],
                "mode": "on_site",
                "assignments": [a["id"] for a in self.pack["assignments"]],
                "checklists": [{"id": c["id"], "hash": c["hash"]} for c in self.pack["checklists"]],
            },
            self.insp,
        )


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
