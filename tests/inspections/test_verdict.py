"""The integrity verdict: one sentence a reviewer understands, and every doubt with what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.audit import public_log
from server.inspections import interval
from server.inspections.flag_words import FLAG_HELP, FLAG_WORDS
from server.inspections.interval import Interval
from server.kernel import b64url, canonical, chain
from server.platform import clock
from server.reports import reading
from tests import builders
from tests import phone as phones

PREFIX = "/api/v1"


def detail(insp: str, agency: str = builders.AGENCY) -> dict:
    report = reading.of_inspection(agency, insp)
    answer = builders.client_as("reviewer", agency=agency).get(f"{PREFIX}/reports/{report}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def seen_after() -> list:
    """What a phone puts into ``seen`` once it knows the newest checkpoint."""
    size = public_log.tail().size
    newest = public_log.stored(size - 1)
    return [size, b64url.encode(newest.root)]


def test_a_whole_record_reads_as_one_plain_sentence(ctx):
    carried = phones.carry_visit(photos=2, answers=5)
    told = detail(carried.visit.insp)
    events = len([w for p in carried.visit.phones for w in p.wires if phones.header_of(w)["insp"] == carried.visit.insp])
    assert told["verdict"] == f"完整：{events} 个事件，2 张照片，双机分别上传，时间区间不能确定（弱）"
    assert told["integrity"]["complete"] and told["integrity"]["findings"] == []
    acts = sorted(act["words"] for act in told["integrity"]["acts"])
    assert acts == sorted(["到场", "核验", "核验", "被检查单位签名", "封存"])


def test_the_list_says_the_same_sentence_as_the_review(ctx):
    carried = phones.carry_visit(photos=1, answers=2)
    leader = builders.client_as("reviewer")
    line = leader.get(f"{PREFIX}/reports?queue=due").get_json()["reports"][0]
    overview = leader.get(f"{PREFIX}/inspections?which=all").get_json()["inspections"][0]
    assert line["verdict"] == overview["verdict"] == detail(carried.visit.insp)["verdict"]


def test_two_people_on_one_phone_are_called_that_and_it_is_no_doubt(ctx):
    one = phones.a_field_phone(None, "shared-phone-1")
    two = phones.a_field_phone(None, "shared-phone-1")
    carried = phones.record_visit(one, two, photos=0, answers=2)
    two.send()
    one.send()
    told = detail(carried.visit.insp)["integrity"]
    assert told["level_words"] == "同机确认"
    assert told["complete"] and [one["doubt"] for one in told["findings"]] == [False]


def test_an_attestation_that_came_by_qr_code_is_called_mutual(ctx):
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    one.attest(visit)
    carried = two.attest(visit, "A2")
    one.event("attest.in", carried, visit.insp)
    one.seal(visit)
    one.send()
    assert detail(visit.insp)["integrity"]["level_words"] == "双机互签"


def test_a_doubt_says_what_was_expected_what_was_seen_and_what_to_do(ctx):
    carried = phones.carry_visit(photos=0, answers=2)
    first = carried.first
    first.event("note.add", {"text": "封存后又记"}, carried.visit.insp)
    first.send([first.wires[-1]])
    told = detail(carried.visit.insp)
    assert told["verdict"].startswith("有 1 处需要核对：封存之后又有记录")
    (found,) = told["integrity"]["findings"]
    assert found["code"] == "F_AFTER_SEAL" and found["expected"] and found["todo"]
    assert found["seen"] == "封存之外有 1 条，其中 0 条自称记于封存之前"
    assert [one["words"] for one in found["events"]] == ["备注"]
    assert told["integrity"]["seal"]["after"] == 1


def test_a_missing_tail_is_told_in_numbers(ctx):
    one, two = phones.a_field_phone(), phones.a_field_phone()
    visit = phones.a_visit(one, two)
    visit.open(one)
    for n in range(3):
        one.event("note.add", {"text": f"第{n}条"}, visit.insp)
    two.attest(visit)
    two.send()
    one.send(one.wires[:3])
    two.seal(visit)
    two.send()
    found = {f["code"]: f for f in detail(visit.insp)["integrity"]["findings"]}
    assert f"手机 {one.dev[:8]}：核验时见过 4 条，收到 2 条" in found["F_TAIL_MISSING"]["seen"]


def test_every_flag_has_words_and_help():
    assert set(FLAG_HELP) == set(FLAG_WORDS)
    assert all(all(part for part in help) for help in FLAG_HELP.values())


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (30_000, "时间区间 1 分钟（强）"),
        (90 * 60_000, "时间区间 2 小时（强）"),
        (12 * 3_600_000, "时间区间 12 小时（强）"),
        (12 * 3_600_000 + 1, "时间区间 13 小时（一般）"),
        (72 * 3_600_000, "时间区间 3 天（一般）"),
        (72 * 3_600_000 + 1, "时间区间 4 天（弱）"),
    ],
)
def test_the_width_of_the_interval_is_told_with_its_strength(width, words):
    """record-log 2.4: at most 12 h "strong", at most 72 h "ordinary", wider "weak"."""
    assert Interval(0, width).words == words


def test_without_an_anchor_nothing_is_certain():
    assert Interval(None, 5).words == "时间区间不能确定（弱）"


def test_the_interval_of_every_act_runs_from_its_anchor_to_its_receipt(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    phone.send()
    early = clock.now_ms()
    phone.seen = seen_after()
    with clock.freeze(clock.now() + timedelta(minutes=5)):
        visit.open(phone)
        phone.event("rec.mark", {"mark": "arrival"}, visit.insp)
        phone.send()
        late = clock.now_ms()
    span = interval.of_event(phone.head)
    assert span.anchor_ms <= early and span.received_ms == late
    assert span.strength == "strong"


def test_the_live_code_beside_the_door_follows_from_the_anchor_of_the_photo(ctx):
    first, second = phones.a_field_phone(), phones.a_field_phone()
    first.send()
    first.seen = seen_after()
    visit = phones.a_visit(first, second, **{"onsite.live_code": True})
    visit.open(first)
    data = phones.a_picture(3)
    first.photo(visit.insp, data, purpose="door")
    first.attest(visit)
    second.attest(visit)
    first.seal(visit)
    second.send()
    first.send()
    codes = detail(visit.insp)["integrity"]["live_codes"]
    assert list(codes.values()) == [chain.live_code(visit.insp, first.seen[1])]
    assert len(next(iter(codes.values()))) == 4


def test_the_live_code_and_the_value_hash_are_those_of_the_phone():
    """The same two constants stand in pwa/src/core/chain.test.ts."""
    assert chain.live_code("0198", "root") == "8305"
    assert b64url.encode(chain.value_hash("甲")) == "miQ7Za_Jv4cUrJTYmY8Y06TroXoEke81OWOpS1J6RzQ"


def test_a_value_hash_depends_on_the_value_alone():
    assert chain.value_hash({"b": 1, "a": "甲"}) == chain.value_hash({"a": "甲", "b": 1})
    assert chain.value_hash("") != chain.value_hash("0")
    assert canonical.encode("甲") == '"甲"'.encode()
