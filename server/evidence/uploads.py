"""Half-arrived files on the disk: one ``.json`` (what was announced) and one ``.part`` (what has come) per upload.

The offset is the size of the part file, nothing else; a kill at any moment leaves exactly what the kernel
took. One writer at a time by ``flock``, which dies with its process. Protocol headers are not known here, so
that a second protocol (IETF resumable uploads) can stand on the same shelf.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from server.evidence.domain import (
    UPLOAD_LIFE_MS,
    ChecksumWrong,
    OffsetWrong,
    UploadBusy,
    UploadCut,
    UploadTooLarge,
    UploadUnknown,
)
from server.kernel.ids import is_uuid7
from server.platform.blobs import blobs

CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """What was announced. ``owner`` is the device (else the person); nobody else can reach the upload."""

    id: str
    owner: str
    agency_id: str
    sha256: str
    length: int
    mime: str
    kind: str
    insp: str
    geotag_allowed: bool
    expires_ms: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of one PATCH: sha1 | sha256 and the raw digest."""

    algorithm: str
    digest: bytes


class Shelf:
    """The folder of unfinished uploads, one sub-folder per owner."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self, upload: Upload, *, in_one_go: bool = False) -> None:
        """Announce: the empty part first, then the description by rename, so that no half description exists.

        ``in_one_go``: the whole file comes with the announcement. Nobody will know the address of what a cut
        leaves behind, so it needs no description; the sweep removes it.
        """
        folder = self._folder(upload.owner)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{upload.id}.part").touch()
        if not in_one_go:
            self._describe(upload, "json")

    def load(self, owner: str, upload_id: str, now_ms: int) -> Upload:
        """Raises UploadUnknown for a foreign, expired or finished-and-removed upload, and for any odd id."""
        if not is_uuid7(upload_id):
            raise UploadUnknown()
        upload = self._read(owner, upload_id, "json") or self._read(owner, upload_id, "done")
        if upload is None:
            raise UploadUnknown()
        if upload.expires_ms <= now_ms:
            self.discard(upload)
            raise UploadUnknown()
        return upload

    def offset(self, upload: Upload) -> int:
        """Bytes that have arrived."""
        if upload.done:
            return upload.length
        try:
            return self.part(upload).stat().st_size
        except FileNotFoundError:
            raise UploadUnknown() from None

    def part(self, upload: Upload) -> Path:
        return self._folder(upload.owner) / f"{upload.id}.part"

    @contextmanager
    def writing(self, upload: Upload) -> Iterator[int]:
        """The upload's lock and an open descriptor of its part. Raises UploadBusy at once, never waits."""
        try:
            descriptor = os.open(self.part(upload), os.O_RDWR)
        except FileNotFoundError:
            raise UploadUnknown() from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UploadBusy() from None
            yield descriptor
        finally:
            os.close(descriptor)

    def append(
        self, upload: Upload, descriptor: int, offset: int, read: Callable[[int], bytes], checksum: Checksum | None
    ) -> int:
        """Write what ``read`` gives from ``offset`` on; answers the new offset.

        ``read`` answers b"" at the end and raises OSError when the phone has gone or stalls: then what has
        arrived stays (unless a checksum was promised, which can no longer be checked) and UploadCut is raised.
        """
        have = os.fstat(descriptor).st_size
        if have != offset:
            raise OffsetWrong(offset=have)
        at = offset
        digest = hashlib.new(checksum.algorithm) if checksum else None
        try:
            while chunk := read(CHUNK):
                if at + len(chunk) > upload.length:
                    os.ftruncate(descriptor, offset)
                    raise UploadTooLarge(limit=upload.length)
                if digest:
                    digest.update(chunk)
                at += _write_all(descriptor, chunk, at)
        except OSError as cut:
            if digest:
                os.ftruncate(descriptor, offset)
            raise UploadCut() from cut
        if checksum and digest and digest.digest() != checksum.digest:
            os.ftruncate(descriptor, offset)
            raise ChecksumWrong()
        return at

    def finish(self, upload: Upload) -> None:
        """The bytes are kept elsewhere. The description stays until it expires: a lost answer is asked for again."""
        part = self.part(upload)
        if part.with_suffix(".json").exists():
            self._describe(replace(upload, done=True), "done")
        part.with_suffix(".json").unlink(missing_ok=True)
        part.unlink(missing_ok=True)

    def discard(self, upload: Upload) -> None:
        for suffix in (".json", ".done", ".part"):
            self.part(upload).with_suffix(suffix).unlink(missing_ok=True)

    def open_uploads(self, owner: str) -> int:
        """How many announced uploads of this owner are not finished."""
        return sum(1 for _ in self._folder(owner).glob("*.json"))

    def sweep(self, now_ms: int) -> int:
        """Remove what has expired, of everybody; answers how many files went."""
        removed = 0
        for path in list(self.root.glob("*/*")):
            if path.stat().st_mtime * 1000 + UPLOAD_LIFE_MS <= now_ms:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _folder(self, owner: str) -> Path:
        return self.root / owner

    def _read(self, owner: str, upload_id: str, suffix: str) -> Upload | None:
        try:
            return Upload(**json.loads((self._folder(owner) / f"{upload_id}.{suffix}").read_text()))
        except FileNotFoundError:
            return None

    def _describe(self, upload: Upload, suffix: str) -> None:
        path = self._folder(upload.owner) / f"{upload.id}.{suffix}"
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(upload)))
        draft.rename(path)


def shelf() -> Shelf:
    """Unfinished uploads lie on the same disk as the blobs, so that keeping one is a link and not a copy."""
    return Shelf(blobs().root.parent / "uploads")


def sha256_of(descriptor: int) -> str:
    """Hex SHA-256 of the whole file behind the descriptor, read in 1 MiB pieces."""
    digest = hashlib.sha256()
    at = 0
    while piece := os.pread(descriptor, 1024 * 1024, at):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()


def _write_all(descriptor: int, chunk: bytes, at: int) -> int:
    view = memoryview(chunk)
    written = 0
    while written < len(chunk):
        written += os.pwrite(descriptor, view[written:], at + written)
    return written
