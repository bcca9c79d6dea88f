"""Checking an exported record (D-17) without its server: standard library, ``cryptography`` and the kernel only.

``verify(file)`` answers a Finding: OK, or the first fault with its code. Every byte is checked against what was
signed: members against the manifest, bodies against headers, headers against their chain and signature, the chain
heads against receipts, receipts against the log key, seals and attestations against their roots, files against
their names. What cannot be seen from inside one file (was the log shown to others the same?) is not claimed.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from server.kernel import b64url, canonical, chain, checkpoint, merkle

FORMAT = "suijian-record-1"
RECORD_TAG = b"suijian/device-record/v1\0"
MANIFEST_TAG = b"suijian/manifest/v1\0"
KEY_TITLE = "suijian/log-key/v1"
MOST_MEMBERS, MOST_TEXT, MOST_FILE, MOST_ALL = 20_000, 64 << 20, 256 << 20, 4 << 30


class Fault(Exception):
    """The first thing that is wrong. ``code`` for machines, the text for people (Chinese)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Finding:
    """``code`` "OK", else the fault's. ``facts`` count what was checked."""

    code: str
    text: str
    facts: dict[str, int]

    @property
    def ok(self) -> bool:
        return self.code == "OK"


@dataclass(frozen=True)
class Signed:
    """A checked header with its identity; ``body`` is None for a bare header or an erased body."""

    h: str
    header: dict[str, Any]
    body: dict[str, Any] | None


def verify(file: str | BinaryIO, log_key: str | None = None) -> Finding:
    """Check an export. ``log_key`` (``name+id+base64``) is the key learnt elsewhere; without it the key in the
    file is believed, which proves consistency and not origin."""
    try:
        with zipfile.ZipFile(file) as archive:
            _bounded(archive)
            return Finding("OK", "记录完整，未发现改动", _check(archive, log_key))
    except Fault as fault:
        return Finding(fault.code, fault.text, {})
    except Exception as broken:
        # A made-up file can break any reader in any way (encrypted members, unknown compression, nesting without
        # end): whatever it is, the answer is that this is no record, never a trace.
        return Finding("E_FILE", f"文件损坏或不是导出的检查记录：{broken}", {})


def _bounded(archive: zipfile.ZipFile) -> None:
    """Refuse what would unpack to more than any record: sizes as the zip tells them, which its reader enforces."""
    infos = archive.infolist()
    text = sum(info.file_size for info in infos if not info.filename.startswith("blobs/"))
    fits = len(infos) <= MOST_MEMBERS and text <= MOST_TEXT and sum(info.file_size for info in infos) <= MOST_ALL
    _need(fits and all(info.file_size <= MOST_FILE for info in infos), "E_TOO_LARGE", "解压后过大，不是检查记录")


def _check(archive: zipfile.ZipFile, log_key: str | None) -> dict[str, int]:
    manifest = _members(archive)
    keys = json.loads(archive.read("keys.json"))
    note_keys = _log_keys(keys, log_key)
    devices = _devices(keys, note_keys)
    insp = str(manifest["insp"])
    own = [_read_event(line, devices, whole=True) for line in _lines(archive, "events.jsonl")]
    between = [_read_event(line, devices, whole=False) for line in _lines(archive, "headers.jsonl")]
    for event in own:
        _need(event.header["insp"] == insp, "E_FOREIGN", "含有其他检查的事件")
    for event in between:
        _need(event.header["insp"] != insp, "E_HIDDEN", "本次检查的事件缺少内容")
    heads = _chains([*own, *between], _starts(keys))
    receipts = _receipts(archive, heads, note_keys)
    apart = set(manifest["quarantined"])
    _need(apart <= {event.h for event in own}, "E_MANIFEST", "清单称隔离的事件不在记录中")
    kept = [event for event in own if event.h not in apart]
    acts = _acts(kept, own)
    files = _files(archive, kept, set(manifest["lacking"]))
    if "record.txt" in manifest["members"]:
        found = b64url.encode(hashlib.sha256(archive.read("record.txt")).digest())
        _need(found == manifest["record_text"], "E_TEXT", "笔录文字与清单不一致")
        _need(_sealed_words(found, kept), "E_TEXT", "笔录文字与封存的不一致")
    signed = _signed(archive, bool(apart), note_keys)
    counts = {"events": len(own), "headers": len(between), "receipts": receipts, "acts": acts, "files": files}
    return {**counts, "quarantined": len(apart), "manifest_signed": int(signed)}


def _need(true: bool, code: str, text: str) -> None:
    if not true:
        raise Fault(code, text)


def _members(archive: zipfile.ZipFile) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    _need(manifest.get("format") == FORMAT, "E_FORMAT", "不是随检导出的检查记录")
    names = archive.namelist()
    _need(len(names) == len(set(names)), "E_MEMBER", "文件中有重名成员")
    extra = set(names) - {"manifest.sig"} ^ {*manifest["members"], "manifest.json"}
    _need(not extra, "E_MEMBER", f"成员与清单不符：{'、'.join(sorted(extra)[:3])}")
    for name, told in manifest["members"].items():
        data = archive.read(name)
        same = len(data) == told["size"] and hashlib.sha256(data).hexdigest() == told["sha256"]
        _need(same, "E_MEMBER", f"{name} 与清单不符")
    return manifest


