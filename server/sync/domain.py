"""Which phones may still speak: the wire has a version of its own, apart from the app's. Pure."""

from __future__ import annotations

import re

from server.kernel.errors import DomainError

HEADER = "X-Suijian-Client"
"""``<app version>/<protocol>``, e.g. ``0.1.0/1``. A phone sends it with every request."""

OLDEST_PROTOCOL = 1
"""Raised only when the server can no longer understand, or no longer answer, what an older app says."""

_CLIENT = re.compile(r"[A-Za-z0-9.+_-]{1,40}/([0-9]{1,6})")


class ClientTooOld(DomainError):
    """The app on the phone speaks a protocol that is no longer understood; everything stays on the phone."""

    code = "E_CLIENT_OLD"


def check_client(header: str | None, oldest: int = OLDEST_PROTOCOL) -> None:
    """Raises ``ClientTooOld`` for a protocol below ``oldest`` and for a header that is none.

    Tools that are not the app (a backup carried in at the desk) send no header and are judged by what they send."""
    if header is None:
        return
    said = _CLIENT.fullmatch(header)
    if said is None or int(said[1]) < oldest:
        raise ClientTooOld("应用版本过旧，请更新后再同步；数据仍保存在手机中，不会丢失", oldest=oldest)
