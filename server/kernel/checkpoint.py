"""Signed tree heads and offline proofs of the public log, in three C2SP text formats.

`tlog-checkpoint` (origin, size, root), `signed-note` with Ed25519 (type 0x01) and `tlog-proof@v1`.
They are public formats so that a witness who has never heard of this system can check the log.
Signing and verifying are passed in: no key ever enters the kernel.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.kernel import merkle

Sign = Callable[[bytes], bytes]
"""message -> 64-byte Ed25519 signature."""
Verify = Callable[[bytes, bytes, bytes], bool]
"""(32-byte public key, message, signature) -> whether it holds."""

MAX_TEXT = 65_536
_ED25519 = b"\x01"
_DASH = "— "
_PROOF_LINE = "c2sp.org/tlog-proof@v1"
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class BadNote(ValueError):
    """A note that cannot be read or that no known key has signed (E_NOTE_SIG)."""

    code = "E_NOTE_SIG"


class BadProof(ValueError):
    """A proof that cannot be read or does not lead to the signed root (E_PROOF)."""

    code = "E_PROOF"


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: who, how many leaves, and their RFC 6962 root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoteKey:
    """A public key by name; `public` is the raw 32-byte Ed25519 key."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name the key in a signature line."""
        return hashlib.sha256(
            self.name.encode("utf-8") + b"\n" + _ED25519 + self.public
        ).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one line of text, ``name+id+base64``, to print on a notice board."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(_ED25519 + self.public)}"


@dataclass(frozen=True)
class Signature:
    """One signature line, verified or not."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True)
class Note:
    """A signed note; `text` ends in a newline and is what the signatures cover."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class Proof:
    """A `tlog-proof@v1`: leaf `index`, its path, the signed checkpoint, and opaque `extra` bytes."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


def read_vkey(text: str) -> NoteKey:
    """The key of a verifier line; BadNote if its id does not belong to it."""
    name, _, rest = text.partition("+")
    hex_id, _, key = rest.partition("+")
    data = _unb64(key, BadNote)
    if len(data) != 33 or data[:1] != _ED25519 or _NAME.fullmatch(name) is None:
        raise BadNote("not an Ed25519 verifier key")
    result = NoteKey(name, data[1:])
    if result.key_id.hex() != hex_id:
        raise BadNote("the key id does not belong to the key")
    return result


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The note text of a checkpoint; ValueError if a line would break the frame."""
    lines = [checkpoint.origin, str(checkpoint.size), _b64(checkpoint.root), *checkpoint.extensions]
    text = "".join(line + "\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise ValueError("a checkpoint line is empty or holds a line break")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note text; BadNote for another shape."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines) or _CONTROL.search(text):
        raise BadNote("not a checkpoint")
    origin, size, root, *extensions = lines
    if _SIZE.fullmatch(size) is None or int(size) >= 1 << 53:
        raise BadNote("not a tree size")
    data = _unb64(root, BadNote)
    if len(data) != 32:
        raise BadNote("not a root")
    return Checkpoint(origin, int(size), data, tuple(extensions))


def sign_note(text: str, key: NoteKey, sign: Sign) -> str:
    """`text` with one signature line."""
    if not text.endswith("\n") or _CONTROL.search(text) or _NAME.fullmatch(key.name) is None:
        raise ValueError("not a note text or not a key name")
    return f"{text}\n{_signature_line(text, key, sign)}"


def add_signature(note: str, key: NoteKey, sign: Sign) -> str:
    """The note with one more line: the new key during a rotation, or a witness."""
    return note + _signature_line(parse_note(note).text, key, sign)


def parse_note(note: str) -> Note:
    """Split a signed note without trusting it; BadNote if it is not one."""
    text, separator, block = note.rpartition("\n\n")
    if len(note) > MAX_TEXT or not text or not separator or not block.endswith("\n"):
        raise BadNote("not a signed note")
    if _CONTROL.search(note):
        raise BadNote("control character")
    return Note(text + "\n", tuple(_read_line(line) for line in block[:-1].split("\n")))


def open_note(note: str, keys: Sequence[NoteKey], verify: Verify) -> tuple[str, frozenset[str]]:
    """The text of a note and the names of the known keys that signed it.

    Lines of unknown keys are ignored, so that witnesses may join later. One bad line under a known
    key spoils the note; so does the lack of any good one: BadNote.
    """
    parsed = parse_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    good: set[str] = set()
    for line in parsed.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if len(line.value) != 64 or not verify(key.public, parsed.text.encode("utf-8"), line.value):
            raise BadNote(f"the signature of {key.name} does not hold")
        good.add(key.name)
    if not good:
        raise BadNote("no known key has signed this note")
    return parsed.text, frozenset(good)


def format_proof(proof: Proof) -> str:
    """The `tlog-proof@v1` text: the receipt a phone keeps."""
    lines = [_PROOF_LINE]
    if proof.extra is not None:
        lines.append(f"extra {_b64(proof.extra)}")
    lines += [f"index {proof.index}", *map(_b64, proof.hashes), "", proof.checkpoint]
    return "\n".join(lines)


def parse_proof(text: str) -> Proof:
    """Read a proof without trusting it; BadProof for another shape."""
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > MAX_TEXT or not separator or lines.pop(0) != _PROOF_LINE or not lines:
        raise BadProof("not a tlog-proof@v1")
    extra: bytes | None = None
    if lines[0].startswith("extra "):
        extra = _unb64(lines.pop(0)[6:], BadProof)
    name, _, index = lines.pop(0).partition(" ") if lines else ("", "", "")
    if name != "index" or _SIZE.fullmatch(index) is None or int(index) >= 1 << 53:
        raise BadProof("no leaf index")
    hashes = tuple(_unb64(line, BadProof) for line in lines)
    if len(hashes) > 63 or any(len(value) != 32 for value in hashes):
        raise BadProof("not a path of hashes")
    return Proof(int(index), hashes, checkpoint, extra)


def check_proof(
    text: str, leaf: bytes, origin: str, keys: Sequence[NoteKey], verify: Verify
) -> tuple[Proof, Checkpoint]:
    """Check a receipt in full: signature, origin, and the path from `leaf` (log data) to the root.

    BadNote or BadProof. Whether the size may shrink is for the caller, who remembers the last one.
    """
    proof = parse_proof(text)
    note, _ = open_note(proof.checkpoint, keys, verify)
    checkpoint = parse_checkpoint(note)
    if checkpoint.origin != origin:
        raise BadNote("the checkpoint of another log")
    if not merkle.verify_inclusion(
        merkle.leaf_hash(leaf), proof.index, checkpoint.size, proof.hashes, checkpoint.root
    ):
        raise BadProof("the path does not lead to the signed root")
    return proof, checkpoint


def _signature_line(text: str, key: NoteKey, sign: Sign) -> str:
    return f"{_DASH}{key.name} {_b64(key.key_id + sign(text.encode('utf-8')))}\n"


def _read_line(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or _NAME.fullmatch(name) is None:
        raise BadNote("not a signature line")
    data = _unb64(encoded, BadNote)
    if len(data) < 5:
        raise BadNote("a signature line without signature")
    return Signature(name, data[:4], data[4:])


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str, error: type[BadNote] | type[BadProof]) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as cause:
        raise error("not base64") from cause
    if _b64(data) != text:
        raise error("base64 in another spelling")
    return data
