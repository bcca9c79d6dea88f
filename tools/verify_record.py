#!/usr/bin/env python3
"""核验随检导出的检查记录（ZIP）。只需 Python 3.9+ 和 cryptography，不需要服务器，也不联网。

用法：  python3 verify_record.py 记录.zip [--log-key 日志公钥]
逐字节核对成员与清单、设备登记、事件的签名和衔接、内容摘要、服务器回执（Merkle 证明和签名）、核验与封存的摘要、
笔录文字、照片文件。全部相符打印 OK；否则打印第一处不符及其代码，退出码为 1。
日志公钥应从别处取得（公告栏、上级机关），否则只能证明前后一致，不能证明出自哪台服务器。

This file is an implementation of its own (formats: docs/log.md, docs/events.md); it imports nothing of the server.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

FORMAT = "suijian-record-1"
PAYLOAD = b"application/vnd.suijian.event.v1+json"
GENESIS = "A" * 43
Devices = dict[str, tuple[ec.EllipticCurvePublicKey, str]]
CHINA = timezone(timedelta(hours=8))
MOST_MEMBERS, MOST_TEXT, MOST_FILE, MOST_ALL = 20_000, 64 << 20, 256 << 20, 4 << 30
FILES = ("photo.add", "audio.add", "supplement.photo", "late.photo")


class Fault(Exception):
    """The first thing that is wrong: a code for machines, a sentence for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Event(NamedTuple):
    h: str
    header: dict[str, Any]
    body: dict[str, Any] | None


class Key(NamedTuple):
    """An Ed25519 key of a log by name."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return sha(self.name.encode() + b"\n\x01" + self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+" + base64.b64encode(b"\x01" + self.public).decode()


def need(true: bool, code: str, text: str) -> None:
    if not true:
        raise Fault(code, text)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tagged(tag: str, *parts: bytes) -> bytes:
    return sha(b"suijian/" + tag.encode() + b"/v1\0" + b"".join(parts))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str, size: int | None = None) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(b64(data) == text and (size is None or len(data) == size), "E_CANON", "base64url 书写不规范")
    return data


def standard(text: str, code: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    need(base64.b64encode(data).decode() == text, code, "base64 书写不规范")
    return data


NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def canonical(raw: bytes, most: int = 65_536) -> dict[str, Any]:
    """The object of canonical bytes. There is one spelling only: it is written again and compared."""
    need(len(raw) <= most, "E_CANON", "事件过大")
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_pairs, parse_float=_none, parse_constant=_none)
        _check(value, 1)
        same = isinstance(value, dict) and encode(value) == raw
    except (ValueError, RecursionError):
        raise Fault("E_CANON", "事件不是规范的 JSON") from None
    need(same, "E_CANON", "事件不是规范的 JSON")
    return dict(value)


def encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    need(len(found) == len(pairs), "E_CANON", "事件中有重复的键")
    return found


def _none(text: str) -> Any:
    raise Fault("E_CANON", f"事件中不允许 {text}")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, (dict, list)):
        need(depth <= 8, "E_CANON", "事件嵌套过深")
        for one in value.values() if isinstance(value, dict) else value:
            _check(one, depth + 1)
        if isinstance(value, dict):
            need(all(NAME.fullmatch(name) for name in value), "E_CANON", "事件的键不规范")
    elif isinstance(value, int):
        need(abs(value) < 1 << 53, "E_CANON", "事件的整数过大")
    else:
        need(isinstance(value, str), "E_CANON", "事件中不允许空值")


def leaf_hash(data: bytes) -> bytes:
    return sha(b"\x00" + data)


def root_of(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha(b"")
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:]))


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    place, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = sha(b"\x01" + sibling + value)
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            value = sha(b"\x01" + value + sibling)
        place, last = place >> 1, last >> 1
    return 0 <= index < size and last == 0 and value == root


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def es256_holds(key: ec.EllipticCurvePublicKey, message: bytes, raw: bytes) -> bool:
    try:
        der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key.verify(der, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def read_vkey(text: str) -> Key:
    name, _, rest = text.partition("+")
    data = standard(rest.partition("+")[2], "E_NOTE_SIG")
    need(len(data) == 33 and data[:1] == b"\x01", "E_NOTE_SIG", "不是日志公钥")
    key = Key(name, data[1:])
    need(key.vkey == text, "E_NOTE_SIG", "日志公钥的编号不符")
    return key


def open_note(note: str, keys: list[Key]) -> tuple[str, set[str]]:
    """The text of a signed note and the vkeys that have signed it. A bad line of a known key spoils it."""
    text, separator, block = note.rpartition("\n\n")
    need(bool(separator) and block.endswith("\n"), "E_NOTE_SIG", "不是签名的文本")
    text += "\n"
    good: set[str] = set()
    for line in block[:-1].split("\n"):
        need(line.startswith("— "), "E_NOTE_SIG", "签名行不正确")
        name, _, encoded = line[2:].partition(" ")
        value = standard(encoded, "E_NOTE_SIG")
        for key in keys:
            if (key.name, key.id) == (name, value[:4]):
                need(ed25519_holds(key.public, text.encode(), value[4:]), "E_NOTE_SIG", f"{name} 的签名不成立")
                good.add(key.vkey)
    need(bool(good), "E_NOTE_SIG", "没有已知的日志密钥签名")
    return text, good


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    lines = text.split("\n")
    need(len(lines) >= 4 and lines[1].isdigit(), "E_NOTE_SIG", "不是检查点")
    root = standard(lines[2], "E_NOTE_SIG")
    need(len(root) == 32, "E_NOTE_SIG", "检查点的根不正确")
    return lines[0], int(lines[1]), root


def read_receipt(text: str, log: str, keys: list[Key]) -> dict[str, Any]:
    """The entry a receipt proves, after its signature and its path have been checked."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    shape = bool(separator) and len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1"
    need(shape and lines[1].startswith("extra ") and re.fullmatch(r"index (0|[1-9][0-9]{0,15})", lines[2]) is not None,
         "E_PROOF", "不是回执")
    extra, index = standard(lines[1][6:], "E_PROOF"), int(lines[2][6:])
    path = [standard(line, "E_PROOF") for line in lines[3:]]
    need(all(len(value) == 32 for value in path) and len(path) <= 63, "E_PROOF", "回执的路径不正确")
    origin, size, root = read_checkpoint(open_note(note, keys)[0])
    need(origin == log, "E_NOTE_SIG", "回执属于另一份日志")
    leaf = leaf_hash(tagged("leaf", extra[:16], extra[16:]))
    need(included(leaf, index, size, path, root), "E_PROOF", "回执的证明不成立")
    return canonical(extra[16:])


