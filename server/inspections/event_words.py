"""What people call the types of events; docs/events.md says what each means."""

from __future__ import annotations

from typing import Final

EVENT_WORDS: Final = {
    "insp.open": "开始检查", "recusal.declare": "回避声明", "recusal.request": "回避申请", "rec.mark": "时间标记",
    "outcome": "检查结果", "id.show": "出示证件", "notice.give": "送达通知书", "told.tick": "告知",
    "rec.start": "记录仪开启", "rec.stop": "记录仪关闭", "rec.gap": "记录中断", "unit.propose": "单位信息更正建议",
    "unit.fact": "单位情况", "check.answer": "检查项答案", "check.change": "修改答案", "item.na": "不适用",
    "photo.add": "照片", "photo.void": "照片作废", "audio.add": "录音", "doc.add": "证据材料", "note.add": "备注",
    "interview.add": "询问", "sample.add": "抽样", "assist.add": "协助人员", "party.statement": "陈述意见",
    "supplement.photo": "补充照片", "attest": "核验", "attest.in": "扫码带入的核验", "attest.late": "本人账号确认",
    "sign.party": "被检查单位签名", "seal": "封存", "reply": "答复", "report.opinion": "评价与处理意见",
    "late.note": "事后备注", "late.photo": "事后照片", "correct": "更正", "correct.approve": "更正确认",
    "objection": "异议", "gps.fix": "定位", "app.background": "应用转入后台", "app.resume": "应用恢复",
    "storage.low": "存储空间不足", "clock.jump": "手机时间跳变", "sync.anchor": "取得时间锚点",
    "sync.receipt": "取得回执", "dev.genesis": "登记本机", "dev.health": "手机自检", "key.rotate": "更换密钥",
}  # fmt: skip


def event_words(t: str) -> str:
    """The type in words; one that this version does not know as it is."""
    return EVENT_WORDS.get(t, t)
