"""Checking signatures: ES256 of enrolled keys, Ed25519 of logs. The algorithm belongs to the key, never to the message."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

P256_SPKI_BYTES = 91


class NotAKey(ValueError):
    """The bytes are not a P-256 public key in its one DER form."""


def public_key(spki: bytes) -> ec.EllipticCurvePublicKey:
    """A P-256 key from SubjectPublicKeyInfo DER (91 bytes, uncompressed point). Raises NotAKey.

    The device id is a hash of these bytes, so a second encoding of the same key must not pass."""
    if len(spki) != P256_SPKI_BYTES:
        raise NotAKey("not 91 bytes")
    try:
        key = serialization.load_der_public_key(spki)
    except ValueError as wrong:
        raise NotAKey("not a public key") from wrong
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise NotAKey("not a P-256 key")
    if spki_of(key) != spki:
        raise NotAKey("not the usual encoding")
    return key


def spki_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The SubjectPublicKeyInfo DER of a public key."""
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def holds(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` (raw r || s, 64 bytes) is the key's ES256 signature of ``message``."""
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) is the Ed25519 signature of ``message`` under the raw 32-byte key."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
