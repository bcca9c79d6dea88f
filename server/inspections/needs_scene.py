"""Demands of the scene: who came, what was shown and told, the recorder, and the short record."""

from collections.abc import Callable
from typing import Any, Final

from server.inspections.fold import min_team
from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import one_line
from server.inspections.steps import TOLD_ZH, recorder_demand, told_keys
from server.inspections.wording import date_iso

Add = Callable[..., None]
# Two recordings of one visit may follow each other this closely without an explanation, in ms.
SWITCH_MS: Final = 60_000


def before_checks(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    """What must have happened around the checks of a completed visit."""
    profile = pack.get("profile", {})
    on_site = visit["mode"] == "on_site"
    _team(visit, pack, add)
    _recusals(visit, pack, add)
    if on_site:
        _arrival(visit, profile, add)
        if recorder_demand(profile) == "required":
            _recorder(visit, add)
        _credentials(visit, pack, add)
    if visit["mode"] != "network_monitoring" and profile.get("onsite.notice") is True:
        _notice(visit, add)
    if on_site:
        for key in told_keys(profile):
            if key not in visit["told"]:
                code = "M_INTEGRITY" if key == "integrity" else "M_TOLD"
                add(code, f"尚未告知{TOLD_ZH.get(key, key)}", key=key)


def short_record(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    """D-13: what a visit that could not be done, or was refused, still needs."""
    outcome = visit["outcome"]
    nobody = outcome.get("reason") in ("closed", "moved", "not_found")
    _team(visit, pack, add)
    if visit["mode"] == "on_site":
        _arrival(visit, {}, add)
        if outcome["kind"] == "refused_entry" or not nobody:
            _credentials(visit, pack, add)
        if not [p for p in visit["photos"] if p["purpose"] == "door" and p["void"] is None]:
            add("M_DOOR", "缺少门牌（门口）照片")
    explained = one_line(outcome.get("note", "")) != ""
    if outcome["kind"] == "not_possible" and "reason" not in outcome:
        add("M_OUTCOME_REASON", "未说明不能检查的原因")
    if outcome["kind"] == "refused_entry" and not explained:
        add("M_OUTCOME_REASON", "未说明拒绝检查的情形")


def _team(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    team = pack.get("team", [])
    if len(team) < min_team(pack):
        add("M_TEAM", f"检查人员不得少于 {min_team(pack)} 人")
    if visit["opened"] is None:
        return
    day = date_iso(visit["opened"]["wall"])
    for member in team:
        if (member.get("valid_to") or "9999-12-31") < day:
            add("M_CERT", f"{one_line(member['name'])}的执法证已过有效期", user=member["user"])


def _recusals(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    if pack.get("profile", {}).get("team.recusal") is False:
        return
    said: dict[str, bool] = {}
    for entry in visit["recusals"]:
        if entry["kind"] == "declare":
            said[entry["inspector"]] = entry["conflict"]
    for member in pack.get("team", []):
        name, user = one_line(member["name"]), member["user"]
        if user not in said:
            add("M_RECUSAL", f"{name}尚未作回避声明", user=user)
        elif said[user]:
            add("M_RECUSED", f"{name}声明有利害关系，应当回避", user=user)


def _arrival(visit: Visit, profile: dict[str, Any], add: Add) -> None:
    marks = {mark["mark"] for mark in visit["marks"]}
    if "arrival" not in marks:
        add("M_ARRIVAL", "缺少到场记录")
    if profile.get("onsite.scan_in") is True and "scan_in" not in marks:
        add("M_SCAN_IN", "尚未扫码入企")


def _credentials(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    if pack.get("profile", {}).get("onsite.credentials") is False:
        return
    shown = visit["credentials"]
    if shown is None:
        add("M_CREDENTIALS", "尚未出示执法证件")
        return
    team = {member["user"] for member in pack.get("team", [])}
    if len({person["user"] for person in shown["inspectors"]} & team) < min_team(pack):
        add("M_CREDENTIALS", f"出示执法证件的检查人员不足 {min_team(pack)} 人")


def _notice(visit: Visit, add: Add) -> None:
    notice = visit["notice"]
    if notice is None:
        add("M_NOTICE", "尚未送达检查通知书")
    elif notice["mode"] == "received" and one_line(notice.get("receiver", "")) == "":
        add("M_NOTICE", "通知书缺少签收人")
    elif notice["mode"] == "refused" and one_line(notice.get("reason", "")) == "":
        add("M_NOTICE", "通知书被拒收，缺少情形说明")


def _recorder(visit: Visit, add: Add) -> None:
    sessions: list[Entry] = visit["recorder"]
    started = sorted((s for s in sessions if s["started"] is not None), key=lambda s: (s["started"], s["h"]))
    gaps = [gap for session in sessions for gap in session["gaps"]]
    if not started and not gaps:
        add("M_RECORDER", "执法记录仪尚未开启，也未说明原因")
    for gap in gaps:
        if gap["reason"] == "other" and one_line(gap.get("note", "")) == "":
            add("M_REC_GAP", "记录中断的原因选了“其他”，缺少说明")
    for before, after in zip(started, started[1:], strict=False):
        end, start = before["stopped"], after["started"]
        if end is None or start - end <= SWITCH_MS:
            continue
        if not any(g["from"] <= end + SWITCH_MS and g["to"] >= start - SWITCH_MS for g in gaps):
            add("M_REC_GAP", f"两段记录之间中断 {(start - end) // 60_000} 分钟，缺少说明")


def recording_closed(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    """Before the seal every recording that was started has been stopped."""
    if recorder_demand(pack.get("profile", {})) != "required":
        return
    for session in visit["recorder"]:
        if session["started"] is not None and session["stopped"] is None:
            add("M_REC_STOP", f"执法记录仪 {one_line(session['device_no'])} 尚未关闭")
