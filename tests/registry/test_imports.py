"""A clerk's table from the first look to its undoing (WC-9c, D-34): nothing silently overwritten, nothing done twice."""

from __future__ import annotations

import io
import itertools
from datetime import datetime
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from server.kernel import uscc
from server.platform import clock, jobs
from server.platform.db import session
from server.registry import cards, domain, imports, operations, undo
from server.registry.tables import MarketEntityRow, RegistryChangeRow, RegistryImportRow, UnitRow
from tests import builders
from tests.registry import desk

AGENCY = builders.AGENCY


def clerk() -> Any:
    return builders.an_actor("plan_officer")


def brought(data: bytes, name: str = "units.csv", store: bool = True, actor: Any = None) -> RegistryImportRow:
    """The table is looked at and, if asked, stored."""
    actor = actor or clerk()
    made = imports.begin(actor, actor.agency_id, data, name)
    if store:
        imports.begin_storing(actor, actor.agency_id, made)
    session().expire_all()
    return imports.one_import(actor.agency_id, made)


def counts(row: RegistryImportRow) -> tuple[int, int, int, int, int]:
    found = row.looked
    return found["added"], found["updated"], found["unchanged"], found["left"], found["wrong"]


def history() -> int:
    return session().scalar(select(func.count()).select_from(RegistryChangeRow)) or 0


def everything(agency: str = AGENCY) -> list[tuple[Any, ...]]:
    """All fields of all units, as the registry holds them."""
    units = operations.units(agency, limit=200)
    return sorted((u.name, u.address, u.entity_name, u.uscc, u.blacklisted, tuple(sorted(u.details.items())), tuple(sorted(u.facts.items()))) for u in units)


def test_looking_stores_nothing_and_storing_does_what_the_look_said(ctx: Flask) -> None:
    data = desk.csv(desk.line(1), desk.line(2), desk.line(3, 统一社会信用代码="91350100M000100Y4X"))
    looked = brought(data, store=False)
    assert (looked.state, counts(looked)) == ("checked", (2, 0, 0, 0, 1))
    assert everything() == []
    stored = brought(data)
    assert (stored.state, counts(stored), stored.done, stored.total) == ("done", (2, 0, 0, 0, 1), 2, 2)
    assert [unit[0] for unit in everything()] == ["示例单位1", "示例单位2"]


def test_importing_again_what_is_there_writes_no_history(ctx: Flask) -> None:
    data = desk.csv(desk.line(1, 消防安全重点单位="是", 黑名单="是"), desk.line(2))
    brought(data)
    before, then = everything(), session().scalar(select(UnitRow.updated_at).limit(1))
    again = brought(data)
    assert counts(again) == (0, 0, 2, 0, 0)
    assert (everything(), history(), session().scalar(select(UnitRow.updated_at).limit(1))) == (before, 0, then)


def test_a_changed_cell_becomes_one_line_of_history_with_its_source(ctx: Flask) -> None:
    brought(desk.csv(desk.line(1)))
    row = brought(desk.csv(desk.line(1, 责任人电话="0379-9999-0000")), "十二月.csv")
    assert counts(row) == (0, 1, 0, 0, 0)
    (change,) = session().scalars(select(RegistryChangeRow))
    assert (change.field, change.old, change.new, change.how, change.source, change.import_id) == ("responsible_phone", "0379-0000-0001", "0379-9999-0000", "import", "导入：十二月.csv", row.id)


def test_a_blank_cell_erases_nothing(ctx: Flask) -> None:
    brought(desk.csv(desk.line(1)))
    assert counts(brought(desk.csv(desk.line(1, 行业="", 责任人电话="")))) == (0, 0, 1, 0, 0)


def test_a_premises_that_was_renamed_or_has_moved_is_the_same_unit(ctx: Flask) -> None:
    brought(desk.csv(desk.line(1)))
    row = brought(desk.csv(desk.line(1, 单位名称="示例单位1（新名）")))
    assert counts(row) == (0, 1, 0, 0, 0)
    assert [(unit.name, unit.address) for unit in operations.units(AGENCY)] == [("示例单位1（新名）", "示例路1号")]


