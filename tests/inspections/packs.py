"""Packs of invented agencies and units for the vectors of the fold."""

from __future__ import annotations

from typing import Any

from server.inspections import attest
from tests.inspections.phones import sha

FIRE_LAW = {"law": "fire_law", "text": "《消防法》第六十条第一款第（一）项", "status": "L"}
DRAFT = {"law": "order_120", "text": "公安部令第120号第十条", "status": "M"}


def item(name: str, text: str, **more: Any) -> dict[str, Any]:
    answer = {"type": more.pop("type", "c3"), **more.pop("answer", {})}
    return {
        "id": name,
        "text": text,
        "answer": answer,
        "extra": more.pop("extra", []),
        "evidence": {"photo": more.pop("photo", "never"), "document": False, "mark": False},
        "applies_when": more.pop("applies_when", []),
        "basis": more.pop("basis", [FIRE_LAW]),
        "guidance": "",
        "star": False,
        **more,
    }


def choice(code: str, text: str, verdict: str) -> dict[str, str]:
    return {"code": code, "text": text, "verdict": verdict}


A01 = item("FB-A01", "单位名称、地址、统一社会信用代码（注册号）与名录库一致")
A05 = item(
    "FB-A05", "使用的建筑面积、具体层数登记准确", type="number",
    answer={"unit": "㎡", "label": "建筑面积"},
    extra=[{"key": "floors", "type": "number", "label": "层数", "unit": "层"}],
)  # fmt: skip
C06 = item("FB-C06", "抽查提问员工消防知识", type="quiz")
C08 = item(
    "FB-C08", "建筑消防设施每年至少一次全面检测，记录完整存档", basis=[DRAFT],
    extra=[
        {"key": "report_no", "type": "text", "label": "检测报告编号"},
        {"key": "tested_on", "type": "date", "label": "检测日期"},
    ],
)  # fmt: skip
C12 = item("FB-C12", "重点单位建立消防档案", applies_when=["key_unit"])
D04 = item(
    "FB-D04", "防火门完好，常闭式防火门处于关闭状态", type="choice", photo="on_fail",
    answer={"choices": [
        choice("ok", "完好有效", "pass"), choice("open", "常闭式防火门常开", "fail"),
        choice("broken", "损坏", "fail"), choice("none", "不涉及", "na"),
    ]},
)  # fmt: skip
E01 = item("FB-E01", "疏散通道畅通", photo="on_fail", basis=[FIRE_LAW, DRAFT])
F01 = item("FB-F01", "按标准应设的消防控制室已设置", photo="always", applies_when=["control_room"])
Z04 = item("FB-Z04", "被检查单位陈述意见", type="text")

CAD_USE = item("US-06", "防护密闭设备、设施性能良好，未拆除", photo="on_fail", basis=[
    {"law": "cad_law", "text": "《人民防空法》第四十九条第（三）项", "status": "L"}])
CAD_RECORDS = item("US-04", "维护管理制度、维护记录、技术档案齐全", basis=[])

PRODUCT = item("FP-01", "产品类别、名称、型号规格", type="text", photo="always")
JUDGED = item(
    "FP-13", "现场检查判定结论", type="choice",
    answer={"choices": [
        choice("ok", "合格", "pass"), choice("bad", "不合格", "fail"), choice("lab", "需送检", "neutral"),
    ]},
)  # fmt: skip

FIRE_PROFILE: dict[str, Any] = {
    "team.min": 2,
    "team.lead": "optional",
    "team.recusal": True,
    "onsite.credentials": True,
    "onsite.notice": True,
    "onsite.told": ["basis", "content", "requirements", "inspectors", "rights"],
    "onsite.recorder": "required",
    "onsite.min_photos": 0,
    "onsite.integrity_statement": True,
    "secrecy.geotag": "on",
    "secrecy.fields_masked": ["personal_phone"],
}
CAD_PROFILE: dict[str, Any] = {
    **FIRE_PROFILE,
    "onsite.told": ["basis", "content", "period", "requirements", "inspectors"],
    "onsite.recorder": "recommended",
    "onsite.min_photos": 1,
    "secrecy.geotag": "off",
    "secrecy.fields_masked": ["floor_area"],
}