def _lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    # Only LF ends a line here: splitlines() also cuts at U+2028 and U+0085, which may stand inside a note.
    return [json.loads(line) for line in archive.read(name).decode().split("\n") if line]


def _signed(archive: zipfile.ZipFile, apart: bool, logs: list[checkpoint.NoteKey]) -> bool:
    """Whether the server has signed the manifest. Phones sign their events; that one of them is kept out of the record
    is the server's word alone (record-log 2.10), so without its signature nobody may take one out."""
    if "manifest.sig" not in archive.namelist():
        _need(not apart, "E_MANIFEST", "清单没有服务器签名，却称有事件被隔离")
        return False
    signature = b64url.decode(archive.read("manifest.sig").decode(), 64)
    message = MANIFEST_TAG + archive.read("manifest.json")
    _need(any(_ed25519(log.public, message, signature) for log in logs), "E_MANIFEST", "清单的服务器签名不成立")
    return True


# --- keys -------------------------------------------------------------------------------------------------------


def _log_keys(keys: dict[str, Any], wanted: str | None) -> list[checkpoint.NoteKey]:
    """The log's key and those before it, newest first; an older one counts when both have signed its statement."""
    found = [checkpoint.read_vkey(keys["log"]["vkey"])]
    for note in reversed(keys["log"].get("older", [])):
        title, old, new, *_ = note.split("\n")
        before = checkpoint.read_vkey(old.removeprefix("old "))
        named = title == KEY_TITLE and new == f"new {found[-1].vkey}"
        for key in (before, found[-1]):
            checkpoint.open_note(note, [key], _ed25519)
        _need(named, "E_NOTE_SIG", "日志换钥的声明不正确")
        found.append(before)
    _need(wanted is None or wanted in {key.vkey for key in found}, "E_NOTE_SIG", "记录由另一把日志密钥签署")
    return found


def _devices(keys: dict[str, Any], logs: list[checkpoint.NoteKey]) -> dict[str, tuple[ec.EllipticCurvePublicKey, str]]:
    """dev → (public key, person), each vouched for by the server's signed device record."""
    found = {}
    for entry in keys["devices"]:
        spki = b64url.decode(entry["spki"])
        record = json.loads(entry["record"])
        message, signature = RECORD_TAG + entry["record"].encode(), b64url.decode(entry["record_sig"])
        vouched = any(_ed25519(log.public, message, signature) for log in logs)
        told = (record["dev"], record["spki"], record["user"])
        same = told == (entry["dev"], entry["spki"], entry["user"]) and entry["dev"] == chain.device_id(spki)
        _need(vouched and same, "E_DEV_UNKNOWN", f"设备 {entry['dev']} 的登记不可信")
        key = serialization.load_der_public_key(spki)
        _need(isinstance(key, ec.EllipticCurvePublicKey), "E_DEV_UNKNOWN", "设备密钥类型不正确")
        assert isinstance(key, ec.EllipticCurvePublicKey)
        found[str(entry["dev"])] = (key, str(entry["user"]))
    return found