def test_wc_9c_a_table_never_overwrites_what_a_person_entered_and_somebody_decides(ctx: Flask) -> None:
    """WC-9c: imports from several platforms "汇集……收集补充"; where they differ from a person's value a person decides."""
    brought(desk.csv(desk.line(1)))
    (unit,) = operations.units(AGENCY)
    cards.edit(clerk(), AGENCY, unit.id, {"responsible_phone": "0379-1111-2222"}, "电话核实")
    looked = brought(desk.csv(desk.line(1, 行业="工业仓储")), "旧表.csv", store=False)
    (conflict,) = looked.looked["conflicts"]
    assert (conflict["field"], conflict["old"], conflict["new"], conflict["how"], conflict["row"]) == ("responsible_phone", "0379-1111-2222", "0379-0000-0001", "desk", 2)
    undecided = brought(desk.csv(desk.line(1, 行业="工业仓储")), "旧表.csv")
    assert counts(undecided) == (0, 1, 0, 1, 0), "the other field is taken, the person's value stands"
    assert operations.unit(AGENCY, unit.id).details["responsible_phone"] == "0379-1111-2222"


@pytest.mark.parametrize("choice, phone, asked_again", [("file", "0379-0000-0001", 0), ("kept", "0379-1111-2222", 0)])
def test_a_decision_is_carried_out_and_not_asked_for_again(ctx: Flask, choice: str, phone: str, asked_again: int) -> None:
    brought(desk.csv(desk.line(1)))
    (unit,) = operations.units(AGENCY)
    cards.edit(clerk(), AGENCY, unit.id, {"responsible_phone": "0379-1111-2222"}, "电话核实")
    actor = clerk()
    row = brought(desk.csv(desk.line(1)), store=False)
    imports.decide(actor, AGENCY, row.id, {"2:responsible_phone": choice})
    imports.begin_storing(actor, AGENCY, row.id)
    assert operations.unit(AGENCY, unit.id).details["responsible_phone"] == phone
    assert brought(desk.csv(desk.line(1)), store=False).looked["conflict_count"] == asked_again


def test_no_table_takes_a_unit_off_the_blacklist(ctx: Flask) -> None:
    """YS-3.2d: "已经被列入消防安全“黑名单”的检查对象，应当纳入随机抽查名录库"."""
    brought(desk.csv(desk.line(1, 黑名单="是")))
    row = brought(desk.csv(desk.line(1, 黑名单="否")))
    assert [note["code"] for note in row.looked["notes"]] == ["W_BLACKLIST"]
    assert operations.units(AGENCY)[0].blacklisted


def test_an_import_can_be_undone_whole(ctx: Flask) -> None:
    brought(desk.csv(desk.line(1, 消防安全重点单位="否")))
    before = everything()
    row = brought(desk.csv(desk.line(1, 消防安全重点单位="是", 行业="工业仓储", 黑名单="是"), desk.line(2), desk.line(3, 黑名单="是", 消防水池="是")))
    undo.undo(clerk(), AGENCY, row.id, "导错了文件")
    assert everything() == before
    assert session().scalar(select(func.count()).select_from(MarketEntityRow)) == 1, "no enterprise is left without premises"
    session().expire_all()
    assert imports.one_import(AGENCY, row.id).state == "undone"


def test_an_import_cannot_be_undone_twice(ctx: Flask) -> None:
    row = brought(desk.csv(desk.line(1)))
    undo.undo(clerk(), AGENCY, row.id, "导错了文件")
    with pytest.raises(domain.ImportNotReady):
        undo.undo(clerk(), AGENCY, row.id, "再来一次")


