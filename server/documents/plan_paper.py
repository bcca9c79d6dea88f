"""年度计划 and 方案 as the numbered, signed document they are (YS-0a 文号、签发人、印发日期、主送; JD-3 roster)."""

from __future__ import annotations

from server.accounts import operations as accounts
from server.documents import fonts
from server.documents.render import Sheet, to_pdf
from server.inspections.items import one_line
from server.kernel.moments import zh_date
from server.plans import annual
from server.platform import clock

MARKS = {"draft": "草稿，未经签发", "void": "已作废", "approved": "", "reported": ""}


def render(found: annual.Document) -> bytes:
    """The PDF of a plan document; the same every time. Raises FontLacksCharacter."""
    return to_pdf(sheet(found))


def sheet(found: annual.Document) -> Sheet:
    content, agency = found.content, accounts.agency(found.agency_id)
    fonts.check_names({"标题": found.title, "签发人": found.signatory, "主送机关": "".join(content["addressees"])})
    skipped = {"文号", "签发人", "签发日期"}
    data = {
        "created_ms": clock.to_ms(found.created_at), "agency": {"name": agency.name}, "title": one_line(found.title), "number": found.number, "foot": found.number, "mark": MARKS[found.state],
        "signatory": found.signatory, "addressees": "、".join(one_line(one) for one in content["addressees"]),
        "rows": [pair for pair in annual.summary(found) if pair[0] not in skipped],
        "sections": [[one_line(section["title"]), section["text"]] for section in content["sections"]],
        "roster": [[one_line(one["role"]), one_line(one["name"])] for one in content["roster"]],
        "date": zh_date(found.issued_on) if found.issued_on else "",
    }
    return Sheet("plan", data)
