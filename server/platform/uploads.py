"""A table that a clerk sends with a form."""

from __future__ import annotations

from flask import request

from server.platform.sheets import MAX_BYTES, UnreadableSheet

FILE_NAME = 120
"""What is kept of a file's name; its end, where the kind of file stands."""


def sent_table() -> tuple[bytes, str, bool]:
    """The table in the form field ``file``, its name, and whether ``dry_run`` asks only to look.

    Raises ``UnreadableSheet`` when no file came."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise UnreadableSheet("没有收到文件，请选择 .xlsx 或 .csv 文件")
    name = "".join(letter for letter in file.filename if letter.isprintable())[-FILE_NAME:]
    return file.read(MAX_BYTES + 1), name, request.form.get("dry_run") in ("1", "true")