class Record:
    """An opened export, every read within bounds."""

    def __init__(self, file: Any) -> None:
        self.zip = zipfile.ZipFile(file)
        infos = self.zip.infolist()
        need(len(infos) <= MOST_MEMBERS, "E_TOO_LARGE", "成员过多")
        need(sum(info.file_size for info in infos) <= MOST_ALL, "E_TOO_LARGE", "解压后过大")
        self.names = [info.filename for info in infos]
        need(len(self.names) == len(set(self.names)), "E_MEMBER", "文件中有重名成员")
        self.left = MOST_TEXT

    def read(self, name: str) -> bytes:
        """A text member; all of them together stay within MOST_TEXT."""
        with self.zip.open(name) as opened:
            data = opened.read(self.left + 1)
        need(len(data) <= self.left, "E_TOO_LARGE", f"{name} 解压后过大")
        self.left -= len(data)
        return data

    def digest(self, name: str) -> tuple[str, int]:
        """(SHA-256, size) of any member, in pieces."""
        found, size = hashlib.sha256(), 0
        with self.zip.open(name) as opened:
            while piece := opened.read(1 << 20):
                size += len(piece)
                need(size <= MOST_FILE, "E_TOO_LARGE", f"{name} 解压后过大")
                found.update(piece)
        return found.hexdigest(), size

    def lines(self, name: str) -> list[dict[str, Any]]:
        # Only LF ends a line: U+2028 may stand inside a note.
        return [json.loads(line) for line in self.read(name).decode().split("\n") if line]


