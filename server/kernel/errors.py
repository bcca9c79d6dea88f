"""A broken rule of the procedure is a typed exception that knows its article, and knows no HTTP."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Base of every refusal a person may read.

    A subclass sets `code` (machine code, upper case, e.g. ``E_TWO_REQUIRED``) and, where a rule
    stands behind it, `article` (the source, e.g. ``行政处罚法 第四十二条``). The HTTP status lives in
    `server/app/problems.py`, so that the rule reads the same in a job, a command or a request.
    """

    code: ClassVar[str] = "E_DOMAIN"
    article: ClassVar[str] = ""

    def __init__(self, detail: str = "", **facts: object) -> None:
        """`detail` is a Chinese sentence for the person; `facts` are JSON values for the screen."""
        self.detail = detail or (self.__doc__ or "").strip().split("\n", 1)[0]
        self.facts: dict[str, object] = facts
        super().__init__(self.detail)
