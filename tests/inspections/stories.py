"""The stories behind ``tests/vectors/fold-*.json``: one visit each, told by the people's acts."""

from __future__ import annotations

from collections.abc import Callable

from tests.inspections.heaps import heap
from tests.inspections.packs import DUTY, SAMPLING, SHORT_DUTY, SPECIAL, TEAM, cad_pack, pack
from tests.inspections.phones import MINUTE, START, Phone, Scene, as_inner, digest, sha

FAIL = {"part": "二层东侧楼梯间", "note": "防火门用木楔顶住，处于常开状态", "measure": "责令立即改正"}


def duty_answers(scene: Scene, phone: Phone, minute: float = 10) -> None:
    """Every item of DUTY, two of them failed, photographed as demanded."""
    cl = "CL-DEMO-1/0/"
    scene.answers(phone, minute, cl + "FB-A01", "pass")
    scene.answers(phone, minute + 1, cl + "FB-A05", "neutral", nums={"area": "12500.5", "floors": "5"})
    scene.answers(phone, minute + 2, cl + "FB-C06", "fail", asked=5, correct=3, part="一层服务台",
                  note="两名员工不会使用灭火器\n其余员工回答正确", fixed=False)  # fmt: skip
    scene.answers(phone, minute + 3, cl + "FB-C08", "pass", texts={"report_no": "检字2026-118"},
                  dates={"tested_on": "2026-04-09"}, note="  原件在消防控制室  ")  # fmt: skip
    scene.answers(phone, minute + 4, cl + "FB-C12", "pass")
    scene.answers(phone, minute + 5, cl + "FB-D04", "fail", choice=["open"], fixed=True, **FAIL)
    scene.photographs(phone, minute + 6, "door-open", checklist="CL-DEMO-1", item="FB-D04", sheet=0)
    scene.answers(phone, minute + 7, cl + "FB-E01", "pass")
    phone.write("unit.fact", minute + 8, fact="control_room", value="yes", source="现场查看")
    scene.answers(phone, minute + 9, cl + "FB-F01", "pass")
    scene.photographs(phone, minute + 10, "control-room", item="FB-F01", checklist="CL-DEMO-1", caption="消防控制室")
    scene.answers(phone, minute + 11, cl + "FB-Z04", "neutral", text="无异议")


def short_answers(scene: Scene, phone: Phone, minute: float = 10) -> None:
    scene.answers(phone, minute, "CL-DEMO-1/0/FB-D04", "pass", choice=["ok"])
    scene.answers(phone, minute + 1, "CL-DEMO-1/0/FB-E01", "pass")


def fire_visit() -> Scene:
    """A plain fire visit with fails and photos, two phones, sealed."""
    scene = Scene(pack("2026-11-0001", [DUTY]))
    lin, he = scene.phone(0, off=-1234), scene.phone(1)
    scene.arrives(lin)
    lin.write("gps.fix", 1.5, lat=347_000_000, lon=1_127_000_000, acc=800, at=START)
    duty_answers(scene, lin)
    scene.photographs(he, 18, "corridor", caption="疏散通道")
    scene.photographs(he, 18.5, "blurred")
    he.write("photo.void", 19, sha256=sha("blurred"), reason="拍摄模糊")
    scene.photographs(lin, 19, "door-marked", purpose="derived", of=sha("door-open"), item="FB-D04",
                      checklist="CL-DEMO-1")  # fmt: skip
    lin.write("doc.add", 21.5, kind="documentary", title="消防设施检测报告", source="单位档案室", provider="钱某某",
              attested=True, photos=[])  # fmt: skip
    lin.write("unit.propose", 21.6, field="safety_manager", old="钱某某", new="孙某某", source="任命文件")
    lin.write("party.statement", 22, text="已知悉，立即整改。")
    scene.closes(lin, he, 25)
    return scene


def cad_visit() -> Scene:
    """A secrecy visit without any fix; a fix that a faulty phone wrote is shown nowhere."""
    scene = Scene(cad_pack("2026-11-0002"))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    scene.answers(lin, 10, "CL-DEMO-US/0/US-04", "pass")
    scene.answers(lin, 11, "CL-DEMO-US/0/US-06", "fail", part="防护单元入口", note="密闭胶条老化开裂")
    scene.photographs(lin, 12, "seal-strip", src="system", stripped=True, item="US-06", checklist="CL-DEMO-US")
    lin.write("gps.fix", 12.5, lat=330_000_000, lon=1_130_000_000, acc=500, at=START)
    scene.closes(lin, he, 20)
    return scene


def merged_checklists() -> Scene:
    """Two checklists share two bank items, which are answered once."""
    scene = Scene(pack("2026-11-0003", [SHORT_DUTY, SPECIAL], facts={"key_unit": "no"}))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    scene.answers(lin, 13, "CL-DEMO-2/0/FB-A01", "pass")
    lin.write("assist.add", 14, name="周协助", org="示范检测公司", scope="设施测试")
    scene.closes(lin, he, 20)
    return scene