def check(record: Record, wanted: str | None) -> dict[str, Any]:
    """Everything; answers what was found. Raises Fault."""
    manifest = _manifest(record)
    keys = json.loads(record.read("keys.json"))
    log_keys = _log_keys(keys["log"], wanted)
    devices, starts = _devices(keys["devices"], log_keys)
    own = [_event(wire, devices, True) for wire in record.lines("events.jsonl")]
    between = [_event(wire, devices, False) for wire in record.lines("headers.jsonl")]
    insp = str(manifest["insp"])
    need(all(event.header["insp"] == insp for event in own), "E_FOREIGN", "含有其他检查的事件")
    need(all(event.header["insp"] != insp for event in between), "E_HIDDEN", "本次检查的事件缺少内容")
    heads = _chains([*own, *between], starts)
    receipts = _receipts(record, heads, keys["log"]["name"], log_keys)
    kept = [event for event in own if event.h not in manifest["quarantined"]]
    acts = _acts(kept, own)
    text = _text(record, manifest, kept)
    files = _files(record, kept, set(manifest["lacking"]))
    return {
        "signed": _signed(record, manifest, log_keys, own), "apart": manifest["quarantined"],
        "number": manifest.get("number"), "code": _code(kept), "events": len(own), "headers": len(between),
        "receipts": len(receipts), "acts": acts, "files": files, "lacking": len(manifest["lacking"]), "text": text,
        "received": max(receipts) if receipts else None, "flags": manifest.get("flags", []), "trusted": wanted is not None,
    }


def _manifest(record: Record) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(record.read("manifest.json"))
    need(manifest.get("format") == FORMAT, "E_FORMAT", "不是随检导出的检查记录")
    extra = set(record.names) - {"manifest.sig"} ^ {*manifest["members"], "manifest.json"}
    need(not extra, "E_MEMBER", f"成员与清单不符：{'、'.join(sorted(extra)[:3])}")
    for name, told in manifest["members"].items():
        need(record.digest(name) == (told["sha256"], told["size"]), "E_MEMBER", f"{name} 与清单不符")
    return manifest


def _signed(record: Record, manifest: dict[str, Any], keys: list[Key], own: list[Event]) -> bool:
    """Whether the server has signed the manifest. Without that nobody may take an event out of the record."""
    apart, signed = set(manifest["quarantined"]), "manifest.sig" in record.names
    need(not apart or signed and apart <= {e.h for e in own}, "E_MANIFEST", "清单称有事件被隔离，却没有服务器签名，或不在记录中")
    if signed:
        message, sig = b"suijian/manifest/v1\0" + record.read("manifest.json"), unb64(record.read("manifest.sig").decode(), 64)
        need(any(ed25519_holds(key.public, message, sig) for key in keys), "E_MANIFEST", "清单的服务器签名不成立")
    return signed


def _log_keys(log: dict[str, Any], wanted: str | None) -> list[Key]:
    """The log's key and those before it: an older one counts when it has named its successor and that one has signed
    the statement as well."""
    keys = [read_vkey(log["vkey"])]
    for note in reversed(log.get("older", [])):
        lines = note.split("\n")
        need(lines[0] == "suijian/log-key/v1" and lines[2] == f"new {keys[-1].vkey}", "E_NOTE_SIG", "换钥声明不正确")
        old = read_vkey(lines[1].removeprefix("old "))
        need(open_note(note, [old, keys[-1]])[1] == {old.vkey, keys[-1].vkey}, "E_NOTE_SIG", "换钥声明的签名不成立")
        keys.append(old)
    need(wanted is None or wanted in {key.vkey for key in keys}, "E_NOTE_SIG", "记录由另一把日志密钥签署")
    return keys


def _devices(entries: list[dict[str, Any]], logs: list[Key]) -> tuple[Devices, dict[str, str]]:
    """dev -> (public key, person), vouched for by the server; dev -> what its first event follows after a change of key."""
    found, starts = {}, {}
    for entry in entries:
        record, signature, spki = entry["record"].encode(), unb64(entry["record_sig"], 64), unb64(entry["spki"])
        vouched = any(ed25519_holds(log.public, b"suijian/device-record/v1\0" + record, signature) for log in logs)
        told = json.loads(record)
        same = (told["dev"], told["spki"], told["user"]) == (entry["dev"], entry["spki"], entry["user"])
        need(vouched and same and entry["dev"] == b64(tagged("dev", spki)[:16]), "E_DEV_UNKNOWN", f"设备 {entry['dev']} 的登记不可信")
        key = serialization.load_der_public_key(spki)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise Fault("E_DEV_UNKNOWN", "设备密钥类型不正确")
        found[str(entry["dev"])] = (key, str(entry["user"]))
        if "rotated_by" in told:
            starts[str(entry["dev"])] = str(told["rotated_by"])
    return found, starts


