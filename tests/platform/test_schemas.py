"""Strict fields: what the document says is what is accepted."""

from __future__ import annotations

from datetime import UTC, date, datetime

import marshmallow as ma
import pytest

from server.platform.schemas import (
    B64Url,
    Schema,
    Sha256Hex,
    StrictBool,
    StrictDate,
    StrictInstant,
    StrictInt,
    StrictStr,
    StrictUUID,
)


class Everything(Schema):
    number = StrictInt(0, 10)
    flag = StrictBool()
    words = StrictStr(most=5, least=1)
    code = StrictStr(most=5, pattern="[a-z]+")
    uuid = StrictUUID()
    sha = Sha256Hex()
    b64 = B64Url(most=8)
    at = StrictInstant()
    day = StrictDate()


UUID = "019a0000-0000-7000-8000-000000000000"

GOOD = [
    ("number", 3, 3), ("number", 3.0, 3), ("flag", True, True), ("words", "偃师", "偃师"), ("code", "abc", "abc"),
    ("uuid", UUID, UUID), ("sha", "a" * 64, "a" * 64), ("b64", "a-_0", "a-_0"),
    ("at", "2026-11-21T08:00:00+08:00", datetime(2026, 11, 21, tzinfo=UTC)),
    ("at", "2026-11-21T00:00:00.5Z", datetime(2026, 11, 21, 0, 0, 0, 500000, tzinfo=UTC)),
    ("day", "2026-11-21", date(2026, 11, 21)),
]

BAD = [
    ("number", "3"), ("number", True), ("number", 3.5), ("number", 11), ("number", -1), ("number", None),
    ("number", float("nan")), ("flag", "yes"), ("flag", 1), ("words", ""), ("words", "六个字的名称"), ("words", 5),
    ("words", "a\0"), ("words", "\ud800"), ("code", "abc\n"), ("code", "ABC"), ("uuid", UUID.upper()),
    ("uuid", UUID.replace("-", "")), ("sha", "A" * 64), ("sha", "a" * 64 + "\n"), ("b64", "a="), ("b64", "a+"),
    ("at", "2026-11-21T08:00:00"), ("at", "2026-11-21 08:00:00Z"), ("at", "0001-01-01T00:00:00+08:00"),
    ("at", "9999-12-31T23:00:00-08:00"), ("at", "2026-02-30T00:00:00Z"), ("at", "2026-11-21T08:00:00Z\n"),
    ("at", "2026-11-21T08:00:00+99:99"), ("at", 5), ("day", "2026-02-30"), ("day", "2026-11-21T00:00:00Z"),
]


@pytest.mark.parametrize(("name", "value", "expected"), GOOD, ids=str)
def test_a_good_value_is_loaded(name, value, expected):
    assert Everything().load({name: value}) == {name: expected}


@pytest.mark.parametrize(("name", "value"), BAD, ids=repr)
def test_a_bad_value_is_refused_with_a_chinese_sentence(name, value):
    with pytest.raises(ma.ValidationError) as refused:
        Everything().load({name: value})
    [message] = refused.value.normalized_messages()[name][:1]
    assert any("\u4e00" <= char <= "\u9fff" for char in message), message


def test_an_unknown_field_is_refused():
    with pytest.raises(ma.ValidationError) as refused:
        Everything().load({"roles": ["administrator"]})
    assert refused.value.normalized_messages() == {"roles": ["未知字段"]}


def test_a_moment_is_written_in_utc_with_milliseconds():
    assert Everything().dump({"at": datetime(2026, 11, 21, tzinfo=UTC)}) == {"at": "2026-11-21T00:00:00.000Z"}
