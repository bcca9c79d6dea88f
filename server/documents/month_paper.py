"""月度抽查计划 as the numbered, signed document it is: the published rows, with the columns of the profile (WC-15d "检查对象名称、地址、
检查时限等")."""

from __future__ import annotations

from server.accounts import operations as accounts
from server.documents import fonts
from server.documents.render import Sheet, to_pdf
from server.inspections.items import one_line
from server.kernel.moments import date_of, zh_date
from server.plans.publishing import Paper
from server.platform import clock

WIDTHS = {"检查对象名称": "3fr", "地址": "3fr", "检查时限": "24mm", "抽查事项": "3fr", "检查人员": "2fr"}


def render(found: Paper) -> bytes:
    """The PDF of a published version; the same every time. Raises FontLacksCharacter."""
    return to_pdf(sheet(found))


def sheet(found: Paper) -> Sheet:
    agency, (head, *rows) = accounts.agency(found.agency_id), found.table
    fonts.check_names({"标题": found.title, "签发人": found.signatory})
    version = "" if found.version == 1 else f"第{found.version}版，变更事由：{found.reason}。"
    late = f"本计划逾期形成，说明：{found.late_note}。" if found.late_note else ""
    data = {
        "created_ms": clock.to_ms(found.published_at), "agency": {"name": agency.name}, "title": one_line(found.title), "number": found.number, "mark": "" if found.version == 1 else f"第{found.version}版",
        "foot": f"校验值 {found.sha256[:16]}", "signatory": found.signatory, "preface": one_line(f"本期抽查 {len(rows)} 家。{version}{late}"),
        "head": ["序号", *head], "widths": ["12mm", *(WIDTHS.get(name, "1fr") for name in head)], "rows": [[str(n), *map(one_line, row)] for n, row in enumerate(rows, 1)],
        "date": zh_date(date_of(found.approved_at)),
    }
    return Sheet("month", data)
