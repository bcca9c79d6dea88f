"""Events 事件: the class of each type, and a pure checker of bodies.

The checker never raises on a JSON value; it names in Chinese what is wrong, in the order of the
table, so that phone and server say the same sentences (``tests/vectors/event-bodies.json``).
"""

import re
from collections.abc import Callable
from typing import Any, Final

from server.inspections.event_types import AFTER_SEAL, BODIES, PROCEDURE, SHAPES, Fields

_PATTERNS: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    "sha": (re.compile(r"[0-9a-f]{64}"), "应为 64 位小写十六进制摘要"),
    "hash": (re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"), "应为 43 位摘要"),
    "dev": (re.compile(r"[A-Za-z0-9_-]{21}[AQgw]"), "应为 22 位设备号"),
    "salt": (re.compile(r"[A-Za-z0-9_-]{16}"), "应为 16 位随机盐"),
    "id": (re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"), "应为 1–64 位编号"),
    "decimal": (re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?"), "应为数字"),
    "date": (re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"), "应为日期"),
}
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")


def is_known(t: str) -> bool:
    """Whether this version knows the type; an unknown one is kept and shown, never dropped."""
    return t in BODIES


def is_content(t: str) -> bool:
    """Whether the two attestations cover events of this type (D-6).

    An unknown type counts as content: an older reader must not call a record unchanged when
    something it cannot read was added. Four types D-6 does not name are outside as well, because
    the device or the procedure writes them after the attestation: ``rec.stop`` (the recorder runs
    until after the signatures), ``storage.low``, ``key.rotate`` and ``objection``.
    """
    return t not in PROCEDURE


def allowed_after_seal(t: str) -> bool:
    """Whether an event of this type may follow the first seal (D-8, D-10)."""
    return t in AFTER_SEAL


def check_body(t: str, body: object, *, strict: bool = True) -> list[str]:
    """What is wrong with a body, as Chinese sentences; empty when it is sound.

    ``strict=False`` lets unknown further fields pass (a newer app may add some); the fold reads
    bodies that way, the phone checks its own strictly before it signs. An unknown type has no
    rule and therefore no problem.
    """
    fields = BODIES.get(t)
    if fields is None:
        return []
    return _check_fields({**fields, "salt": "salt"}, body, t, strict)


def _check_fields(fields: Fields, value: object, path: str, strict: bool) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}：应为对象"]
    problems: list[str] = []
    known: set[str] = set()
    for spec, kind in fields.items():
        name = spec.removesuffix("?")
        known.add(name)
        if name in value:
            problems += _check(kind, value[name], f"{path}.{name}", strict)
        elif not spec.endswith("?"):
            problems.append(f"{path}.{name}：缺少必填项")
    if strict:
        problems += [f"{path}.{name}：未定义的字段" for name in sorted(value) if name not in known]
    return problems


def _check(kind: str, value: object, path: str, strict: bool) -> list[str]:
    name, _, rest = kind.partition(":")
    if name in _PATTERNS:
        pattern, sentence = _PATTERNS[name]
        good = isinstance(value, str) and pattern.fullmatch(value) is not None
        return [] if good else [f"{path}：{sentence}"]
    return _CHECKS[name](rest, value, path, strict)


def _is_int(value: object) -> bool:
    # bool is an int in Python but not in JSON.
    return isinstance(value, int) and not isinstance(value, bool)


def _text(rest: str, value: object, path: str, strict: bool) -> list[str]:
    low, high = (int(part) for part in rest.split(":"))
    if isinstance(value, str) and low <= len(value) <= high:
        return []
    return [f"{path}：应为 {low}–{high} 个字的文字"]


def _int(rest: str, value: object, path: str, strict: bool) -> list[str]:
    low, high = (int(part) for part in rest.split(":"))
    if isinstance(value, int) and _is_int(value) and low <= value <= high:
        return []
    return [f"{path}：应为 {low} 至 {high} 的整数"]


def _bool(rest: str, value: object, path: str, strict: bool) -> list[str]:
    return [] if isinstance(value, bool) else [f"{path}：应为是或否"]


def _enum(rest: str, value: object, path: str, strict: bool) -> list[str]:
    words = rest.split("|")
    if isinstance(value, str) and value in words:
        return []
    return [f"{path}：应为 {'、'.join(words)} 之一"]


def _list(rest: str, value: object, path: str, strict: bool) -> list[str]:
    low_text, high_text, inner = rest.split(":", 2)
    if not isinstance(value, list) or not int(low_text) <= len(value) <= int(high_text):
        return [f"{path}：应为 {low_text}–{high_text} 项的列表"]
    problems: list[str] = []
    for index, member in enumerate(value):
        problems += _check(inner, member, f"{path}[{index}]", strict)
    return problems


def _map(rest: str, value: object, path: str, strict: bool) -> list[str]:
    high, inner = rest.split(":", 1)
    if not isinstance(value, dict) or len(value) > int(high):
        return [f"{path}：应为不超过 {high} 项的对照表"]
    problems: list[str] = []
    for key in sorted(value):
        if _KEY.fullmatch(key) is None:
            problems.append(f"{path}.{key}：键名不合规")
        else:
            problems += _check(inner, value[key], f"{path}.{key}", strict)
    return problems


def _obj(rest: str, value: object, path: str, strict: bool) -> list[str]:
    return _check_fields(SHAPES[rest], value, path, strict)


def _amount(rest: str, value: object, path: str, strict: bool) -> list[str]:
    if isinstance(value, str):
        return _text("1:40", value, path, strict)
    return _int("0:1000000", value, path, strict)


def _witness(rest: str, value: object, path: str, strict: bool) -> list[str]:
    if isinstance(value, str):
        return _text("0:120", value, path, strict)
    return _obj("witness", value, path, strict)


def _json(rest: str, value: object, path: str, strict: bool) -> list[str]:
    return []


_CHECKS: Final[dict[str, Callable[[str, Any, str, bool], list[str]]]] = {
    "text": _text,
    "int": _int,
    "bool": _bool,
    "enum": _enum,
    "list": _list,
    "map": _map,
    "obj": _obj,
    "amount": _amount,
    "witness": _witness,
    "json": _json,
}