def _event(wire: dict[str, Any], devices: Devices, whole: bool) -> Event:
    raw = wire["h"].encode()
    header = canonical(raw, 4096)
    body = canonical(wire["b"].encode()) if "b" in wire else None
    name = f"事件 {header['dev']}/{header['n']}"
    need(header["dev"] in devices, "E_DEV_UNKNOWN", f"{name} 的设备没有登记")
    key, user = devices[header["dev"]]
    need(header["by"] == user, "E_USER_DEV", f"{name} 的记录人与设备不符")
    pae = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD, len(raw), raw)
    need(es256_holds(key, pae, unb64(wire["s"], 64)), "E_SIG", f"{name} 的签名不成立")
    if "b" in wire:
        need(whole, "E_HIDDEN", f"{name} 不应带有内容")
        data = wire["b"].encode()
        need(header["body"] == b64(tagged("body", data)) and header["blen"] == len(data), "E_BODY", f"{name} 的内容与签名摘要不一致")
    return Event(b64(sha(pae)), header, body)


def _chains(events: list[Event], starts: dict[str, str]) -> dict[str, list[str]]:
    """dev -> H in order, from 0 on without a gap or a fork."""
    heads: dict[str, list[str]] = {}
    for event in sorted(events, key=lambda e: (e.header["dev"], e.header["n"])):
        dev, n = event.header["dev"], event.header["n"]
        known = heads.setdefault(dev, [])
        need(n <= len(known), "E_GAP", f"设备 {dev} 缺少序号 {len(known)} 的事件")
        need(n == len(known), "E_FORK", f"设备 {dev} 的序号 {n} 重复")
        before = known[-1] if known else starts.get(dev, GENESIS)
        need(event.header["prev"] == before, "E_FORK", f"设备 {dev} 的事件 {n} 与前一条不衔接")
        known.append(event.h)
    return heads


def _receipts(record: Record, heads: dict[str, list[str]], log: str, keys: list[Key]) -> list[int]:
    """When the server received what (ms); the last event of every device must be covered."""
    covered: dict[str, int] = {}
    times = []
    for name in sorted(n for n in record.names if n.startswith("receipts/")):
        try:
            entry = read_receipt(record.read(name).decode(), log, keys)
        except Fault as fault:
            raise Fault(fault.code, f"{name}：{fault.text}") from None
        known = heads.get(entry["dev"], [])
        need(entry["n"] < len(known) and known[entry["n"]] == entry["h"], "A_EVENT_DELETED", f"{name} 证明的事件不在记录中")
        covered[entry["dev"]] = max(covered.get(entry["dev"], -1), entry["n"])
        times.append(entry["rx"])
    for dev, known in heads.items():
        need(covered.get(dev, -1) == len(known) - 1, "E_PROOF", f"设备 {dev} 的最后一条事件没有回执")
    return times


def _acts(kept: list[Event], own: list[Event]) -> int:
    """Attestations and seals: their digest follows from their parts, a seal names exactly the events before it."""
    pins = [e.body["pin"] for e in kept if e.header["t"] == "insp.open" and e.body]
    count = 0
    for event in kept:
        body, kind = event.body, event.header["t"]
        if body is None or kind not in ("attest", "seal"):
            continue
        count += 1
        name = f"{'核验' if kind == 'attest' else '封存'} {event.header['dev']}/{event.header['n']}"
        chains = sorted(({"dev": c["dev"], "n": c["n"], "root": c["root"]} for c in body["chains"]), key=lambda c: c["dev"])
        pin = body.get("pin") or (pins[0] if pins else "")
        parts = {"chains": chains, "insp": event.header["insp"], "pin": pin, "text": body["text"]}
        need(body["d"] == b64(tagged("attest", encode(parts))), "E_DIGEST", f"{name} 的摘要不正确")
        if kind == "seal":
            before = [e.h for e in own if e.header["dev"] == event.header["dev"] and e.header["n"] < event.header["n"]]
            root = b64(root_of([leaf_hash(unb64(h, 32)) for h in before]))
            need(body["count"] == len(before) and body["root"] == root, "E_SEAL_ROOT", f"{name} 的记录数或摘要不符")
    return count