def _ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _es256(key: ec.EllipticCurvePublicKey, message: bytes, raw: bytes) -> bool:
    try:
        der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key.verify(der, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


# --- events and chains ------------------------------------------------------------------------------------------


def _read_event(
    wire: dict[str, Any], devices: dict[str, tuple[ec.EllipticCurvePublicKey, str]], *, whole: bool
) -> Signed:
    raw = wire["h"].encode()
    try:
        header = canonical.decode(raw, canonical.HEADER_LIMIT)
        body = canonical.decode(wire["b"].encode()) if "b" in wire else None
    except ValueError as wrong:
        raise Fault("E_CANON", "事件不是规范的 JSON") from wrong
    h = b64url.encode(chain.event_hash(raw))
    name = f"事件 {header['dev']}/{header['n']}"
    _need(header["dev"] in devices, "E_DEV_UNKNOWN", f"{name} 的设备没有登记")
    key, user = devices[header["dev"]]
    _need(header["by"] == user, "E_USER_DEV", f"{name} 的记录人与设备不符")
    _need(_es256(key, chain.pae(raw), b64url.decode(wire["s"], 64)), "E_SIG", f"{name} 的签名不成立")
    if "b" in wire:
        _need(whole, "E_HIDDEN", f"{name} 不应带有内容")
        same = header["body"] == b64url.encode(chain.body_hash(wire["b"].encode()))
        _need(same and header["blen"] == len(wire["b"].encode()), "E_BODY", f"{name} 的内容与签名摘要不一致")
    return Signed(h, header, body if isinstance(body, dict) else None)


def _starts(keys: dict[str, Any]) -> dict[str, str]:
    """dev → what its first event must follow, where an older key named this one (docs/keys.md)."""
    records = [json.loads(entry["record"]) for entry in keys["devices"]]
    return {str(record["dev"]): str(record["rotated_by"]) for record in records if "rotated_by" in record}


def _chains(events: list[Signed], starts: dict[str, str]) -> dict[str, list[str]]:
    """dev → H in order; every chain from 0 on without a gap or a fork."""
    heads: dict[str, list[str]] = {}
    for event in sorted(events, key=lambda e: (e.header["dev"], e.header["n"])):
        known = heads.setdefault(event.header["dev"], [])
        name = f"设备 {event.header['dev']}"
        _need(event.header["n"] <= len(known), "E_GAP", f"{name} 缺少序号 {len(known)} 的事件")
        _need(event.header["n"] == len(known), "E_FORK", f"{name} 的序号 {event.header['n']} 重复")
        before = known[-1] if known else starts.get(event.header["dev"], chain.GENESIS_PREV)
        _need(event.header["prev"] == before, "E_FORK", f"{name} 的事件 {event.header['n']} 与前一条不衔接")
        known.append(event.h)
    return heads


def _receipts(archive: zipfile.ZipFile, heads: dict[str, list[str]], logs: list[checkpoint.NoteKey]) -> int:
    """Check every receipt; each device's last event must be covered by one."""
    covered: dict[str, int] = {}
    count = 0
    for name in sorted(n for n in archive.namelist() if n.startswith("receipts/")):
        text = archive.read(name).decode()
        try:
            extra = checkpoint.parse_proof(text).extra or b""
            leaf = chain.log_leaf(extra[:16], extra[16:])
            checkpoint.check_proof(text, leaf, logs[0].name, logs, _ed25519)
        except (checkpoint.BadNote, checkpoint.BadProof) as bad:
            raise Fault(bad.code, f"{name} 不成立") from bad
        entry = canonical.decode(extra[16:])
        known = heads.get(entry["dev"], [])
        there = entry["n"] < len(known) and known[entry["n"]] == entry["h"]
        _need(there, "A_EVENT_DELETED", f"{name} 证明的事件不在记录中")
        covered[entry["dev"]] = max(covered.get(entry["dev"], -1), entry["n"])
        count += 1
    for dev, known in heads.items():
        _need(covered.get(dev, -1) == len(known) - 1, "E_PROOF", f"设备 {dev} 的最后一条事件没有回执")
    return count


# --- what was signed about the record ---------------------------------------------------------------------------


def _acts(kept: list[Signed], own: list[Signed]) -> int:
    """Seals name exactly the events before them; digests of attestations and seals follow from their parts."""
    pins = [e.body["pin"] for e in kept if e.header["t"] == "insp.open" and e.body]
    count = 0
    for event in kept:
        kind, body = event.header["t"], event.body
        if body is None or kind not in ("attest", "seal"):
            continue
        count += 1
        name = f"{'核验' if kind == 'attest' else '封存'} {event.header['dev']}/{event.header['n']}"
        pin = body.get("pin") or (pins[0] if pins else "")
        d = chain.attested_digest(str(event.header["insp"]), pin, body["text"], body["chains"])
        _need(body["d"] == b64url.encode(d), "E_DIGEST", f"{name} 的摘要不正确")
        if kind == "seal":
            before = [e.h for e in own if e.header["dev"] == event.header["dev"] and e.header["n"] < event.header["n"]]
            leaves = [merkle.leaf_hash(b64url.decode(h)) for h in before]
            fits = body["count"] == len(before) and body["root"] == b64url.encode(merkle.root(leaves))
            _need(fits, "E_SEAL_ROOT", f"{name} 的记录数或摘要不符")
    return count


def _sealed_words(found: str, kept: list[Signed]) -> bool:
    """The words are those of a seal; not asked before the first seal, nor while a later round is open."""
    seals = [event for event in kept if event.header["t"] == "seal" and event.body]
    if not seals:
        return True
    moment = lambda event: event.header["wall"] + event.header["off"]
    last = max(map(moment, seals))
    if any(event.header["t"] in ("reply", "supplement.photo") and moment(event) > last for event in kept):
        return True
    return found in {seal.body["text"] for seal in seals if seal.body}


def _files(archive: zipfile.ZipFile, kept: list[Signed], lacking: set[str]) -> int:
    """Every blob is what its name says, and every file a photo or sound event names is there or listed as lacking."""
    here = set()
    for name in archive.namelist():
        if name.startswith("blobs/"):
            digest = hashlib.sha256(archive.read(name)).hexdigest()
            _need(name == f"blobs/{digest}", "E_MEDIA", f"{name} 的内容与名称不符")
            here.add(digest)
    for event in kept:
        if event.header["t"] in ("photo.add", "audio.add", "supplement.photo", "late.photo") and event.body:
            sha256 = event.body["sha256"]
            _need(sha256 in here | lacking, "E_MEDIA", f"缺少文件 {sha256}")
    return len(here)
