"""The part of the audit that costs: verifying signatures. Imports nothing heavy, as it also runs in processes of its own."""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec

from server.platform import signatures

Signed = tuple[str, bytes, bytes, bytes]
"""(name, public key as DER, raw signature, message)."""


@lru_cache(maxsize=4096)
def _key(spki: bytes) -> ec.EllipticCurvePublicKey:
    return signatures.public_key(spki)


def false_ones(lot: list[Signed]) -> list[str]:
    """The names of those whose signature does not hold."""
    return [name for name, spki, sig, message in lot if not signatures.holds(_key(spki), sig, message)]