def _text(record: Record, manifest: dict[str, Any], kept: list[Event]) -> str:
    """Whether the words of the record are those that were attested and sealed."""
    if "record.txt" not in record.names:
        return "没有笔录文字"
    found = b64(sha(record.read("record.txt")))
    need(found == manifest["record_text"], "E_TEXT", "笔录文字与清单不一致")
    seals = [e for e in kept if e.header["t"] == "seal" and e.body]
    if not seals:
        return "尚未封存，笔录文字未经封存确认"
    last = max(_moment(e) for e in seals)
    if any(e.header["t"] in ("reply", "supplement.photo") and _moment(e) > last for e in kept):
        return "封存之后有补正，笔录文字尚未重新封存"
    need(found in {e.body["text"] for e in seals if e.body}, "E_TEXT", "笔录文字与封存的不一致")
    return "笔录文字与封存的一致"


def _moment(event: Event) -> int:
    return int(event.header["wall"]) + int(event.header["off"])


def _files(record: Record, kept: list[Event], lacking: set[str]) -> int:
    here = set()
    for name in (n for n in record.names if n.startswith("blobs/")):
        digest = record.digest(name)[0]
        need(name == f"blobs/{digest}", "E_MEDIA", f"{name} 的内容与名称不符")
        here.add(digest)
    for event in kept:
        if event.header["t"] in FILES and event.body:
            need(event.body["sha256"] in here | lacking, "E_MEDIA", f"缺少文件 {event.body['sha256']}")
    return len(here)


def _code(kept: list[Event]) -> str:
    """The record code of the party: the first 50 bits of the first seal's digest."""
    seals = sorted((e for e in kept if e.header["t"] == "seal" and e.body), key=_moment)
    if not seals or seals[0].body is None:
        return ""
    bits = int.from_bytes(unb64(seals[0].body["d"], 32)[:7], "big") >> 6
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[bits >> shift & 31] for shift in range(45, -5, -5))


def verify(file: Any, log_key: str | None = None) -> tuple[str, str, dict[str, Any]]:
    """(code, sentence, findings); the code is OK or that of the first fault."""
    try:
        return "OK", "记录完整，未发现改动", check(Record(file), log_key)
    except Fault as fault:
        return fault.code, fault.text, {}
    except Exception as broken:
        # A made-up file can break any reader in any way; whatever it is, this is no record.
        return "E_FILE", f"文件损坏或不是导出的检查记录：{broken}", {}


def main() -> int:
    parser = argparse.ArgumentParser(description="核验随检导出的检查记录")
    parser.add_argument("file", help="导出的 ZIP 文件")
    parser.add_argument("--log-key", help="从别处取得的日志公钥（name+id+base64）")
    asked = parser.parse_args()
    code, text, found = verify(asked.file, asked.log_key)
    print(f"{code} {text}")
    if code != "OK":
        return 1
    print(f"检查编号 {found['number']}，记录码 {found['code'] or '（尚未封存）'}")
    print(f"事件 {found['events']} 条，签名全部成立；其间其他检查的事件头 {found['headers']} 条，前后衔接无缺")
    print(f"核验与封存 {found['acts']} 次，摘要相符；{found['text']}")
    print(f"照片等文件 {found['files']} 个与名称相符，尚缺 {found['lacking']} 个")
    if found["received"] is not None:
        at = datetime.fromtimestamp(found["received"] / 1000, CHINA)
        print(f"服务器回执 {found['receipts']} 份，最后一份收于 {at:%Y-%m-%d %H:%M:%S}（北京时间）")
    if found["apart"]:
        reasons = "、".join(sorted(set(found["apart"].values())))
        print(f"其中被服务器隔离、不算记录内容的 {len(found['apart'])} 条（{reasons}）：签名真实，是否隔离由服务器判定并签名说明")
    if not found["signed"]:
        print("注意：清单没有服务器签名，尚缺的文件和以下提示只是这份文件自己的说法")
    if found["flags"]:
        print("服务器另有提示：" + "、".join(found["flags"]))
    if not found["trusted"]:
        print("注意：没有提供日志公钥，只证明文件前后一致，没有证明出自哪台服务器")
    return 0


if __name__ == "__main__":
    sys.exit(main())