def checklist(name: str, title: str, sections: list[tuple[str, list[dict[str, Any]]]], **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": title,
        "hash": sha(name),
        "record_kind": "fire_record",
        "repeatable": False,
        "item_code": "YS-1",
        "sections": [{"title": heading, "items": items} for heading, items in sections],
        **more,
    }


DUTY = checklist("CL-DEMO-1", "消防监督检查表", [
    ("基本情况", [A01, A05]),
    ("消防安全管理", [C06, C08, C12]),
    ("建筑防火", [D04, E01, F01]),
    ("处理", [Z04]),
])  # fmt: skip
SHORT_DUTY = checklist("CL-DEMO-1", "消防监督检查表", [("建筑防火", [D04, E01])])
SPECIAL = checklist("CL-DEMO-2", "人员密集场所专项检查表", [("重点核查", [E01, C12]), ("基本情况", [A01])])
CAD_LIST = checklist(
    "CL-DEMO-US", "平时使用检查表", [("维护管理", [CAD_RECORDS, CAD_USE])],
    record_kind="onsite_record", item_code="WG-1",
)  # fmt: skip
SAMPLING = checklist(
    "CL-DEMO-P", "消防产品检查表", [("产品", [PRODUCT]), ("结论", [JUDGED])],
    record_kind="sampling_sheet", repeatable=True, item_code="YS-2",
)  # fmt: skip

FIRE_AGENCY = {
    "id": "fire-demo", "name": "青榆市示范区消防救援大队", "short": "青示消", "kind": "fire", "phone": "000-1234567",
}  # fmt: skip
CAD_AGENCY = {
    "id": "cad-demo", "name": "青榆市国防动员办公室", "short": "青国动", "kind": "cad", "phone": "000-7654321",
}  # fmt: skip
TEAM = [
    {"user": "u-lin", "name": "林示范", "certificate_no": "ZF-0001", "valid_to": "2028-12-31", "lead": True},
    {"user": "u-he", "name": "何样例", "certificate_no": "ZF-0002", "valid_to": "2027-06-30", "lead": False},
]
UNIT = {
    "id": "unit-1",
    "name": "青榆示范商场",
    "address": "青榆市示范区演练路1号",
    "uscc": "91000000MADEMO0017",
    "responsible_person": {"name": "赵样本", "phone": "13000000000"},
    "safety_manager": {"name": "钱某某"},
    "unit_type": "重点单位",
    "floor_area": "12500",
    "floors": 5,
}


def pack(number: str, checklists: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A pack of the demo brigade; ``more`` replaces whole fields."""
    made: dict[str, Any] = {
        "v": 1,
        "insp": f"0193e0a0-0000-7000-8000-{int(number[-4:]):012d}",
        "number": number,
        "created_ms": 1_793_500_000_000,
        "mode": "on_site",
        "agency": FIRE_AGENCY,
        "unit": UNIT,
        "team": TEAM,
        "assignments": [
            {"id": f"as-{number}", "batch_no": "2026-11", "item_code": "YS-1", "item_name": "消防监督检查",
             "inspect_by": "2026-11-30"}
        ],
        "checklists": checklists,
        "profile": FIRE_PROFILE,
        "hashes": {
            "profile": sha("profile"), "item_list": sha("items"),
            "checklists": {c["id"]: c["hash"] for c in checklists},
        },
        "facts": {"key_unit": "yes", "control_room": "unknown"},
        "texts": {"read_back": "以上记录已阅（已向我宣读），与实际相符。", "told": {}},
        "history": [],
        "inspect_by": "2026-11-30",
        "visits_this_year": 1,
        "phrases": [],
        **more,
    }  # fmt: skip
    made["pin"] = attest.pin_of(made)
    return made


def cad_pack(number: str, **more: Any) -> dict[str, Any]:
    """A pack of the demo civil air defence office: no positions, one photo at least."""
    return pack(
        number, [CAD_LIST], agency=CAD_AGENCY, profile=CAD_PROFILE, facts={},
        assignments=[{"id": f"as-{number}", "item_code": "WG-1", "item_name": "人防工程平时使用检查"}], **more,
    )  # fmt: skip
