"""Item lists 随机抽查事项清单: inherited from the parent agency, versioned with reason and day, compared and printed.

Rules YS-2.1a, YS-3.3a–c, WC-7a/b, WS-3.2a–e, C16, C24 of the seeds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.audit import operations as audit
from server.platform import clock
from server.platform.db import session
from server.platform.settings import Settings
from server.rules import item_lists, listing, operations
from server.rules.domain import Library, UnknownVersion
from server.rules.library import load_library
from server.rules.tables import CheckingSchemeRow
from tests.rules.folders import WUGANG, WUSHEN, copied, edit, sentences
from tests.world import Client

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
FIRE = "fire-wenchanghu"
ClientAs = Callable[..., Client]

PARENT = """\
title: 示范支队随机抽查事项清单
year: 2026
items:
  - {seq: 1, code: WC-DUTY, category: 消防监督抽查, item: 单位履行法定消防安全职责情况监督抽查, target: 单位, item_class: general,
     methods: [现场抽查], subject: 消防救援机构, bases: [{law: fire_law, text: 《中华人民共和国消防法》}], content: 履行职责,
     ratio: 百分之五, frequency: 每年一次, power_code: "370000001", duty_code: "370000002"}
  - {seq: 2, code: WC-SPEC-CROWDED, category: 专项, item: 消防安全专项检查（人员密集场所）, target: 人员密集场所, item_class: key, methods: [现场抽查],
     subject: 消防救援机构, bases: [{law: fire_law, text: 《中华人民共和国消防法》}]}
  - {seq: 3, code: WC-OTHER, category: 专项, item: 其他检查, target: 单位, item_class: general, methods: [现场抽查],
     subject: 消防救援机构, bases: [{law: fire_law, text: 《中华人民共和国消防法》}], checklists: [CL-WC-DUTY]}
"""


def with_parent(root: Path) -> Path:
    """文昌湖's list of July takes over the list of its detachment: one item changed, one left out, four of its own."""
    (root / "layers" / "detachment").mkdir()
    (root / "layers" / "detachment" / "items-2026.yaml").write_text(PARENT, "utf-8")
    text = (root / FIRE / "items-2026.yaml").read_text("utf-8")
    head = "year: 2026\nparent: detachment\nreason: 支队清单印发\nleft_out:\n  - {code: WC-OTHER, reason: 辖区没有此类单位}\n"
    text = text.replace("year: 2026\n", head).replace("    code: WC-DUTY\n", "    code: WC-DUTY\n    deviation: 大队按季度设定比例\n")
    start = text.index("  - seq: 2\n")
    text = text[:start] + text[text.index("  - seq: 3\n") :]
    (root / FIRE / "items-2026-07-01.yaml").write_text(text, "utf-8")
    return root


@pytest.fixture(scope="module")
def plain() -> Library:
    return load_library(Path(__file__).parents[2] / "checklists")


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return load_library(with_parent(copied(tmp_path_factory.mktemp("layered"))))