def closed_unit() -> Scene:
    """Nobody there: a short record, and one attestation is still missing."""
    scene = Scene(pack("2026-11-0004", [SHORT_DUTY]))
    lin = scene.phone(0)
    scene.opens(lin)
    lin.write("rec.mark", 1, mark="arrival")
    scene.photographs(lin, 2, "door-plate", purpose="door")
    lin.write("outcome", 3, kind="not_possible", reason="closed", note="卷帘门上锁，门口张贴停业通知")
    scene.attests(lin, 5)
    scene.seals(lin, 6)
    return scene


def refused_entry() -> Scene:
    """Entry refused: credentials were shown, the door photo and the description are missing."""
    scene = Scene(pack("2026-11-0005", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.opens(lin)
    lin.write("rec.mark", 1, mark="arrival")
    scene.shows(lin, 2)
    lin.write("outcome", 3, kind="refused_entry")
    scene.attests(lin, 5)
    scene.attests(he, 6)
    return scene


def conflict_resolved() -> Scene:
    """Two phones answer alike items differently; one conflict is resolved, one is not."""
    scene = Scene(pack("2026-11-0006", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    scene.answers(lin, 10, "CL-DEMO-1/0/FB-D04", "pass", choice=["none"])
    mine = scene.answers(lin, 11, "CL-DEMO-1/0/FB-D04", "pass", choice=["ok"])
    theirs = scene.answers(he, 10.5, "CL-DEMO-1/0/FB-D04", "fail", choice=["broken"], **FAIL)
    lin.write("check.change", 12, checklist="CL-DEMO-1", item="FB-D04", sheet=0, val="fail", choice=["broken"],
              over=[mine, theirs], reason="现场复看后确认", **FAIL)  # fmt: skip
    scene.answers(lin, 13, "CL-DEMO-1/0/FB-E01", "pass")
    he.write("item.na", 13.5, checklist="CL-DEMO-1", item="FB-E01", sheet=0, reason="单层小库房")
    return scene


def attestation_voided() -> Scene:
    """A later change voids both attestations and the signature; one inspector attests again."""
    scene = Scene(pack("2026-11-0007", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    scene.attests(lin, 15)
    scene.attests(he, 16)
    scene.signs(lin, 17)
    before = scene.visit()["answers"]["CL-DEMO-1/0/FB-E01"]["heads"][0]["h"]
    lin.write("check.change", 18, checklist="CL-DEMO-1", item="FB-E01", sheet=0, val="fail", over=[before],
              part="一层通道", note="堆放纸箱", reason="离场前发现")  # fmt: skip
    scene.photographs(lin, 18.5, "boxes", checklist="CL-DEMO-1", item="FB-E01")
    scene.attests(he, 20)
    return scene


def second_after_seal() -> Scene:
    """The second inspector attests on the own phone after the seal (A3)."""
    scene = Scene(pack("2026-11-0008", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    scene.attests(lin, 15)
    scene.signs(lin, 16)
    lin.write("rec.stop", 17, session="s1")
    scene.seals(lin, 18)
    scene.attests(he, 60)
    he.write("sync.receipt", 61, size=17, root="cm9vdA")
    return scene


def after_the_seal() -> Scene:
    """Content after the seal is kept and flagged; a photo taken before it on another phone is late."""
    scene = Scene(pack("2026-11-0009", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    scene.photographs(he, 14, "seen", caption="封存前已合并")
    scene.closes(lin, he, 15)
    scene.photographs(he, 13, "unseen", caption="封存前拍摄，封存后才到")
    scene.answers(lin, 40, "CL-DEMO-1/0/FB-E01", "fail", **FAIL)
    scene.photographs(he, 41, "after")
    lin.write("gps.fix", 42, lat=1, lon=1, acc=1, at=START)
    lin.write("late.note", 43, text="单位来电补充说明")
    lin.write("report.opinion", 44, base=0, evaluation="总体较好", handling="不予处罚", advice="加强巡查")
    return scene


def returned_report() -> Scene:
    """A returned report: reply, supplementary photo, a second round of two attestations and a seal."""
    scene = Scene(pack("2026-11-0010", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    first = scene.closes(lin, he, 15)
    lin.write("reply", 1500, return_id="r-1", item="FB-E01", checklist="CL-DEMO-1", text="补充通道全景照片")
    lin.write("reply", 1501, return_id="r-1", item="", text="其余无补充")
    scene.photographs(lin, 1502, "passage", t="supplement.photo", return_id="r-1", checklist="CL-DEMO-1", item="FB-E01")
    scene.attests(lin, 1510)
    scene.attests(he, 1511)
    scene.seals(lin, 1512, prev_seal=first)
    return scene


def round_open() -> Scene:
    """A returned report whose answer is not sealed yet: the first seal no longer suffices."""
    scene = Scene(pack("2026-11-0011", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    scene.closes(lin, he, 15)
    lin.write("reply", 1500, return_id="r-1", item="", text="经复核，记录无误")
    scene.attests(he, 1505)
    return scene


def sampling() -> Scene:
    """Two product sheets; the second goes to the laboratory and has no sample yet."""
    scene = Scene(pack("2026-11-0012", [SAMPLING]))
    lin, _ = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    for sheet, name in enumerate(("灭火器 MFZ/ABC4", "消防应急灯")):
        scene.answers(lin, 10 + sheet, f"CL-DEMO-P/{sheet}/FP-01", "neutral", text=name)
        scene.photographs(lin, 12 + sheet, f"product-{sheet}", item="FP-01", checklist="CL-DEMO-P", sheet=sheet)
        scene.answers(lin, 14 + sheet, f"CL-DEMO-P/{sheet}/FP-13", "neutral", choice=["lab"])
    lin.write("sample.add", 17, checklist="CL-DEMO-P", sheet=0, product="灭火器", model="MFZ/ABC4", quantity=2,
              seal_no="FY-001", party_name="钱某某")  # fmt: skip
    return scene


def unknown_things() -> Scene:
    """A type from the future, an erased body, a malformed body and another inspection's event."""
    scene = Scene(pack("2026-11-0013", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    lin.write("photo.hologram", 14, depth=3)
    lin.write("note.add", 15, text="被依法删除的内容")
    lin.events[-1]["body"] = None
    lin.write("outcome", 16, kind="sort_of")
    lin.write("note.add", 17, text="较新版本多写的字段", mood="calm")
    he.write("note.add", 18, insp="another-inspection", text="不属于本次检查")
    return scene


def by_code() -> Scene:
    """A2: the second inspector's attestation comes by QR inside attest.in; the own chain is not here."""
    scene = Scene(pack("2026-11-0014", [SHORT_DUTY]))
    lin, he = scene.phone(0), scene.phone(1)
    scene.arrives(lin)
    short_answers(scene, lin)
    scene.attests(lin, 15)
    h = scene.attests(he, 16, level="A2")
    lin.write("attest.in", 16.5, **as_inner(he.events, h))
    lin.write("attest.in", 16.6, h="{}", s="x", b="not canonical")
    he.events.clear()
    scene.signs(lin, 17)
    lin.write("attest.late", 18, d=scene.visit()["attests"][0]["d"])
    return scene


def everything_missing() -> Scene:
    """An arrival and little else; two recordings with a hole; an expired certificate; a recusal."""
    team = [TEAM[0], {**TEAM[1], "valid_to": "2026-11-02"}]
    profile = {**cad_pack("2026-11-0015")["profile"], "onsite.recorder": "required", "team.lead": "required",
               "onsite.scan_in": True, "onsite.min_photos": 2}  # fmt: skip
    scene = Scene(pack("2026-11-0015", [DUTY], team=[{**m, "lead": False} for m in team], profile=profile))
    lin, he = scene.phone(0), scene.phone(1)
    scene.opens(lin, brief=True)
    scene.opens(he, 0.5)
    lin.write("recusal.declare", 1, inspector="u-lin", conflict=True, reason="亲属在该单位任职")
    lin.write("recusal.request", 1.5, party_name="钱某某", inspector="u-lin", reason="与我单位有纠纷")
    start = {"device_no": "ZF-07", "kind": "body_worn", "wearer": "林示范", "clock_checked": False}
    lin.write("rec.start", 2, session="s1", **start)
    lin.write("rec.stop", 5, session="s1")
    lin.write("rec.start", 15, session="s2", **start)
    lin.write("rec.gap", 16, session="s2", **{"from": START + 15 * MINUTE}, to=START + 16 * MINUTE, reason="other",
              spoken_before=True, spoken_after=False)  # fmt: skip
    scene.shows(lin, 6, count=1)
    scene.answers(lin, 17, "CL-DEMO-1/0/FB-D04", "pass", choice=["open"])
    scene.answers(lin, 18, "CL-DEMO-1/0/FB-E01", "fail", part=" ", gate=False)
    scene.answers(lin, 19, "CL-DEMO-1/0/FB-A05", "neutral")
    scene.answers(lin, 20, "CL-DEMO-1/0/FB-F01", "pass", gate=True)
    lin.write("sign.party", 21, mode="refused", text=digest("another text"), witness="物业李某")
    return scene


STORIES: dict[str, Callable[[], Scene]] = {
    "fire-visit": fire_visit,
    "cad-visit": cad_visit,
    "merged-checklists": merged_checklists,
    "closed-unit": closed_unit,
    "refused-entry": refused_entry,
    "conflict-resolved": conflict_resolved,
    "attestation-voided": attestation_voided,
    "second-after-seal": second_after_seal,
    "after-the-seal": after_the_seal,
    "returned-report": returned_report,
    "round-open": round_open,
    "sampling": sampling,
    "unknown-things": unknown_things,
    "by-code": by_code,
    "everything-missing": everything_missing,
    "heap-1": lambda: heap(1),
    "heap-2": lambda: heap(2),
    "heap-3": lambda: heap(3),
}
