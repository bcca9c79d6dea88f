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
    "F_ATTEST_SAME_USER": "同一人用两部手机或新旧两把密钥核验，只算一人",
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
    "F_CORRECT_BASE": "更正所指的原值与记录不符",
}
FLAG_HELP: Final = {
    # what was expected, what was seen, what to do
    "F_CLOCK_BACK": ("手机时间只向前走", "时间往回跳过 2 秒以上", "以时间区间为准；请检查人员说明并打开“自动确定时间”"),
    "F_BEFORE_ANCHOR": ("记录时间晚于上次联系服务器", "自称的时间早于上次联系", "以时间区间为准；请检查人员说明原因"),
    "F_FUTURE": ("记录时间不晚于到达时间", "自称的时间晚于服务器收到的时间", "以时间区间为准；核对手机时间设置"),
    "F_AFTER_SEAL": ("封存之后只有补充、更正和答复", "封存之后还有其他记录", "两种数量都已显示；需要并入的，请检查人员作更正或退回补充"),
    "F_ONE_ATTEST": ("两名检查人员核验同一内容", "封存时不足两人", "请第二名检查人员核验；之前不能提交报告"),
    "F_ATTEST_SAME_DEVICE": ("两人各用一部手机", "两人在同一部手机上核验", "由第二名检查人员在 48 小时内用本人账号确认"),
    "F_ATTEST_SAME_USER": ("一人用一部手机、一把密钥核验", "同一人用两部手机或新旧两把密钥核验同一份记录", "只算一人；请另一名检查人员核验"),
    "F_TAIL_MISSING": ("核验时见过的记录全部到达", "有的没有收到", "请检查人员打开手机继续上传；手机遗失的，见“手机”一栏"),
    "F_FORK_WITNESSED": ("收到的与核验时见过的相同", "两者不同", "不要通过；请两名检查人员到场说明，并联系管理员核对手机"),
    "F_DIGEST": ("核验摘要由其内容算出", "算出的摘要不同", "不要通过；请检查人员重新核验"),
    "F_TEXT": ("核验的文字就是这份记录", "文字不同", "不要通过；请检查人员更新应用后重新核验"),
    "F_GIST": ("对方核验时所见的要点就是这份记录", "要点不同", "不要通过；请两名检查人员当面重新核验"),
    "F_LOG_RESTORED": ("手机与服务器记得同一份日志", "手机记得的是恢复备份之前的", "请管理员核对恢复备份的记录；手机会重新上传全部内容"),
    "F_UNKNOWN_TYPE": ("记录的种类都认识", "有不认识的种类", "原件已保存；请更新服务器后再看"),
    "F_BODY_SHAPE": ("记录的内容合乎格式", "有的不合格式", "原件已保存；请检查人员更新应用"),
    "F_PHOTO_REUSED": ("每次检查拍新的照片", "同一照片也用于另一次检查", "打开两次检查核对；不是同一现场的，退回重拍"),
    "F_MEDIA_UNREADABLE": ("照片能够打开", "有的不能解码", "下载原件查看；不能用的，退回补拍"),
    "F_QUARANTINE": ("所有记录都可以并入", "有的被隔离保存", "到“隔离的记录”查看原因并作决定"),
    "F_LOG_EQUIVOCATION": ("手机记得的日志就是服务器的", "两者不同", "立即联系管理员：可能有人改动或恢复了服务器"),
    "F_NO_PACK": ("资料包先于记录到达", "还没有资料包", "请计划承办人重新准备这次检查"),
    "F_AFTER_APPROVAL": ("报告通过之后没有新内容", "通过之后又有记录", "已通过的报告不变；需要改的，作更正并由第二人确认"),
    "F_CANCELLED": ("取消的任务没有进行", "取消之后仍进行了检查", "与计划承办人核对是否恢复这项任务"),
    "F_CORRECT_BASE": ("更正所指的原值就在记录里", "原值不符或找不到", "该更正不生效；请检查人员重新更正"),
}
"""What a reviewer is told beside each flag: what was expected, what was seen, what to do."""
LABELS: Final = frozenset({"F_ATTEST_SAME_DEVICE"})
"""Flags that name the level of proof and are no doubt about the record (2.6: A1 is allowed and labelled)."""


def doubts(flags: Iterable[str]) -> list[str]:
    """The flags a reviewer has to look into."""
    return [flag for flag in flags if flag not in LABELS]
