"""Sealed boxes: 32 bytes for one recipient, ECDH-ES on P-256 with HKDF-SHA-256 and AES-256-GCM.

The twin of ``pwa/src/device/box.ts``, bound by ``tests/vectors/recovery-box.json``. ``context`` says what the box is
for; a box opened for anything else does not open. Every box has a key of its own, so the IV is never used twice."""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.kernel import b64url

TAG = b"suijian/box/v1\0"


class BoxBroken(ValueError):
    """The box is malformed, for somebody else, or for another purpose."""


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """SubjectPublicKeyInfo (91 bytes on P-256)."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public(spki: bytes) -> ec.EllipticCurvePublicKey:
    """A P-256 public key. Raises BoxBroken."""
    try:
        key = serialization.load_der_public_key(spki)
    except ValueError as wrong:
        raise BoxBroken("not a public key") from wrong
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BoxBroken("not a P-256 key")
    return key


def seal(recipient: bytes, context: str, plain: bytes) -> dict[str, str]:
    """A box for the key behind ``recipient`` (SPKI). Raises BoxBroken for another kind of key."""
    own = ec.generate_private_key(ec.SECP256R1())
    epk = public_bytes(own.public_key())
    key = _key(own, read_public(recipient), epk, recipient, context)
    iv = secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(iv, plain, context.encode())
    return {"epk": b64url.encode(epk), "iv": b64url.encode(iv), "ct": b64url.encode(sealed)}


def unseal(key: ec.EllipticCurvePrivateKey, context: str, box: dict[str, str]) -> bytes:
    """The content of a box for ``key``. Raises BoxBroken."""
    try:
        epk, iv, sealed = (b64url.decode(box[name]) for name in ("epk", "iv", "ct"))
    except (KeyError, ValueError) as wrong:
        raise BoxBroken("not a box") from wrong
    if len(iv) != 12:
        raise BoxBroken("not a box")
    secret = _key(key, read_public(epk), epk, public_bytes(key.public_key()), context)
    try:
        return AESGCM(secret).decrypt(iv, sealed, context.encode())
    except InvalidTag as wrong:
        raise BoxBroken("not for this key or this purpose") from wrong


def _key(
    own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey, epk: bytes, recipient: bytes, context: str
) -> bytes:
    shared = own.exchange(ec.ECDH(), other)
    salt = hashlib.sha256(epk + recipient).digest()
    return HKDF(hashes.SHA256(), 32, salt, TAG + context.encode()).derive(shared)
