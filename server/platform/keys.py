"""The server's own keys, made on first start and kept in ``<data>/keys`` with mode 0600.

Never mixed: ES256 for access tokens, Ed25519 for the log's checkpoints and device records, another Ed25519
for cosigning other servers' checkpoints, a 256-bit secret for everything that is an HMAC, P-256 for the vault
keys of people who forgot their PIN (docs/adr: without a backup of this one they cannot be helped). After the log key
was changed, ``log-old.pem`` signs beside it until it is retired."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from flask import current_app

LOG_NAME = "suijian.log"
"""The origin of the receipt log and the name of its key; a phone pins both at enrolment."""
OLD_LOG_KEY = "log-old.pem"
WITNESS_NAME = "suijian.witness"
"""The name of the key with which this server cosigns other servers' checkpoints."""


@dataclass(frozen=True)
class ServerKeys:
    token: ec.EllipticCurvePrivateKey
    log: ed25519.Ed25519PrivateKey
    secret: bytes
    witness: ed25519.Ed25519PrivateKey
    recovery: ec.EllipticCurvePrivateKey
    log_old: ed25519.Ed25519PrivateKey | None = None

    def mac(self, tag: str, *parts: str) -> bytes:
        """HMAC-SHA256 over ``suijian/<tag>/v1`` and the parts, each closed by a NUL byte (32 bytes)."""
        message = b"".join(part.encode() + b"\0" for part in (f"suijian/{tag}/v1", *parts))
        return hmac.new(self.secret, message, hashlib.sha256).digest()

    @property
    def log_public(self) -> bytes:
        """The raw 32-byte Ed25519 public key that phones pin at enrolment."""
        return self.log.public_key().public_bytes_raw()


def load_or_create(folder: Path) -> ServerKeys:
    """Read the keys, making those that are missing. Safe when several processes start at once."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    old = folder / OLD_LOG_KEY
    return ServerKeys(
        _p256(_keep(folder / "token.pem", _new_token), "token.pem"),
        _ed25519(_keep(folder / "log.pem", _new_log), "log.pem"),
        _keep(folder / "secret.bin", lambda: secrets.token_bytes(32)),
        _ed25519(_keep(folder / "witness.pem", _new_log), "witness.pem"),
        _p256(_keep(folder / "recovery.pem", _new_token), "recovery.pem"),
        _ed25519(old.read_bytes(), OLD_LOG_KEY) if old.exists() else None,
    )


def change_log_key(folder: Path) -> None:
    """Make a new log key; the present one becomes ``log-old.pem``. Raises FileExistsError while one is still there.

    A crash in between leaves both files with the present key: doing it again is refused, and nothing is lost."""
    os.link(folder / "log.pem", folder / OLD_LOG_KEY)
    draft = folder / f"log.{secrets.token_hex(4)}"
    _keep(draft, _new_log)
    os.replace(draft, folder / "log.pem")


def forget_old_log_key(folder: Path) -> None:
    """Remove the private key that was changed; its public half stays known for checking."""
    (folder / OLD_LOG_KEY).unlink(missing_ok=True)


def _p256(pem: bytes, name: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{name} is not a P-256 key")
    return key


def _ed25519(pem: bytes, name: str) -> ed25519.Ed25519PrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise ValueError(f"{name} is not an Ed25519 key")
    return key


def server_keys() -> ServerKeys:
    """The keys of the running application."""
    keys: ServerKeys = current_app.extensions["suijian-keys"]
    return keys


def folder() -> Path:
    """Where the running application keeps its keys."""
    found: Path = current_app.extensions["suijian-settings"].data / "keys"
    return found


def _new_token() -> bytes:
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def _new_log() -> bytes:
    return _pem(ed25519.Ed25519PrivateKey.generate())


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _keep(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes of ``path``; made first if absent. The first process to link its file wins."""
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            # Another process was first; its key counts and ours is thrown away.
            return path.read_bytes()
        finally:
            draft.unlink()
    return path.read_bytes()
