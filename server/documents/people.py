"""Who stands behind a record: the party's signature or its absence, the inspectors' attestations, served papers."""

from __future__ import annotations

from typing import Any

from server.documents.pictures import Album
from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import one_line
from server.inspections.wording import minute_zh

BLANK = "／"
PARTY_MODES = {"signed": "签名", "refused": "拒绝签名", "unable": "不能签名", "absent": "不在场"}
SERVED = {"received": "直接送达，当场签收", "refused": "当事人拒绝签收", "left": "留置送达"}
LEVELS = {"A1": "同机确认（同一手机，本人密码和本人密钥）", "A2": "双机互签（两部手机当面扫码互认）", "A3": "双机分别上传（本人手机、本人密钥）"}


def inspectors_line(pack: dict[str, Any]) -> str:
    """``甲（执法证号 1，组长）、乙（执法证号 2）``."""
    return "、".join(
        f"{one_line(one['name'])}（执法证号 {one_line(one['certificate_no']) or BLANK}{'，组长' if one.get('lead') else ''}）" for one in pack["team"]
    )


def witness(holder: Entry, album: Album) -> dict[str, Any] | None:
    """``{words, ink}`` of a witness, None when there was none."""
    found = holder.get("witness")
    if not isinstance(found, dict):
        return None
    role = one_line(found.get("role"))
    return {"words": one_line(found.get("name")) + (f"（{role}）" if role else ""), "ink": album.add(found.get("ink"))}


def party(visit: Visit, pack: dict[str, Any], album: Album) -> dict[str, Any]:
    """``{mode, words, ink, facts: [[label, value]], witness, note, stale}`` for the party's box of the record."""
    signed = visit["party"]
    outcome = visit["outcome"]
    if signed is None:
        short = outcome is not None and outcome["kind"] != "completed"
        return {"mode": "none", "words": "未能实施检查，无被检查单位签名。" if short else "没有被检查单位签名的记录。", "facts": [], "ink": {"why": ""}, "witness": None, "note": "", "stale": False}
    facts = [["姓名", one_line(signed.get("name"))], ["职务", one_line(signed.get("role"))], ["电话", one_line(signed.get("phone"))], ["时间", minute_zh(signed["wall"])]]
    refused = signed["mode"] != "signed"
    reason = one_line(signed.get("reason"))
    return {
        "mode": signed["mode"],
        "words": PARTY_MODES[signed["mode"]] + (f"，原因：{reason or BLANK}" if refused else ""),
        "ink": album.add(signed.get("ink")),
        "facts": [[label, value] for label, value in facts if value],
        "witness": witness(signed, album),
        "note": one_line(pack["texts"].get("refusal_note")) if signed["mode"] == "refused" else "",
        "stale": not signed["stands"],
    }


def attested(visit: Visit, pack: dict[str, Any], digest: str) -> list[dict[str, str]]:
    """One line per drawn inspector: who attested this digest, at which level, when; or that it is still to come."""
    lines = []
    for member in pack["team"]:
        own = [one for one in visit["attests"] if one["by"] == member["user"] and one["d"] == digest]
        first = min(own, key=lambda one: one["wall"], default=None)
        lines.append(
            {
                "name": one_line(member["name"]) + ("（组长）" if member.get("lead") else ""),
                "certificate": one_line(member["certificate_no"]) or BLANK,
                "when": minute_zh(first["wall"]) if first is not None else "尚未核验",
                "level": LEVELS.get(first["level"], "") if first is not None else BLANK,
            }
        )
    return lines


def rounds(visit: Visit, pack: dict[str, Any]) -> list[list[dict[str, str]]]:
    """The attestations of every later seal (answers to returns), oldest first."""
    later = [seal for seal in visit["seals"] if seal["linked"]][1:]
    return [attested(visit, pack, seal["d"]) for seal in later]


def recorder_rows(visit: Visit) -> list[list[str]]:
    """Recorder sessions: device, wearer, from–to, gaps, where the recording is kept."""
    rows = []
    for session in visit["recorder"]:
        if session["started"] is None:
            continue
        gaps = f"{len(session['gaps'])} 处，见记录" if session["gaps"] else "无"
        until = minute_zh(session["stopped"]) if session["stopped"] is not None else "未记录停止"
        rows.append(
            [one_line(session["device_no"]), one_line(session["wearer"]), f"{minute_zh(session['started'])}至{until}", gaps, one_line(session.get("storage")) or BLANK]
        )
    return rows
