"""What a draw refuses, and with which article."""

from __future__ import annotations

from server.kernel.errors import DomainError


class RuleBroken(DomainError):
    """A refusal whose article depends on which rule was broken."""

    code = "E_DRAW_RULE"

    def __init__(self, detail: str = "", *, article: str = "", **facts: object) -> None:
        super().__init__(detail, **facts)
        self.article = article or type(self).article


class DrawUnknown(DomainError):
    """没有这次抽取"""

    code = "E_DRAW_UNKNOWN"


class ProposalWrong(RuleBroken):
    """抽取方案不符合本机关的规则"""

    code = "E_DRAW_PROPOSAL"


class OfficialsWrong(DomainError):
    """抽取人员A、B须为本机关两名不同的人员"""

    code = "E_DRAW_OFFICIALS"


class NotYourPart(DomainError):
    """这一步不由您办理"""

    code = "E_DRAW_PART"


class StepNotDue(RuleBroken):
    """现在不是办理这一步的时候"""

    code = "E_DRAW_STEP"


class SecondDraw(DomainError):
    """同一时段、同一事项已经抽取过；重新抽取须先经批准作废并写明被作废的一次"""

    code = "E_DRAW_SECOND"
    article = "文昌湖指引 第十五条"


class Blacklisted(DomainError):
    """黑名单单位不得从抽取范围中剔除"""

    code = "E_DRAW_BLACKLIST"
    article = "偃师方案 三（二）"


class StillSecret(DomainError):
    """名单尚未公开，无权查看"""

    code = "E_EMBARGO"
    article = "舞钢细则 九"


class VoidUnknown(DomainError):
    """没有这个作废申请"""

    code = "E_VOID_UNKNOWN"


class NobodyLeft(DomainError):
    """没有可以替补的对象或人员"""

    code = "E_DRAW_NOBODY"


class PhotoWrong(DomainError):
    """照片须为 JPEG 或 PNG，且不超过 8 MB"""

    code = "E_DRAW_PHOTO"
