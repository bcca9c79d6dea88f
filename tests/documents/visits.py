"""Visits to print: the real checklists of the five agencies, walked by invented people, with pictures on a disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from server.documents import pack as packs
from server.documents.pictures import Find
from server.inspections import attest
from server.inspections.record_text import record_text
from server.rules.domain import Library
from server.rules.library import load_library
from tests.inspections.phones import Phone, Scene, sha

ROOT = Path(__file__).resolve().parents[2]
AGENCIES = {
    "fire-yanshi": ["YS-A1", "YS-A2"],
    "fire-wenchanghu": ["WC-DUTY"],
    "fire-jindong": ["JD-DUTY"],
    "civil-air-defence-wugang": ["WG-US"],
    "emergency-wushen": ["WS-GEN", "WS-HC"],
}
UNIT = packs.Premises(
    "unit-1", "青榆示范商场", "青榆示范商业管理有限公司", "青榆市示范区演练路1号", "91000000MADEMO0017", "",
    {"responsible_name": "赵样本", "responsible_phone": "000-0000-0001", "manager_name": "钱某某", "unit_type": "重点单位", "floor_area": "12500", "floors": "5"},
    {},
)  # fmt: skip
TEAM = (
    packs.Member("u-lin", "林示范", "ZF-0001", date(2030, 12, 31), True),
    packs.Member("u-he", "何样例", "ZF-0002", date(2030, 6, 30), False),
)
CREATED = 1_793_500_000_000  # 2026-11-01 in China


@cache
def library() -> Library:
    return load_library(ROOT / "checklists")


def agency_pack(agency: str, *, unit: Mapping[str, Any] | None = None, codes: list[str] | None = None, **facts: Any) -> dict[str, Any]:
    """A pack of one of the five agencies, made by the code that makes them at preparation."""
    rules = library().agency(agency)
    codes = codes or AGENCIES[agency]
    foreign = "外抽-2026-77" if rules.values.get("draw.source") == "external_import" else ""
    names = {str(item["code"]): str(item["item"]) for item in rules.items}
    known: dict[str, Any] = {
        "insp": "0193e0a0-0000-7000-8000-0000000000aa", "number": "2026-11-0042", "notice_number": f"（{rules.agency['short']}）检通字〔2026〕第42号",
        "mode": "on_site", "created_ms": CREATED, "inspect_by": date(2026, 11, 30), "unit": replace(UNIT, **(unit or {})), "team": TEAM,
        "tasks": [packs.Task(f"as-{code}", "2026-11", foreign, code, names[code], date(2026, 11, 30)) for code in codes],
        "visits_this_year": 0, "history": [],
    }
    return packs.build(packs.Preparation(**{**known, **facts}), rules, {fact: fact for fact in _facts(rules)}, {"number": "", "sha256": "", "size": 0, "title": ""})


def _facts(rules: Any) -> set[str]:
    return {
        fact for checklist in rules.checklists.values() for section in checklist["sections"] for item in section["items"]
        for fact in item.get("applies_when", [])
    }


def answer(item: Mapping[str, Any], fail: bool) -> dict[str, Any]:
    """A plausible answer of the item's type; a failed one says where and what."""
    kind, body = item["answer"]["type"], {"val": "fail" if fail else "pass"}
    if kind in ("choice", "multi"):
        chosen = next((one for one in item["answer"]["choices"] if one["verdict"] == body["val"]), item["answer"]["choices"][0])
        body |= {"val": chosen["verdict"], "choice": [chosen["code"]]}
    elif kind == "number":
        body |= {"val": "neutral", "nums": {"value": "12.5"}}
    elif kind == "date":
        body |= {"val": "neutral", "dates": {"value": "2026-04-09"}}
    elif kind == "text":
        body |= {"val": "neutral", "text": "示例填写内容"}
    elif kind == "quiz":
        body |= {"asked": 5, "correct": 3 if fail else 5}
    if body["val"] == "fail":
        body |= {"part": "二层东侧楼梯间", "note": "防火门用木楔顶住，不能自行关闭", "fixed": False, "measure": "责令限期改正"}
    return body


