"""SJ-JSON 1, the canonical JSON of everything that is hashed or signed (RFC 8785, restricted).

One value has exactly one byte string. Keys match ``[a-z][a-z0-9_]{0,31}`` in full; numbers are
integers within 2^53-1; no null, no float, no duplicate key, no lone surrogate; at most eight arrays
or objects nested; at most 65,536 bytes, checked before parsing. Keys are ASCII on purpose: Python
sorts by code point and JavaScript by UTF-16 unit, and only ASCII sorts the same in both.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

LIMIT = 65_536
HEADER_LIMIT = 4_096
MAX_DEPTH = 8
MAX_INTEGER = 2**53 - 1

_KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_STRUCTURE = re.compile(r'\\.|["\[\]{}]', re.DOTALL)


class NotCanonical(ValueError):
    """The bytes, the text or the value lie outside SJ-JSON 1 (machine code E_CANON)."""


def encode(value: object, limit: int = LIMIT) -> bytes:
    """The canonical bytes of dicts, lists, tuples, strings, integers and booleans.

    NotCanonical if the value has no canonical form or if that form is longer than `limit` bytes.
    """
    _measure(value, 1, limit)
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical("lone surrogate") from error
    if len(data) > limit:
        raise NotCanonical(f"longer than {limit} bytes")
    return data


def decode(data: bytes, limit: int = LIMIT) -> Any:
    """The value of canonical bytes; NotCanonical unless writing it again gives these very bytes.

    Bytes are compared, not decoded text: a decoder that drops a byte order mark or replaces broken
    UTF-8 would otherwise accept two spellings of one document.
    """
    value = _parse(data, limit)
    if encode(value, limit) != data:
        raise NotCanonical("not the canonical spelling")
    return value


def from_json(data: bytes, limit: int = LIMIT) -> bytes:
    """The canonical bytes of any JSON text whose content the profile allows.

    Spaces, order of keys and escapes are free here; numbers with a fraction, an exponent or a
    negative zero are not, because two readers could take them for different values.
    """
    return encode(_parse(data, limit), limit)


def _parse(data: bytes, limit: int) -> Any:
    """The value of a JSON text; shape limits that need the value are left to `encode`."""
    if len(data) > limit:
        raise NotCanonical(f"longer than {limit} bytes")
    try:
        text = bytes(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCanonical("not UTF-8") from error
    # The decoder of the standard library recurses once per level, so the depth is settled first:
    # 65,536 opening brackets must be an ordinary refusal and not a RecursionError.
    if text.count("[") + text.count("{") > MAX_DEPTH and _too_deep(text):
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}")
    try:
        return _DECODER.decode(text)
    except NotCanonical:
        raise
    except ValueError as error:
        raise NotCanonical("not JSON") from error


def _too_deep(text: str) -> bool:
    """Whether brackets outside strings nest beyond the limit, in one pass that ends at the first excess.

    For text that is no JSON either answer will do: it is refused in any case.
    """
    depth = 0
    inside = False
    for match in _STRUCTURE.finditer(text):
        token = match.group()
        if token == '"':
            inside = not inside
        elif inside or token[0] == "\\":
            continue
        elif token in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        else:
            depth -= 1
    return False


def _measure(value: object, depth: int, budget: int) -> int:
    """The bytes left of `budget` after a lower bound for `value`; NotCanonical for a foreign value.

    The bound is spent while walking, so that a small value that repeats itself through shared
    references is refused before it is written out.
    """
    if budget <= 0:
        raise NotCanonical("longer than the limit")
    if isinstance(value, bool):
        return budget - 4
    if isinstance(value, int):
        if type(value) is not int or not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise NotCanonical("integer outside 2^53-1")
        return budget - 1
    if isinstance(value, str):
        return budget - 2 - len(value)
    if not isinstance(value, dict | list | tuple):
        raise NotCanonical(f"no canonical form for {type(value).__name__}")
    if depth > MAX_DEPTH:
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}")
    budget -= 2
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or _KEY.fullmatch(key) is None:
                raise NotCanonical("key outside [a-z][a-z0-9_]{0,31}")
            budget = _measure(item, depth + 1, budget - 3 - len(key))
    else:
        for item in value:
            budget = _measure(item, depth + 1, budget)
    return budget


def _integer(text: str) -> int:
    # Seventeen characters hold every allowed value; longer ones are refused unread, because
    # turning 65,000 digits into a number takes time quadratic in their count.
    if text == "-0" or len(text) > 17:
        raise NotCanonical("integer outside 2^53-1")
    return int(text)


def _no_float(text: str) -> NoReturn:
    raise NotCanonical("fraction, exponent or constant")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise NotCanonical("duplicate key")
    return result


_DECODER = json.JSONDecoder(
    parse_int=_integer,
    parse_float=_no_float,
    parse_constant=_no_float,
    object_pairs_hook=_object,
)
