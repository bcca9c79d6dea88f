"""Strict marshmallow: what the document (OpenAPI) promises is exactly what is accepted.

Plain marshmallow takes "12" for an integer, a time without its zone and, through ``re.match``, a
trailing line feed behind ``$``; the generated document says otherwise, and the two clients written
against it would disagree with the server. Unknown fields are refused (422): nobody sets ``roles`` or
``agency_id`` by adding a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

UUID_RE = r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"
# The year is limited because the first and the last year overflow when the zone is applied.
TIME_RE = (
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
DATE_RE = r"20[0-9]{2}-[0-9]{2}-[0-9]{2}"
SHA256_RE = r"[0-9a-f]{64}"
B64URL_RE = r"[A-Za-z0-9_-]*"


class Schema(ma.Schema):
    """Base of every schema: unknown fields are an error, keys keep their order."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {"unknown": "未知字段", "type": "应为对象"}


class FullMatch(validate.Regexp):
    """The whole value matches; ``$`` alone would let a trailing line feed through."""

    def __init__(self, pattern: str, *, error: str = "格式不正确") -> None:
        # The pattern goes into the document, where ECMA-262 rules: ^...$ there, full match here.
        super().__init__(f"^{pattern}$", error=error)
        self._whole = re.compile(pattern)

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, str) or self._whole.fullmatch(value) is None:
            raise ma.ValidationError(self._format_error(value))
        return value


class StrictInt(fields.Integer):
    """A JSON integer. "12" and true are refused; 1.0 is accepted, as JSON Schema does."""

    default_error_messages = {"invalid": "应为整数", "required": "必填", "null": "不能为空"}

    def __init__(self, low: int | None = None, high: int | None = None, **kwargs: Any) -> None:
        if low is not None or high is not None:
            kwargs.setdefault("validate", validate.Range(low, high, error="数值超出范围"))
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return value


class StrictBool(fields.Boolean):
    """true or false, not "yes", not 1."""

    default_error_messages = {"invalid": "应为 true 或 false", "required": "必填", "null": "不能为空"}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if value is not True and value is not False:
            raise self.make_error("invalid", input=value)
        return bool(value)


class StrictStr(fields.String):
    """Text of at most ``most`` characters, without NUL and lone surrogates; ``least`` defaults to 0."""

    default_error_messages = {
        "invalid": "应为文本",
        "required": "必填",
        "null": "不能为空",
        "unstorable": "含有无法保存的字符",
    }

    def __init__(self, most: int = 200, least: int = 0, pattern: str | None = None, **kwargs: Any) -> None:
        rules: list[Any] = [validate.Length(least, most, error=f"长度应为 {least} 至 {most} 个字符")]
        if pattern is not None:
            rules.append(FullMatch(pattern))
        extra = kwargs.pop("validate", [])
        rules += list(extra) if isinstance(extra, (list, tuple)) else [extra]
        super().__init__(validate=rules, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        # PostgreSQL cannot store NUL in text, and UTF-8 has no lone surrogates.
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise self.make_error("unstorable")
        return value


class StrictUUID(StrictStr):
    """A UUID in lower case with dashes, kept as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=36, least=36, pattern=UUID_RE, **kwargs)


class Sha256Hex(StrictStr):
    """64 lower-case hex digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=64, least=64, pattern=SHA256_RE, **kwargs)


class B64Url(StrictStr):
    """base64url text without padding."""

    def __init__(self, most: int = 4096, least: int = 0, **kwargs: Any) -> None:
        super().__init__(most=most, least=least, pattern=B64URL_RE, **kwargs)


class StrictInstant(fields.Field[datetime]):
    """RFC 3339 with zone in, aware UTC inside, ``...Z`` with milliseconds out."""

    default_error_messages = {
        "invalid": "应为带时区的时间，如 2026-11-21T08:00:00+08:00",
        "required": "必填",
        "null": "不能为空",
    }

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "format": "date-time", "pattern": f"^{TIME_RE}$"}
        super().__init__(metadata=metadata | kwargs.pop("metadata", {}), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or re.fullmatch(TIME_RE, value) is None:
            raise self.make_error("invalid")
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError as wrong:
            raise self.make_error("invalid") from wrong

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else instant_text(value)


class StrictDate(fields.Field[date]):
    """A calendar date, ``2026-11-21``."""

    default_error_messages = {"invalid": "应为日期，如 2026-11-21", "required": "必填", "null": "不能为空"}

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "format": "date", "pattern": f"^{DATE_RE}$"}
        super().__init__(metadata=metadata | kwargs.pop("metadata", {}), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        if not isinstance(value, str) or re.fullmatch(DATE_RE, value) is None:
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError as wrong:
            raise self.make_error("invalid") from wrong

    def _serialize(self, value: date | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()


def instant_text(moment: datetime) -> str:
    """An aware moment as the wire writes it: UTC, milliseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
