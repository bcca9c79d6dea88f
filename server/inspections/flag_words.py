"""What each flag means to a reviewer, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

FLAG_WORDS: Final = {
    "F_CLOCK_BACK": "手机时间曾被往回调",
    "F_BEFORE_ANCHOR": "记录时间早于最近一次联系服务器的时间",
    "F_FUTURE": "记录时间晚于服务器时间",
    "F_AFTER_SEAL": "封存之后又有记录，未并入",
    "F_ONE_ATTEST": "封存时只有一人核验",
    "F_ATTEST_SAME_DEVICE": "两人在同一部手机上核验（同机确认）",
    "F_ATTEST_SAME_USER": "同一人用两部手机核验，只算一人",
    "F_TAIL_MISSING": "核验时见过的记录没有全部收到",
    "F_FORK_WITNESSED": "收到的记录与核验时见过的不一致",
    "F_DIGEST": "核验摘要与其所称内容不符",
    "F_TEXT": "核验的文字与记录不符",
    "F_GIST": "扫码核验时对方所见的要点与记录不符",
    "F_UNKNOWN_TYPE": "有本系统不认识的记录，已保存",
    "F_BODY_SHAPE": "有记录的内容不合格式，已保存",
    "F_PHOTO_REUSED": "照片与另一次检查的照片相同",
    "F_MEDIA_UNREADABLE": "有照片无法解码，原件已保留",
    "F_QUARANTINE": "有记录被隔离保存，未并入",
    "F_LOG_EQUIVOCATION": "手机记得的日志或回执与服务器的不一致，服务器数据可能被改动",
    "F_LOG_RESTORED": "手机记得的日志是服务器恢复备份之前的",
    "F_NO_PACK": "记录到达时还没有检查资料包",
    "F_AFTER_APPROVAL": "报告通过之后又有记录，未并入报告",
    "F_CANCELLED": "任务取消后仍进行了检查",
}
LABELS: Final = frozenset({"F_ATTEST_SAME_DEVICE"})
"""Flags that name the level of proof and are no doubt about the record (2.6: A1 is allowed and labelled)."""


def doubts(flags: Iterable[str]) -> list[str]:
    """The flags a reviewer has to look into."""
    return [flag for flag in flags if flag not in LABELS]
