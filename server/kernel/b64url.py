"""base64url of RFC 4648 section 5 without padding, with exactly one spelling per byte string."""

from __future__ import annotations

import base64
import re

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def encode(data: bytes) -> str:
    """The text of `data`, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str, length: int | None = None) -> bytes:
    """The bytes of `text`; ValueError for padding, foreign characters or non-zero unused bits.

    With `length` the result must have that many bytes. A second spelling of the same bytes would
    let one hash be written in two ways, so unused last bits have to be zero.
    """
    if _ALPHABET.fullmatch(text) is None or len(text) % 4 == 1:
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise ValueError("base64url with non-zero unused bits")
    if length is not None and len(data) != length:
        raise ValueError(f"expected {length} bytes, got {len(data)}")
    return data
