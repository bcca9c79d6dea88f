"""The end of the record text: evidence, the party's words, and the annex of later rounds."""

from typing import Any, Final

from server.inspections.fold_parts import Entry, Visit
from server.inspections.items import one_line
from server.inspections.wording import clock_zh, minute_zh

BLANK: Final = "／"
PURPOSES: Final = {
    "door": "门牌",
    "item": "检查项",
    "general": "现场",
    "document": "文件",
    "derived": "标注副本",
}
SOURCES: Final = {"inapp": "", "system": "系统相机", "import": "导入"}
DOC_KINDS: Final = {
    "documentary": "书证",
    "physical": "物证",
    "av": "视听资料",
    "electronic": "电子数据",
    "testimony": "证人证言",
}
FIELDS: Final = {
    "name": "单位名称",
    "entity_name": "市场主体名称",
    "address": "地址",
    "uscc": "统一社会信用代码",
    "registration_no": "注册号",
    "responsible_person": "消防安全责任人",
    "safety_manager": "消防安全管理人",
    "unit_type": "单位性质",
    "floor_area": "建筑面积",
    "floors": "建筑层数",
    "height": "建筑高度",
    "phone": "联系电话",
}


def item_names(pack: dict[str, Any]) -> dict[str, str]:
    """Item id to its text, of all checklists of the pack (the first one wins)."""
    names: dict[str, str] = {}
    for checklist in pack["checklists"]:
        for section in checklist["sections"]:
            for item in section["items"]:
                names.setdefault(item["id"], one_line(item["text"]))
    return names


def evidence(visit: Visit, pack: dict[str, Any]) -> list[str]:
    """Photos with the first 12 digits of their hash, then documents, recordings and interviews."""
    names = item_names(pack)
    lines = []
    usable = [photo for photo in visit["photos"] if photo["purpose"] != "derived"]
    for number, photo in enumerate(usable, 1):
        lines.append(f"照片{number}：{_photo(photo, names)}")
    for number, doc in enumerate(visit["docs"], 1):
        words = [DOC_KINDS[doc["kind"]], one_line(doc["title"]), f"来源：{one_line(doc['source']) or BLANK}"]
        if one_line(doc.get("provider")):
            words.append(f"提供人：{one_line(doc['provider'])}")
        words.append("提供人已确认" if doc["attested"] else "提供人未确认")
        lines.append(f"证据{number}：" + "；".join(words))
    for number, audio in enumerate(visit["audio"], 1):
        seconds = audio["duration_ms"] // 1000
        words = [clock_zh(audio["wall"]), f"{seconds}秒", f"摘要 {audio['sha256'][:12]}"]
        lines.append(f"录音{number}：" + "；".join(words))
    for number, note in enumerate(visit["notes"], 1):
        lines.append(f"备注{number}：{one_line(note['text'])}")
    for number, talk in enumerate(visit["interviews"], 1):
        role = one_line(talk.get("role"))
        lines.append(f"询问{number}：{one_line(talk['name'])}" + (f"（{role}）" if role else ""))
        for pair in talk["qa"]:
            lines += [f"问：{one_line(pair['q'])}", f"答：{one_line(pair['a'])}"]
    for change in visit["proposals"]:
        old, new = one_line(change["old"]) or BLANK, one_line(change["new"]) or BLANK
        label = FIELDS.get(change["field"], change["field"])
        lines.append(f"单位信息更正建议：{label}，{old} 应为 {new}")
    return lines or [BLANK]


def _photo(photo: Entry, names: dict[str, str]) -> str:
    words = [PURPOSES[photo["purpose"]], clock_zh(photo["wall"])]
    if "item" in photo:
        words.append(str(names.get(photo["item"], photo["item"])))
    words += [one_line(photo.get("caption")), SOURCES[photo["src"]], f"摘要 {photo['sha256'][:12]}"]
    if photo["void"] is not None:
        words.append(f"作废，{one_line(photo['void']['reason']) or BLANK}")
    return "；".join(filter(None, words))


def statement(visit: Visit) -> list[str]:
    """The party's own words, or that there were none."""
    said = visit["statement"]
    text = one_line(said["text"]) if said is not None else ""
    return [text or "无。"]


def annex(visit: Visit, pack: dict[str, Any]) -> list[str]:
    """更正说明: replies and supplements to returned reports, by return, after the signed record."""
    names = item_names(pack)
    by_return: dict[str, list[str]] = {}
    for reply in visit["replies"]:
        about = names.get(reply["item"], reply["item"]) if reply["item"] else "整份记录"
        words = f"{minute_zh(reply['wall'])}，{about}：{one_line(reply['text']) or BLANK}"
        by_return.setdefault(reply["return_id"], []).append(words)
    for photo in visit["supplements"]:
        words = f"{minute_zh(photo['wall'])}，补充照片：{_photo(photo, names)}"
        by_return.setdefault(photo["return_id"], []).append(words)
    if not by_return:
        return []
    lines = ["", "附：更正说明", "本说明是对退回意见的答复，不改变被检查单位已签名的记录。"]
    for number, each in enumerate(by_return.values(), 1):
        lines.append(f"（第{number}次退回）")
        lines += [f"{index}. {words}" for index, words in enumerate(each, 1)]
    return lines
