"""What a visit still lacks (``missing``), named in Chinese, stage by stage.

The stages are the moments at which the phone or the server asks: before the two inspectors
attest, before the party signs, before the seal, before approval. Each includes the ones before.
"""

from collections.abc import Callable
from typing import Any, Final

from server.inspections import attest
from server.inspections.fold import min_team
from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import (
    answer_of,
    has_value,
    one_line,
    photos_of,
    sheet_words,
    to_laboratory,
    verdict_of,
    visible_items,
)
from server.inspections.needs_scene import before_checks, recording_closed, short_record
from server.inspections.steps import min_photos

STAGES: Final = ("attest", "sign", "seal", "approval")
Need = dict[str, Any]
Add = Callable[..., None]


def missing(visit: Visit, pack: dict[str, Any], stage: str = "approval") -> list[Need]:
    """Everything demanded and not there, up to ``stage``: ``[{code, checklist?, item?, sheet?, text}]``.

    ValueError for an unknown stage.
    """
    reach = STAGES.index(stage)
    needs: list[Need] = []

    def add(code: str, text: str, **where: Any) -> None:
        needs.append({"code": code, "text": text, **where})

    outcome = visit["outcome"]
    short = outcome is not None and outcome["kind"] != "completed"
    on_site = visit["mode"] == "on_site"
    if visit["opened"] is None:
        add("M_OPEN", "检查尚未开始")
    if short:
        short_record(visit, pack, add)
    else:
        before_checks(visit, pack, add)
        _items(visit, pack, add)
        _photo_count(visit, pack, add)
    _conflicts(visit, pack, add)
    if reach >= 1 and not attest.agreed(visit):
        add("M_ATTEST", "检查人员尚未核验（或核验后内容有变化，需重新核验）")
    if reach >= 2:
        if on_site and not short:
            _party(visit, add)
        recording_closed(visit, pack, add)
    if reach >= 3:
        _closed(visit, pack, add)
    return needs


def _named(entry: Entry) -> str:
    text = one_line(entry["item"]["text"])
    sheet = sheet_words(entry)
    return f"“{text}”" + (f"（{sheet}）" if sheet else "")


def _items(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    for entry in visible_items(visit, pack):
        found = answer_of(visit, entry)
        where = {key: entry[key] for key in ("checklist", "sheet")} | {"item": entry["item"]["id"]}
        if found is None:
            add("M_ITEM", f"{_named(entry)}尚未填写", **where)
        elif not found["conflict"]:
            _one_answer(visit, entry, found["heads"][0], where, add)


def _one_answer(visit: Visit, entry: Entry, head: Entry, where: dict[str, Any], add: Add) -> None:
    item, name = entry["item"], _named(entry)
    if not has_value(item, head):
        add("M_VALUE", f"{name}缺少填写内容", **where)
    demanded = verdict_of(item, head)
    if item["answer"]["type"] in ("choice", "multi") and demanded not in ("", head["val"]):
        add("M_VERDICT", f"{name}的结论与所选内容不一致", **where)
    fail = head["val"] == "fail"
    if fail and one_line(head.get("part", "")) == "":
        add("M_PART", f"{name}不符合，缺少部位", **where)
    if fail and one_line(head.get("note", "")) == "":
        add("M_NOTE", f"{name}不符合，缺少具体问题", **where)
    rule = item.get("evidence", {}).get("photo", "never")
    wanted = fail if rule == "on_fail" else rule == "always" and head["val"] != "na"
    # Where phones are forbidden the item is completed at the gate, and no photo can be asked for.
    if wanted and not head.get("gate") and not photos_of(visit, **where):
        add("M_PHOTO", f"{name}{'不符合，' if fail else ''}缺少现场照片", **where)
    if to_laboratory(item, head) and not [
        sample
        for sample in visit["samples"]
        if sample["checklist"] == entry["checklist"] and sample["sheet"] == entry["sheet"]
    ]:
        add("M_SAMPLE", f"{name}需送检，缺少抽样信息", **where)


def _photo_count(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    least = min_photos(pack.get("profile", {}))
    usable = {
        photo["sha256"]
        for photo in [*visit["photos"], *visit["supplements"]]
        if photo["void"] is None and photo["purpose"] != "derived"
    }
    if len(usable) < least:
        add("M_MIN_PHOTOS", f"现场照片至少 {least} 张，现有 {len(usable)} 张")


def _conflicts(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    names = {
        (checklist["id"], item["id"]): one_line(item["text"])
        for checklist in pack["checklists"]
        for section in checklist["sections"]
        for item in section["items"]
    }
    for found in visit["answers"].values():
        if found["conflict"]:
            head = found["heads"][0]
            where = {key: head[key] for key in ("checklist", "item", "sheet")}
            name = names.get((head["checklist"], head["item"]), head["item"])
            add("M_CONFLICT", f"“{name}”有 {len(found['heads'])} 个不同答案，需选定一个", **where)


def _party(visit: Visit, add: Add) -> None:
    party = visit["party"]
    if party is None:
        add("M_PARTY", "被检查单位尚未签名（或未注明拒签、不能签名、不在场）")
        return
    if not party["stands"]:
        add("M_PARTY_STALE", "签名所对应的笔录已有变化，需重新签名")
    if party["mode"] == "signed" and "ink" not in party:
        add("M_PARTY_INK", "签名缺少笔迹")
    if party["mode"] != "signed" and one_line(party.get("reason", "")) == "":
        add("M_PARTY_REASON", "未签名，缺少原因")


def _closed(visit: Visit, pack: dict[str, Any], add: Add) -> None:
    profile = pack.get("profile", {})
    if profile.get("team.lead") == "required" and not any(
        member.get("lead") for member in pack.get("team", [])
    ):
        add("M_LEAD", "未确定检查组长")
    if not visit["sealed"]:
        add("M_SEAL", "记录尚未封存")
    elif visit["open_round"]:
        add("M_SEAL", "退回后的补充尚未重新封存")
    agreed = attest.agreed(visit)
    if len(agreed) < min_team(pack):
        names = "、".join(
            one_line(member["name"]) for member in pack.get("team", []) if member["user"] in agreed
        )
        done = f"已核验：{names}" if names else "尚无人核验"
        add("M_ATTEST_TWO", f"须有 {min_team(pack)} 名检查人员核验同一份记录（{done}）")