@pytest.fixture
def root(ctx: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The running application reads a copy of the checklists that the test may change."""
    copy = with_parent(copied(tmp_path))
    settings: Settings = ctx.extensions["suijian-settings"]
    changed = Settings(data=settings.data, database_url=settings.database_url, checklists=copy)
    monkeypatch.setitem(ctx.extensions, "suijian-settings", changed)
    return copy


def test_ys_2_1a_an_item_without_a_legal_basis_is_not_listed(tmp_path: Path) -> None:
    """YS-2.1a 凡法律法规规章没有规定的，一律不得擅自开展检查."""
    root = copied(tmp_path)
    edit(root, f"{FIRE}/items-2026.yaml", "bases:\n      - {law: fire_law, text: 《中华人民共和国消防法》}\n", "bases: []\n    was:\n")
    assert any("第1项" in sentence and "检查依据" in sentence for sentence in sentences(root))


def test_ys_2_1a_no_scheme_is_made_of_an_item_outside_the_list_or_switched_off(tmp_path: Path) -> None:
    """YS-2.1a 凡法律法规规章没有规定的，一律不得擅自开展检查."""
    root = copied(tmp_path)
    edit(root, f"{WUSHEN}/items-2026.yaml", "  item_class:", "  active: false\n  item_class:")
    rules = load_library(root).agency(WUSHEN)
    for code in (rules.items[0]["code"], "WS-NOWHERE"):
        with pytest.raises(listing.ItemUnknown):
            listing.scheme(rules, [code], None, "")


def test_ys_3_3a_an_item_carries_its_codes_of_power_list_and_duty_list(layered: Library) -> None:
    """YS-3.3a 严格依据本级政府权力清单和责任清单编制随机抽查事项清单."""
    theirs = {"power_code": "370000001", "duty_code": "370000002"}
    assert [listing.COLUMNS[name] for name in theirs] == ["权力清单编码", "责任清单编码"]
    item = {**layered.agency(FIRE).items[0], **theirs}
    table = listing.table_of({"items": [item]}, ["item", *theirs])
    assert table.rows[0]["cells"][1:] == list(theirs.values())


def test_ys_3_3b_the_whole_list_is_one_table(plain: Library) -> None:
    """YS-3.3b 切实做到一张表格管检查."""
    rules = plain.agency("fire-yanshi")
    table = listing.table(rules)
    assert [label for _, label in table.columns] == ["序号", "抽查类别", "抽查事项", "检查对象", "事项类别", "检查方式", "检查主体", "检查依据"]
    assert len(table.rows) == len(rules.items)
    assert all(len(row["cells"]) == len(table.columns) for row in table.rows)
    assert not [cell for row in table.rows for cell in row["cells"][:-1] if not cell]


@pytest.mark.parametrize(
    ("agency", "more"),
    [("fire-yanshi", set()), (FIRE, {"检查内容", "抽查比例", "抽查频次"}), ("fire-jindong", set()),
     (WUGANG, {"抽查比例", "抽查频次", "检查要求"}), (WUSHEN, {"检查内容", "抽查频次", "责任股室"})],
)  # fmt: skip
def test_c16_every_agency_prints_its_own_columns(plain: Library, agency: str, more: set[str]) -> None:
    """C16 item list fields: 7 columns; + 内容 比例 频次; + 比例频次 方式要求; + 执法主体 频次."""
    labels = {label for _, label in listing.table(plain.agency(agency)).columns}
    assert more <= labels
    assert {"抽查事项", "检查依据", "检查方式", "检查主体"} <= labels
    assert not labels & set(listing.COLUMNS), "every column has a Chinese name"


def test_ys_3_3c_checklists_are_generated_from_the_items(plain: Library) -> None:
    """YS-3.3c 除有特殊要求外，均应当按照随机事项抽查清单制作执法检查方案和检查表."""
    rules = plain.agency(FIRE)
    made = listing.scheme(rules, ["WC-SPEC-MIXED", "WC-DUTY"], None, "")
    assert [one["id"] for one in made.checklists] == rules.checklists_for(["WC-SPEC-MIXED", "WC-DUTY"])
    assert all(one["generated"] and one["count"] for one in made.checklists)
    assert {"label": "抽查频次", "text": rules.item("WC-DUTY")["frequency"]} in made.items[1]["facts"]


def test_ys_3_3c_a_deviation_needs_a_written_reason(plain: Library) -> None:
    """YS-3.3c 除有特殊要求外: the special demand is written down."""
    rules = plain.agency(FIRE)
    other = ["CL-WC-DUTY", "CL-WC-SPEC-MIXED"]
    for nothing in ("", "  \n"):
        with pytest.raises(listing.DeviationNeedsReason):
            listing.scheme(rules, ["WC-DUTY"], other, nothing)
    made = listing.scheme(rules, ["WC-DUTY"], other, "群众举报多业态混合")
    assert (made.deviation, [one["generated"] for one in made.checklists]) == ("群众举报多业态混合", [True, False])
    assert listing.scheme(rules, ["WC-DUTY"], ["CL-WC-DUTY"], "无").deviation == "", "no deviation, nothing to explain"


def test_ws_3_2c_the_scheme_of_an_emergency_bureau_comes_from_its_items_too(plain: Library) -> None:
    """WS-3.2c 均应当按照随机事项抽查清单制作执法检查方案和检查表."""
    made = listing.scheme(plain.agency(WUSHEN), ["WS-GEN"], None, "")
    assert [one["id"] for one in made.checklists] == ["CL-WS-GEN"]


def test_wc_7a_a_list_takes_over_its_parents_items_and_adds_its_own(layered: Library) -> None:
    """WC-7a 依据支队随机抽查事项清单中明确的事项、依据、内容、主体、对象、方式、比例、频次."""
    rules = layered.agency(FIRE)
    assert [(item["seq"], item["code"], item["origin"]) for item in rules.items[:3]] == [
        (1, "WC-DUTY", listing.CHANGED), (2, "WC-SPEC-CROWDED", listing.INHERITED), (3, "WC-SPEC-HIGHRISE", listing.OWN),
    ]  # fmt: skip
    assert rules.item("WC-OTHER") is None
    assert rules.item_list["parent"] == {"layer": "detachment", "title": "示范支队随机抽查事项清单", "starts": "2026-01-01"}
    columns = dict(listing.table(rules).columns)
    assert columns["origin"] == "来源"
    assert {"content", "ratio", "frequency", "bases", "subject", "target", "methods", "item"} <= set(columns)
    assert listing.table(rules).rows[1]["cells"][-1] == "沿用上级清单"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    deviation: 大队按季度设定比例\n", "", "与上级清单不同，缺少调整理由（deviation）"),
        ("{code: WC-OTHER,", "{code: WC-NONE,", "上级清单里没有事项 WC-NONE"),
        ("parent: detachment", "parent: nobody", "上级清单“nobody”没有在2026-07-01生效的版本"),
        ("reason: 支队清单印发\n", "", "新一版事项清单要写明调整原因（reason）"),
    ],
)
def test_wc_7a_a_departure_from_the_parents_list_is_explained(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """WC-7a 依据支队随机抽查事项清单: whatever is not as the parent has it says why."""
    root = with_parent(copied(tmp_path))
    edit(root, f"{FIRE}/items-2026-07-01.yaml", old, new)
    assert any(sentence in found for found in sentences(root)), sentences(root)


def test_wc_7b_a_new_version_holds_from_its_day_and_the_old_one_until_then(layered: Library) -> None:
    """WC-7b 动态管理，依据消防法律法规规章制修订、机构职能转变等情况及时进行调整."""
    before, after = (layered.agency(FIRE, on) for on in (date(2026, 6, 30), date(2026, 7, 1)))
    assert "parent" not in before.item_list and before.item("WC-SPEC-CROWDED")["category"] == "消防安全专项检查"
    assert after.item_list["reason"] == "支队清单印发" and after.item("WC-SPEC-CROWDED")["category"] == "专项"
    assert before.item_list_hash != after.item_list_hash


def test_wc_7b_the_difference_of_two_versions_is_told_in_words(layered: Library) -> None:
    """WC-7b 及时进行调整: who approves a version reads what changes."""
    before, after = (layered.agency(FIRE, on).item_list for on in (date(2026, 6, 30), date(2026, 7, 1)))
    lines = list(listing.changes(before, after))
    assert "事项清单 WC-SPEC-CROWDED“消防安全专项检查（人员密集场所）”的事项类别由“一般检查事项”改为“重点检查事项”" in lines
    assert "事项清单 WC-DUTY“单位履行法定消防安全职责情况监督抽查”的来源由“无”改为“在上级清单上调整”（大队按季度设定比例）" in lines
    assert list(listing.changes(after, after)) == []
    assert [line for line in listing.changes(after, {**after, "items": after["items"][1:]}) if "删去" in line] == ["事项清单删去 WC-DUTY“单位履行法定消防安全职责情况监督抽查”"]
    assert "事项的顺序有改动" in list(listing.changes(after, {**after, "items": after["items"][::-1]}))


def test_wc_7b_old_inspections_keep_the_version_they_used(root: Path) -> None:
    """WC-7b 动态管理: the version of June is read from its hash after July's has replaced it and its file has changed."""
    with clock.freeze(datetime(2026, 6, 15, 4, 0, tzinfo=UTC)):
        june = operations.rules_for(FIRE)
        operations.publish_versions(FIRE)
        edit(root, f"{FIRE}/items-2026.yaml", "ratio: 每月26日前", "ratio: 每月25日前")
        clock.tick(seconds=3)
    with clock.freeze(NOON):
        operations.publish_versions(FIRE)
        states = {version.hash: version.state for version in item_lists.history(FIRE)}
        assert states[june.item_list_hash] == item_lists.REPLACED
        assert sorted(states.values()) == ["current", "past", "replaced"]
        assert operations.pinned("item_list", june.item_list_hash) == june.item_list
        assert item_lists.version(FIRE, june.item_list_hash)[2].rows[0]["code"] == "WC-DUTY"


@pytest.mark.parametrize("kind", ["standard", "law"])
def test_ws_3_2a_standards_are_a_basis_where_the_agency_allows_them(plain: Library, kind: str) -> None:
    """WS-3.2a 依照有关法律、法规、规章和国家标准、行业标准及相关地方标准的规定，结合行政权力清单和责任清单."""
    assert kind in plain.agency(WUSHEN).value("basis.kinds_allowed")
    assert ("standard" in plain.agency("fire-yanshi").value("basis.kinds_allowed")) is False


def test_c24_an_item_on_a_kind_of_basis_that_is_not_allowed_is_refused(tmp_path: Path) -> None:
    """C24 legal basis allowed: 法律法规规章 only; + standards."""
    root = copied(tmp_path)
    edit(root, f"{FIRE}/profile.yaml", "value: [law, regulation, rule, local_regulation, local_rule]", "value: [standard]")
    found = sentences(root)
    assert sum("没有本机关允许的依据（标准），不得列入清单" in sentence for sentence in found) == 6


def test_c24_an_inherited_item_needs_an_allowed_basis_as_well(tmp_path: Path) -> None:
    """C24 basis.kinds_allowed binds what comes from the parent agency too."""
    root = with_parent(copied(tmp_path))
    edit(root, "layers/detachment/items-2026.yaml", "bases: [{law: fire_law, text: 《中华人民共和国消防法》}]}\n  - {seq: 3", "bases: [{law: campaign_scheme, text: 方案, status: own}]}\n  - {seq: 3")
    assert any("上级清单的事项“消防安全专项检查（人员密集场所）”没有本机关允许的依据" in sentence for sentence in sentences(root))


def test_ws_3_2b_every_item_names_body_basis_subject_content_method_and_frequency(plain: Library) -> None:
    """WS-3.2b 逐项明确执法主体、依据、抽查主体、抽查内容、抽查方式和抽查频次等."""
    for item in plain.agency(WUSHEN).items:
        assert [name for name in ("subject", "bases", "content", "methods", "frequency") if not item.get(name)] == []


def test_ws_3_2e_items_belong_to_sections(plain: Library) -> None:
    """WS-3.2e 旗应急局各业务股室、执法大队…编制."""
    assert all(item.get("section") for item in plain.agency(WUSHEN).items)


def test_ws_3_2d_a_version_says_what_occasioned_it(root: Path) -> None:
    """WS-3.2d 结合年度工作重点和监管执法发现的突出问题，编制、更新."""
    with clock.freeze(NOON):
        newest, oldest = item_lists.history(FIRE)
    assert (newest.reason, newest.starts, newest.state, newest.inherited) == ("支队清单印发", date(2026, 7, 1), "current", 1)
    assert (oldest.reason, oldest.starts, oldest.state) == ("", date(2026, 1, 1), "past")


def test_lists_over_http(root: Path, client_as: ClientAs) -> None:
    client = client_as("plan_officer", agency=FIRE)
    versions = client.get("/api/v1/item-lists").get_json()["versions"]
    new, old = (version["hash"] for version in versions)
    whole = client.get(f"/api/v1/item-lists/{new}").get_json()
    lines = client.get(f"/api/v1/item-lists/{old}/changes/{new}").get_json()["lines"]
    assert whole["agency"] == "淄博文昌湖省级旅游度假区消防救援大队" and whole["columns"][-1] == {"key": "origin", "label": "来源"}
    assert whole["rows"][0]["deviation"] == "大队按季度设定比例" and whole["left_out"] == [{"code": "WC-OTHER", "reason": "辖区没有此类单位"}]
    assert any("重点检查事项" in line for line in lines)


def test_another_agencys_list_does_not_exist(root: Path, client_as: ClientAs) -> None:
    own = operations.rules_for(FIRE).item_list_hash
    operations.publish_versions(FIRE)
    client = client_as("plan_officer", agency=WUSHEN)
    for path in (own, f"{own}/changes/{own}", "0" * 64, "x"):
        assert client.get(f"/api/v1/item-lists/{path}").status_code == 404
    with pytest.raises(UnknownVersion):
        item_lists.version(WUSHEN, own)


def test_a_scheme_over_http_is_made_or_says_why_not(root: Path, client_as: ClientAs) -> None:
    client = client_as("plan_officer", agency=FIRE)

    def ask(**body: Any) -> tuple[int, Any]:
        answer = client.post("/api/v1/item-lists/schemes", json=body)
        return answer.status_code, answer.get_json()

    assert ask(items=["WC-DUTY"])[0] == 200
    code, problem = ask(items=["WC-DUTY"], checklists=["CL-WC-SPEC-MIXED"])
    assert (code, problem["code"], problem["article"]) == (422, "E_SCHEME_DEVIATES", "偃师方案三（三）")
    assert ask(items=["WC-NO"])[1]["code"] == "E_ITEM_UNKNOWN"
    assert ask(items=["WC-DUTY"], checklists=["CL-NO"])[1]["code"] == "E_ITEM_UNKNOWN"
    assert ask(items=[])[0] == 422 and ask(items=["WC-DUTY"], title="x")[0] == 422
    code, scheme = ask(items=["WC-DUTY"], checklists=["CL-WC-SPEC-MIXED"], deviation="群众举报")
    assert (code, scheme["deviation"]) == (200, "群众举报")
    kept = session().scalars(select(CheckingSchemeRow).order_by(CheckingSchemeRow.created)).all()
    assert [row.deviation for row in kept] == ["", "群众举报"]
    assert kept[1].item_list == operations.rules_for(FIRE).item_list_hash
    facts = audit.listing(FIRE, verb="rules.scheme_made")
    assert [(fact.object_id, fact.facts["deviates"]) for fact in facts] == [(kept[1].id, True), (kept[0].id, False)]