def test_undo_is_refused_with_the_reason_when_something_later_depends_on_it(ctx: Flask) -> None:
    brought(desk.csv(desk.line(1)))
    (first,) = operations.units(AGENCY)
    row = brought(desk.csv(desk.line(1, 行业="工业仓储"), desk.line(2)))
    cards.edit(clerk(), AGENCY, first.id, {"sector": "商场市场"}, "现场看过")
    second = next(unit for unit in operations.units(AGENCY) if unit.id != first.id)
    person = desk.an_inspector(1)
    operations.declare_conflict(clerk(), AGENCY, person.id, second.id, "亲属任职")
    with pytest.raises(domain.UndoRefused) as refusal:
        undo.undo(clerk(), AGENCY, row.id, "导错了文件")
    assert "示例单位1" in refusal.value.detail and "示例单位2”已登记利害关系" in refusal.value.detail
    assert len(operations.units(AGENCY)) == 2, "whole or not at all"


def test_headers_are_guessed_and_the_clerks_mapping_is_kept_for_the_next_table(ctx: Flask) -> None:
    head = "* 单位名称（必填）,详细地址,统一社会信用代码,消防安全责任人,单位类型,电话,外部编号（监管平台）"
    data = f"{head}\n示例商场,示例路1号,{desk.code(1)},甄责任,企业,0379-0000-0001,JG-7".encode()
    row = brought(data, store=False)
    assert row.mapping == {"*单位名称（必填）": "name", "详细地址": "address", "统一社会信用代码": "uscc", "消防安全责任人": "responsible_name", "单位类型": "unit_type", "外部编号（监管平台）": "ext.监管平台"}
    actor = clerk()
    imports.remap(actor, AGENCY, row.id, {**row.mapping, "电话": "responsible_phone"})
    imports.begin_storing(actor, AGENCY, row.id)
    (unit,) = operations.units(AGENCY)
    assert unit.details["responsible_phone"] == "0379-0000-0001"
    assert next(iter(operations.pool(AGENCY, operations.PoolFilter()))).external_ids == {"监管平台": "JG-7"}
    assert brought(data, store=False).mapping["电话"] == "responsible_phone"


def test_two_headers_cannot_mean_one_field(ctx: Flask) -> None:
    row = brought(desk.csv(desk.line(1)), store=False)
    with pytest.raises(domain.FilterWrong):
        imports.remap(clerk(), AGENCY, row.id, {**row.mapping, "行业": "name"})


def test_missing_columns_are_named_and_can_be_mapped_before_anything_is_stored(ctx: Flask) -> None:
    row = brought(f"商户,住所,统一社会信用代码,消防安全责任人,单位类型\n示例商场,示例路1号,{desk.code(1)},甄,企业".encode(), store=False)
    assert (row.state, row.looked["lacking"]) == ("checked", ["单位名称", "地址"])
    with pytest.raises(domain.ImportHeadersWrong):
        imports.begin_storing(clerk(), AGENCY, row.id)
    imports.remap(clerk(), AGENCY, row.id, {**row.mapping, "商户": "name", "住所": "address"})
    session().expire_all()
    assert counts(imports.one_import(AGENCY, row.id)) == (1, 0, 0, 0, 0)