def walk(pack: dict[str, Any], *, fails: int = 3, photos: int = 3, sign: Mapping[str, Any] | None = None, notice: Mapping[str, Any] | None = None) -> Scene:
    """A whole sealed visit: every item answered, ``fails`` of them failed, photos taken, both attest.

    ``sign`` and ``notice`` replace fields of ``sign.party`` and ``notice.give``."""
    scene = Scene(pack)
    lin, he = scene.phone(0), scene.phone(1)
    _arrive(scene, lin, notice or {})
    minute = 10.0
    items = [(checklist["id"], item) for checklist in pack["checklists"] for section in checklist["sections"] for item in section["items"]]
    for index, (checklist, item) in enumerate(items):
        minute += 0.5
        body = answer(item, fail=0 < index <= fails)
        scene.answers(lin, minute, f"{checklist}/0/{item['id']}", body.pop("val"), **body)
    for number in range(photos):
        checklist, item = items[number % len(items)]
        where = {"checklist": checklist, "item": item["id"], "sheet": 0} if number else {"purpose": "door"}
        scene.photographs(he if number % 3 == 2 else lin, minute + number * 0.1, f"photo-{number}", caption=f"第{number + 1}处", **where)
    for checklist in pack["checklists"]:
        if checklist["record_kind"] == "sampling_sheet":
            lin.write("sample.add", minute + 4, checklist=checklist["id"], sheet=0, product="手提式干粉灭火器", model="MFZ/ABC4", quantity="2具", seal_no="FY-001", party_name="钱某某")
    lin.write("party.statement", minute + 5, text="对检查情况无异议，将尽快改正。")
    _close(scene, lin, he, minute + 6, sign or {})
    return scene


def _arrive(scene: Scene, lin: Phone, notice: Mapping[str, Any]) -> None:
    scene.opens(lin, 0)
    lin.write("rec.mark", 1, mark="arrival")
    lin.write("rec.start", 1, session="s1", device_no="ZF-07", kind="body_worn", wearer="林示范", clock_checked=True)
    lin.write("rec.gap", 3, session="s1", reason="battery", spoken_before=True, spoken_after=True, **{"from": 1793667800000, "to": 1793667860000})
    scene.shows(lin, 2)
    lin.write("notice.give", 3, **{"number": scene.pack["notice"]["number"] or "检通字〔2026〕第42号", "doc": sha("notice"), "mode": "received", "receiver": "钱某某", "role": "安全管理人", "phone": "000-0000-0002", "ink": sha("ink"), **notice})
    for key in ("basis", "content", "period", "requirements", "inspectors", "rights", "integrity"):
        lin.write("told.tick", 4, key=key, spoken=True)


def _close(scene: Scene, lin: Phone, he: Phone, minute: float, sign: Mapping[str, Any]) -> None:
    scene.attests(lin, minute)
    scene.attests(he, minute + 1)
    if sign:
        lin.write("sign.party", minute + 2, **{"text": attest.text_hash(record_text(scene.visit(), scene.pack, with_annex=False)), **sign})
    else:
        scene.signs(lin, minute + 2)
    lin.write("rec.stop", minute + 3, session="s1", storage="采集站 2 号")
    scene.seals(lin, minute + 4)


def pictures(folder: Path) -> Find:
    """A finder whose pictures are drawn on first demand; the same hash always gives the same picture."""
    folder.mkdir(parents=True, exist_ok=True)

    def find(sha256: str, which: str) -> Path | str:
        # Named like a blob: by its content.
        data_name = hashlib.sha256(f"{sha256} {which}".encode()).hexdigest()
        path = folder / data_name
        if not path.exists():
            _draw(sha256, (1600, 1200) if which == "view" else (320, 240)).save(path, "JPEG", quality=60)
        return path

    return find


def _draw(sha256: str, size: tuple[int, int]) -> Image.Image:
    width, height = size
    if sha256 in (sha("ink"), sha("witness-ink")):
        image = Image.new("RGB", (900, 300), "white")
        points = [(60, 200), (240, 70), (330, 230), (520, 90), (650, 240), (840, 110)]
        ImageDraw.Draw(image).line(points if sha256 == sha("ink") else [(900 - x, y) for x, y in points], fill="black", width=9)
        return image
    red, green, blue = bytes.fromhex(sha256[:6])
    upright = int(sha256[6], 16) % 3 == 0
    image = Image.new("RGB", (height, width) if upright else size, (red, green, blue))
    pen = ImageDraw.Draw(image)
    for step in range(0, max(size), max(size) // 12):
        pen.line([(step, 0), (0, step)], fill=(blue, red, green), width=width // 90)
    return image
