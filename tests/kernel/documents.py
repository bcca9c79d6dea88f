"""Random documents of SJ-JSON 1, other spellings of them, and damaged bytes; all from one seed."""

from __future__ import annotations

import json
import random
import string
from typing import Any

ODD = [
    *map(chr, range(0x20)),
    *'"\\/\x7f\x80\xa0\u2028\u2029\ufeff\ufffd\uffff\ud7ff\ue000',
    *"消防随检（）𠮷😀\U0010ffff",
    "\u0301",
    "e\u0301",
    "é",
]
ANY = [chr(point) for point in (*range(0xD800), *range(0xE000, 0x11_0000, 97))]
COMMON = ODD + list(string.ascii_letters)
EDGES = [0, 1, -1, 9, 10, 2**31, -(2**31) - 1, 2**53 - 1, -(2**53) + 1, 1_795_000_000_123]
FRAGMENTS = [
    *(b"1.0 1e2 -0 01 +1 null NaN Infinity -Infinity 9007199254740992 - tru truee".split()),
    *(rb"\ud800 \udc00 \ud83d\ude00 \u0041 \/ \x \u12 \U0041 ' /**/ //".split()),
    *(b'"__proto__":1, "a":1, "A":1, "constructor":1, ,, [], {} [[[[[[[[ }}}} :'.split()),
    b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\x00", b"\xe5\x96",
    b" ", b"\n", b"\t", b"\x0b", b"\xc2\xa0", b'"', b"\\", b"\xe2\x80\xa8",
]  # fmt: skip


def key(rng: random.Random) -> str:
    tail = string.ascii_lowercase + string.digits + "_"
    if rng.random() < 0.05:
        return rng.choice(["constructor", "valueof", "length", "tojson", "then", "a" * 32])
    length = rng.choice([0, 1, 2, 5, 31])
    return rng.choice(string.ascii_lowercase) + "".join(rng.choices(tail, k=length))


def text(rng: random.Random) -> str:
    if rng.random() < 0.3:
        return "".join(rng.choices(ANY, k=2))
    return "".join(rng.choices(COMMON, k=rng.randrange(12)))


def value(rng: random.Random, depth: int = 1) -> Any:
    kind = rng.randrange(8 if depth < 9 else 5)
    if kind == 0:
        return rng.random() < 0.5
    if kind <= 2:
        return rng.choice([rng.choice(EDGES), rng.randrange(-(2**53) + 1, 2**53), rng.randrange(99)])
    if kind <= 4:
        return text(rng)
    if kind == 5:
        return [value(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {key(rng): value(rng, depth + 1) for _ in range(rng.randrange(6))}


def respell(rng: random.Random, item: Any) -> str:
    """Another JSON spelling of the same value: spaces, order, escapes."""

    def gap() -> str:
        return rng.choice(["", "", "", " ", "\n", "\r\n\t"])

    def quoted(chars: str) -> str:
        units = [chars.encode("utf-16-be")[i : i + 2] for i in range(0, 2 * utf16_length(chars), 2)]
        if rng.random() < 0.5:
            form = rng.choice(["\\u%04x", "\\u%04X"])
            return '"' + "".join(form % int.from_bytes(unit, "big") for unit in units) + '"'
        return json.dumps(chars, ensure_ascii=rng.random() < 0.5).replace("/", rng.choice(["/", r"\/"]))

    if isinstance(item, dict):
        pairs = list(item.items())
        rng.shuffle(pairs)
        inner = ",".join(f"{gap()}{quoted(k)}{gap()}:{respell(rng, v)}" for k, v in pairs)
        return f"{gap()}{{{inner}{gap()}}}{gap()}"
    if isinstance(item, list):
        return f"{gap()}[{','.join(respell(rng, part) for part in item)}{gap()}]{gap()}"
    if isinstance(item, str):
        return gap() + quoted(item) + gap()
    return gap() + json.dumps(item) + gap()


def utf16_length(chars: str) -> int:
    return len(chars.encode("utf-16-be")) // 2


def damage(rng: random.Random, data: bytes) -> bytes:
    """The bytes with one to three small wounds."""
    result = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(result) + 1)
        wound = rng.randrange(4)
        if wound == 0:
            result[at:at] = rng.choice(FRAGMENTS)
        elif wound == 1:
            del result[at : at + rng.randrange(1, 4)]
        elif wound == 2 and at < len(result):
            result[at] = rng.randrange(256)
        else:
            other = rng.randrange(len(result) + 1)
            result[at:at] = result[min(at, other) : max(at, other)][:20]
    return bytes(result)