def real_workbook() -> bytes:
    """As offices send them: a merged title, a remark, merged area cells, formulas, dates, codes as numbers and as text."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet, text, day = book.add_worksheet("重点单位"), book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.merge_range(0, 0, 0, 8, "示例区检查对象名录（二〇二六年）")
        sheet.write(1, 0, "填表说明：红色为必填")
        for x, header in enumerate(["单位 名称", "地址", "统一社会\n信用代码", "注册号", "消防安全责任人", "责任人电话", "单位类型", "建筑面积", "所属区域", "建成日期"]):
            sheet.write(2, x, header)
        rows = [
            ["示例商场", "示例路1号", desk.code(1), "", "甄一", 13800000001, "企业", 1234.5],
            ["示例饭店", "示例路2号", 9.14103070000002e16, "", "甄二", "0379-0000-0002", "企业", 80],
            ["示例小店", "示例路3号", "", 410307600123456, "甄三", "", "个体工商户", 20],
            ["示例旧店", "示例路4号", "", "4.10307E+14", "甄四", "", "个体工商户", 20],
        ]
        for y, row in enumerate(rows, start=3):
            for x, value in enumerate(row):
                sheet.write(y, x, value, text if isinstance(value, str) else None)
        sheet.write_formula(3, 7, "=1000+234.5", None, 1234.5)
        sheet.merge_range(3, 8, 6, 8, "样本镇")
        sheet.write_datetime(3, 9, datetime(2020, 5, 1), day)
        sheet.write_formula(4, 0, '="示例"&"饭店"', None, "示例饭店")
    return buffer.getvalue()


def test_a_real_workbook_with_a_title_merged_cells_formulas_dates_and_numbers_is_read(ctx: Flask) -> None:
    row = brought(real_workbook(), "重点单位.xlsx")
    assert row.state == "done" and counts(row) == (2, 0, 0, 0, 2)
    assert [(e["row"], e["column"], e["code"]) for e in row.looked["errors"]] == [(5, "统一社会信用代码", "E_USCC_NUMERIC"), (7, "注册号", "E_USCC_NUMERIC")]
    units = {unit.name: unit for unit in operations.units(AGENCY)}
    assert units["示例商场"].details["responsible_phone"] == "13800000001"
    assert (units["示例商场"].details["floor_area"], units["示例商场"].details["district"]) == ("1234.5", "样本镇")
    assert units["示例小店"].registration_no == "410307600123456"


def test_what_is_no_table_fails_in_words(ctx: Flask) -> None:
    row = brought(b"PK\x03\x04broken", "坏.xlsx", store=False)
    assert row.state == "failed" and row.looked["trouble"]


def test_an_import_whose_writing_fails_for_good_says_so_and_can_be_begun_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must never stand at 正在写入 for ever: the clerk reads why, and writes again without doubling anything."""
    client = builders.client_as("plan_officer")
    with app.app_context():
        actor = builders.actor_of(client.person)
        made = imports.begin(actor, AGENCY, desk.csv(desk.line(1), desk.line(2)), "units.csv")
        jobs.drain()

        def broken(*_args: Any, **_more: Any) -> None:
            raise OSError("secret detail of the disk")

        with clock.freeze(datetime.fromisoformat("2026-11-27T09:00:00+08:00")), monkeypatch.context() as patch:
            patch.setattr("server.registry.storing.store", broken)
            with pytest.raises(OSError):
                imports.begin_storing(actor, AGENCY, made)
            for _ in range(jobs.MAX_ATTEMPTS):
                jobs.sweep()
                clock.tick(minutes=10)
    told = client.get(f"/api/v1/registry/imports/{made}").get_json()
    assert (told["state"], told["again"]) == ("failed", True)
    assert "写入没有完成" in told["trouble"] and "secret" not in told["trouble"]
    assert client.post(f"/api/v1/registry/imports/{made}/store").status_code == 200
    with app.app_context():
        jobs.drain()
    told = client.get(f"/api/v1/registry/imports/{made}").get_json()
    assert (told["state"], told["again"], told["trouble"], told["added"]) == ("done", False, "", 2)


def test_the_annotated_table_has_the_clerks_own_columns_and_one_more_and_holds_no_formula(app: Flask) -> None:
    """Abuse test 32: a cell that begins like a formula stays text in everything that comes out."""
    client = builders.client_as("plan_officer")
    data = desk.csv(desk.line(1), desk.line(2, 统一社会信用代码="91350100M000100Y4X", 单位名称="=HYPERLINK(示例)", 地址="+示例路"))
    made = client.post("/api/v1/registry/imports", data={"file": (io.BytesIO(data), "坏.csv")}, content_type="multipart/form-data").json
    answer = client.get(f"/api/v1/registry/imports/{made['id']}/errors.xlsx")
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment")
    table = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert table[0] == ["原行号", *desk.line(1), "错误"]
    assert (table[1][0], table[1][1], table[1][2]) == ("3", "=HYPERLINK(示例)", "+示例路") and "校验" in table[1][-1] or "不正确" in table[1][-1]
    with ZipFile(io.BytesIO(answer.data)) as inside:
        assert b"<f>" not in inside.read("xl/worksheets/sheet1.xml") and b"quotePrefix" in inside.read("xl/styles.xml")


