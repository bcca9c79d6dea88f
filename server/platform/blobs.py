"""Evidence bytes, addressed by their SHA-256: ``blobs/<aa>/<sha256>``.

A blob is created once and never rewritten, truncated or removed here. ``put_*`` return only after the
bytes and their directory entry are on the disk, so a row that names a blob may be committed next."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import BinaryIO

import obstore
from flask import current_app
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

SHA256 = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """A folder of immutable blobs behind obstore's create-only writes."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._rooted: set[str] = set()
        self._store = LocalStore(prefix=root, automatic_cleanup=False)

    def key(self, sha256: str) -> str:
        """``<aa>/<sha256>``. Raises ValueError unless it is 64 lower-case hex digits."""
        if not SHA256.fullmatch(sha256):
            raise ValueError("not a lower-case hex SHA-256")
        return f"{sha256[:2]}/{sha256}"

    def path(self, sha256: str) -> Path:
        """Where the bytes lie on this machine (for Pillow's child process and for sendfile)."""
        return self.root / self.key(sha256)

    def exists(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Length in bytes. Raises FileNotFoundError."""
        return self.path(sha256).stat().st_size

    def open(self, sha256: str) -> BinaryIO:
        """Open for reading. Raises FileNotFoundError."""
        return self.path(sha256).open("rb")

    def put_bytes(self, data: bytes) -> str:
        """Store ``data``; answers its SHA-256. Storing the same bytes again does nothing."""
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            obstore.put(self._store, self.key(sha256), data, mode="create")
        except AlreadyExistsError:
            # Whoever wrote it may have died before its name was durable; "stored" is said by us now.
            self._settle(sha256)
            return sha256
        self._settle(sha256)
        return sha256

    def put_file(self, source: Path, sha256: str) -> None:
        """Take over a finished file whose hash the caller has computed from these very bytes.

        A hard link on the same disk costs nothing and cannot replace an existing blob; the caller
        removes ``source``. On another disk the bytes are copied through obstore."""
        target = self.path(sha256)
        if target.exists():
            # Whoever wrote it may have died before its name was durable; "stored" is said by us now.
            self._settle(sha256)
            return
        target.parent.mkdir(exist_ok=True)
        descriptor = os.open(source, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            os.link(source, target)
        except FileExistsError:
            self._settle(sha256)
            return
        except OSError:
            self._copy(source, sha256)
            self._settle(sha256)
            return
        # The link shares the file that was just synced; only its new name is still to be made durable.
        self._settle_folders(target)

    def _copy(self, source: Path, sha256: str) -> None:
        try:
            obstore.put(self._store, self.key(sha256), source, mode="create")
        except AlreadyExistsError:
            return

    def _settle(self, sha256: str) -> None:
        """fsync the file, its folder and the root: "stored" is said only after this."""
        target = self.path(sha256)
        _sync(target)
        self._settle_folders(target)

    def _settle_folders(self, target: Path) -> None:
        """fsync the folder, and the root once per folder and process: its entry there never changes again."""
        _sync(target.parent)
        if target.parent.name not in self._rooted:
            _sync(self.root)
            self._rooted.add(target.parent.name)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blobs() -> BlobStore:
    """The blob store of the running application."""
    store: BlobStore = current_app.extensions["suijian-blobs"]
    return store
