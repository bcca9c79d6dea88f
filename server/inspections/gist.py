"""The gist 要点 of a record: what an inspector sees before attesting by QR code a record that lies on another phone.

It stands in the attestation that is signed, so that what was shown can be compared with the record for ever
(``F_GIST``). Twin: ``pwa/src/core/gist.ts``; both read only content, so that attesting never changes it.
"""

from typing import Any, Final

from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import answer_of, one_line, visible_items

FINDINGS_SHOWN: Final = 20
FINDING_CHARS: Final = 60


def gist(visit: Visit, pack: dict[str, Any]) -> dict[str, Any]:
    """Times, counts, what is unanswered, and the findings in the order of the checklists (the first twenty)."""
    outcome = visit["outcome"]["kind"] if visit["outcome"] is not None else "completed"
    open_items = 0
    findings: list[Entry] = []
    for entry in visible_items(visit, pack):
        found = answer_of(visit, entry)
        if found is None:
            open_items += 1
        elif not found["conflict"] and found["heads"][0]["val"] == "fail":
            where = {"checklist": entry["checklist"], "item": entry["item"]["id"], "sheet": entry["sheet"]}
            findings.append({**where, "text": _finding(found["heads"][0])})
    return {
        "outcome": outcome,
        "from": visit["span"]["from"] or 0,
        "to": visit["span"]["to"] or 0,
        "answered": visit["counts"]["answered"],
        # A visit that could not take place asks for no answers.
        "open": open_items if outcome == "completed" else 0,
        "fails": len(findings),
        "conflicts": visit["counts"]["conflicts"],
        "photos": visit["counts"]["photos"],
        "audio": visit["counts"]["audio"],
        "findings": findings[:FINDINGS_SHOWN],
    }


def _finding(head: Entry) -> str:
    words = "：".join(part for part in (one_line(head.get("part")), one_line(head.get("note"))) if part)
    return words if len(words) <= FINDING_CHARS else words[:FINDING_CHARS] + "…"