def test_the_registry_goes_out_to_excel_with_every_column_and_comes_in_again_unchanged(app: Flask) -> None:
    with app.app_context():
        brought(desk.csv(desk.line(1, 消防安全重点单位="是", 黑名单="是", 地址="=1+1号", **{"外部编号（监管平台）": "JG-1"}), desk.line(2)))
    client = builders.client_as("plan_officer")
    out = client.get("/api/v1/registry/units.xlsx")
    table = CalamineWorkbook.from_filelike(io.BytesIO(out.data)).get_sheet_by_index(0).to_python()
    assert {"单位名称", "消防安全责任人", "消防安全重点单位", "外部编号（监管平台）", "黑名单"} <= set(table[0])
    made = client.post("/api/v1/registry/imports", data={"file": (io.BytesIO(out.data), "名录库.xlsx")}, content_type="multipart/form-data").json
    assert (made["state"], made["unchanged"], made["updated"], made["added"], made["wrong"]) == ("checked", 2, 0, 0, 0)


def test_another_agencys_import_does_not_exist(app: Flask) -> None:
    with app.app_context():
        row = brought(desk.csv(desk.line(1)))
    other = builders.client_as("plan_officer", agency="fire-jindong")
    path = f"/api/v1/registry/imports/{row.id}"
    assert [other.get(path).status_code, other.get(f"{path}/errors.xlsx").status_code, other.post(f"{path}/store").status_code, other.post(f"{path}/undo", json={"reason": "x"}).status_code] == [404] * 4
    assert other.get("/api/v1/registry/imports").json == {"imports": []}


def test_only_the_plan_officer_brings_tables(app: Flask) -> None:
    """Abuse test 23: an inspector does not write into the registry."""
    for role in ("inspector", "reviewer", "auditor", "administrator"):
        answer = builders.client_as(role).post("/api/v1/registry/imports", data={"file": (io.BytesIO(b"a"), "a.csv")}, content_type="multipart/form-data")
        assert answer.status_code == 403, role


_agencies = itertools.count(1)
VALUES = {"行业": ["宾馆饭店", "工业仓储", ""], "责任人电话": ["0379-0000-0001", "0379-0000-0002", ""], "黑名单": ["是", "否", ""], "消防安全重点单位": ["是", "否", ""], "所属区域": ["样本镇", ""]}
LINES = st.lists(st.tuples(st.integers(1, 4), st.fixed_dictionaries({name: st.sampled_from(words) for name, words in VALUES.items()})), max_size=4, unique_by=lambda one: one[0])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=LINES, second=LINES)
def test_any_import_is_idempotent_and_its_undo_brings_back_exactly_what_was(ctx: Flask, first: list[Any], second: list[Any]) -> None:
    agency = f"fire-sample-{next(_agencies)}"
    actor = builders.an_actor("plan_officer", agency=agency)
    table = lambda lines: desk.csv(*(desk.line(number, **more) for number, more in lines), desk.line(9))
    brought(table(first), actor=actor)
    before = everything(agency)
    row_id = brought(table(second), actor=actor).id
    after, lines = everything(agency), history()
    again = brought(table(second), actor=actor)
    assert (everything(agency), history()) == (after, lines) and again.looked["added"] == again.looked["updated"] == 0
    undo.undo(actor, agency, row_id, "试验")
    assert everything(agency) == before


def test_codes_of_the_sample_lines_are_right() -> None:
    assert all(uscc.check(desk.code(n)).ok for n in (1, 9, 50_000))
