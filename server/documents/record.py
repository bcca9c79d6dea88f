"""现场检查记录、消防监督检查记录、产品检查记录 and the short records as a printed form (documents.md 3.4, 3.5, 3.8).

The words are those of the record text that was attested and signed (D-7); signatures, code, photos and later
answers stand after it and change nothing in it (D-9, D-10)."""

from __future__ import annotations

import io
from typing import Any

import segno

from server.documents import fonts, layout, people
from server.documents.domain import DocumentNotReady
from server.documents.pictures import Album, Find, photo_cells, supplement_cells
from server.documents.render import Sheet
from server.inspections import amendments, attest, verdict
from server.inspections.fold_parts import Visit
from server.inspections.items import one_line
from server.inspections.record_text import kind_of, record_text
from server.inspections.wording import minute_zh
from server.kernel import b64url, chain
from server.platform.pages import public_address


def code_of(visit: Visit, signed_text: str) -> str:
    """The record code that the party was given (D-9), ten characters."""
    return chain.record_code(b64url.decode(attest.signed_digest(visit, signed_text), 32))


def sheet(visit: Visit, pack: dict[str, Any], find: Find) -> Sheet:
    """The record of a sealed visit. Raises DocumentNotReady, FontLacksCharacter."""
    seals = [seal for seal in visit["seals"] if seal["linked"]]
    if not seals:
        raise DocumentNotReady("检查记录尚未封存，封存后才能生成文书")
    fonts.check_names(names(pack))
    signed = record_text(visit, pack, with_annex=False)
    annex = record_text(visit, pack).removeprefix(signed) + _amendments(visit, pack)
    album = Album(find)
    code = code_of(visit, signed)
    texts = layout.item_texts(pack)
    lines = signed.split("\n", 3)
    data = {
        "created_ms": visit["ended_at"] or seals[0]["wall"],
        "agency": pack["agency"], "title": lines[1], "number": lines[2], "foot": f"记录码 {code}", "mark": draft_mark(pack),
        "kind": kind_of(visit, pack),
        "blocks": layout.blocks(signed, texts),
        "party": people.party(visit, pack, album),
        "inspectors": people.attested(visit, pack, seals[0]["d"]),
        "incomplete": visit["state"] == "awaiting_second",
        "code": code, "qr": album.put("code.svg", qr(check_link(code))), "digest": seals[0]["d"],
        "sealed": minute_zh(seals[0]["wall"]),
        "samples": _samples(visit),
        "recorder": people.recorder_rows(visit),
        "annex": layout.blocks("\n\n\n" + annex, texts) if annex else [],
        "rounds": people.rounds(visit, pack),
        "photos": photo_cells(visit, pack, album),
        "supplements": supplement_cells(visit, pack, album),
        "team": people.inspectors_line(pack),
    }
    return Sheet("record", data, album.files)


def _amendments(visit: Visit, pack: dict[str, Any]) -> str:
    """更正与事后补充: printed after the annex, attested by nobody, each signed by whoever says it."""
    who = {str(member["user"]): str(member["name"]) for member in pack["team"]}
    told = amendments.lines(visit, verdict.amended(str(pack["insp"]), visit), who)
    return "\n".join(told) + "\n" if told else ""


def names(pack: dict[str, Any]) -> dict[str, str]:
    """The registered names of a pack, by what they are; they were checked when the notice was made."""
    unit = pack["unit"]
    found = {"机关名称": pack["agency"]["name"], "单位名称": unit["name"], "市场主体名称": one_line(unit.get("entity_name"))}
    for role, words in (("responsible_person", "负责人姓名"), ("safety_manager", "管理人姓名")):
        person = unit.get(role)
        found[words] = one_line(person.get("name")) if isinstance(person, dict) else one_line(person)
    return found | {f"检查人员{number}姓名": one_line(member["name"]) for number, member in enumerate(pack["team"], 1)}


def draft_mark(pack: dict[str, Any]) -> str:
    """Words at the foot of every page while a checklist is a draft or rests on an unread basis ([M])."""
    texts = pack.get("texts", {})
    if any(checklist.get("draft") for checklist in pack["checklists"]):
        return one_line(texts.get("draft_mark")) or "草案，检查表待确认"
    unread = any(
        law.get("status") == "M"
        for checklist in pack["checklists"] for section in checklist["sections"] for item in section["items"] for law in item.get("basis") or []
    )
    return "部分检查依据待核" if unread else ""


def check_link(code: str) -> str:
    """What the QR code holds: the page that answers for this record code, or the bare code while there is no public one."""
    address = public_address()
    return f"{address}/r/{code}" if address else code


def qr(text: str) -> bytes:
    """A QR code as SVG; the same text gives the same bytes."""
    out = io.BytesIO()
    segno.make_qr(text, error="m", boost_error=False).save(out, kind="svg", border=1, xmldecl=False, dark="#000")
    return out.getvalue()


def _samples(visit: Visit) -> list[list[str]]:
    """抽样单: one row per sample."""
    return [
        [
            str(number), one_line(sample["product"]), one_line(sample.get("model")) or people.BLANK, one_line(sample["quantity"]),
            one_line(sample["seal_no"]), one_line(sample["party_name"]) or people.BLANK, minute_zh(sample["wall"]),
        ]
        for number, sample in enumerate(visit["samples"], 1)
    ]
