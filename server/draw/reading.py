"""From a transcript's JSON to the values of the draw, refusing whatever is not of the form (FormWrong). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from server.draw.domain import KEY, FormWrong, Person, Rule, Unit, WeightOutOfRange
from server.draw.tickets import ID_BYTES
from server.kernel import b64url, canonical

_UNIT_KEYS = frozenset({"uid", "st", "w", "visits", "need", "recuse", "force", "out"})


def load(data: bytes) -> dict[str, Any]:
    """The object of a transcript file. Two readers must not take one text for two transcripts: no key twice, no float."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(result := dict(found)) != len(found):
            raise FormWrong("同一个键出现两次")
        return result

    def refuse(text: str) -> NoReturn:
        raise FormWrong(f"不能有小数或常量：{text[:20]}")

    def integer(text: str) -> int:
        if len(text) > 17:
            refuse(text)
        return int(text)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_float=refuse, parse_constant=refuse, parse_int=integer)
    except (ValueError, RecursionError) as error:
        raise FormWrong("不是 UTF-8 的 JSON 文件") from error
    return mapping(value, "transcript")


def mapping(value: Any, where: str) -> dict[str, Any]:
    """An object, as it stands in the transcript."""
    if not isinstance(value, dict):
        raise FormWrong(f"{where} 应为对象")
    return value


def rows(value: Any, where: str) -> list[dict[str, Any]]:
    """A table: a list of objects."""
    if not isinstance(value, list):
        raise FormWrong(f"{where} 应为列表")
    return [mapping(row, where) for row in value]


def number(row: Mapping[str, Any], key: str, least: int = 0) -> int:
    """A whole number of at least `least`."""
    value = row.get(key)
    if type(value) is not int or not least <= value <= canonical.MAX_INTEGER:
        raise FormWrong(f"{key} 应为不小于 {least} 的整数")
    return value


def name(value: Any, where: str) -> str:
    """A stratum, need, party, agency or reason."""
    if not isinstance(value, str) or KEY.fullmatch(value) is None:
        raise FormWrong(f"{where} 应为小写字母、数字和下划线")
    return value


def text(row: Mapping[str, Any], key: str) -> str:
    """A text that need not be a key, such as the number of the draw."""
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise FormWrong(f"{key} 应为文字")
    return value


def flag(row: Mapping[str, Any], key: str) -> bool:
    if not isinstance(value := row.get(key), bool):
        raise FormWrong(f"{key} 应为 true 或 false")
    return value


def ident(value: Any, where: str) -> bytes:
    """The 16 bytes of a blinded id."""
    if isinstance(value, str):
        try:
            return b64url.decode(value, ID_BYTES)
        except ValueError as error:
            raise FormWrong(f"{where} 应为十六字节的编号") from error
    raise FormWrong(f"{where} 应为编号")


def idents(value: Any, where: str) -> list[str]:
    """A list of blinded ids, as they are written."""
    if not isinstance(value, list):
        raise FormWrong(f"{where} 应为列表")
    for entry in value:
        ident(entry, where)
    return list(value)


def names(value: Any, where: str) -> frozenset[str]:
    if not isinstance(value, list):
        raise FormWrong(f"{where} 应为列表")
    return frozenset(name(entry, where) for entry in value)


def rule(value: Any) -> Rule:
    """The rule of an ordinary draw; keys that only people read may stand beside these."""
    row = mapping(value, "rule")
    return Rule(
        n=number(row, "n"), must=names(row.get("must"), "must"), months_left=number(row, "months_left", 1),
        general_min_permille=number(row, "general_min_permille"), max_visits=number(row, "max_visits"),
        skip_visited=flag(row, "skip_visited"), w_max=number(row, "w_max", 1), team=number(row, "team"),
        bal_max=number(row, "bal_max", 1),
    )  # fmt: skip


def unit(row: Mapping[str, Any], w_max: int) -> Unit:
    """One row of the unit table; WeightOutOfRange unless 1 <= w <= w_max, which is the last step before the draw."""
    weight = row.get("w")
    if type(weight) is not int or not 1 <= weight <= w_max:
        raise WeightOutOfRange(f"{row.get('uid')} 的权重 {weight} 不在 1 至 {w_max} 之间")
    return Unit(
        uid=row["uid"], raw=ident(row["uid"], "uid"), st=name(row.get("st"), "st"), w=weight, visits=number(row, "visits"),
        need=name(row.get("need"), "need"), recuse=frozenset(idents(row.get("recuse"), "recuse")),
        force=name(row["force"], "force") if "force" in row else None,
        out=name(row["out"], "out") if "out" in row else None,
        more={key: value for key, value in row.items() if key not in _UNIT_KEYS},
    )  # fmt: skip


def units(table: Sequence[Mapping[str, Any]], w_max: int) -> list[Unit]:
    """All rows, sorted by the text of their uid, so that an error names the same row everywhere."""
    return [unit(row, w_max) for row in sorted(table, key=lambda row: str(row["uid"]))]


def people(table: Sequence[Mapping[str, Any]]) -> list[Person]:
    """The table of people."""
    return [
        Person(pid=row["pid"], raw=ident(row["pid"], "pid"), q=names(row.get("q"), "q"), load=number(row, "load"), cap=number(row, "cap"))
        for row in table
    ]  # fmt: skip
