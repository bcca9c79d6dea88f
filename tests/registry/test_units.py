"""检查对象名录库: what a clerk's table must hold (WC-9b, GB 32100), and what happens to the lines that do not."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask

from server.platform.sheets import UnreadableSheet, read_sheet
from server.registry import domain, operations
from tests import builders

HEAD = "单位名称,地址,统一社会信用代码,消防安全责任人,责任人电话,单位类型,消防安全重点单位"
GOOD = "91350100M000100Y43"


def csv(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode("utf-8-sig")


def workbook(rows: list[list[Any]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                sheet.write(y, x, value)
    return buffer.getvalue()


def imported(data: bytes, name: str = "units.csv", dry_run: bool = False) -> operations.ImportOutcome:
    return operations.import_units(builders.an_actor("plan_officer"), builders.AGENCY, data, name, dry_run)


def test_a_good_line_becomes_a_unit_with_its_entity_and_its_facts(ctx: Flask) -> None:
    outcome = imported(csv(f"示例商场,示例路1号,{GOOD},甄责任,0379-0000,企业,是"))
    assert (outcome.total, outcome.added, outcome.errors) == (1, 1, ())
    (unit,) = operations.units(builders.AGENCY)
    assert (unit.name, unit.uscc, unit.facts["key_unit"], unit.details["responsible_name"]) == ("示例商场", GOOD, "yes", "甄责任")


def test_importing_the_same_table_again_changes_nothing(ctx: Flask) -> None:
    line = f"示例商场,示例路1号,{GOOD},甄责任,,企业,否"
    imported(csv(line))
    again = imported(csv(line))
    assert (again.added, again.updated, again.unchanged) == (0, 0, 1)
    assert len(operations.units(builders.AGENCY)) == 1


def test_wrong_lines_are_named_with_their_row_and_column_and_the_good_ones_are_kept(ctx: Flask) -> None:
    outcome = imported(csv(f"示例商场,示例路1号,{GOOD},甄责任,,企业,否", f"坏码商场,示例路2号,{GOOD[:-1]}9,甄责任,,企业,否", ",示例路3号,,甄责任,,企业,否"))
    assert outcome.added == 1
    assert {(error.row, error.column, error.code) for error in outcome.errors} == {
        (3, "统一社会信用代码", "E_USCC"), (4, "单位名称", "E_ROW_MISSING"), (4, "统一社会信用代码", "E_USCC_MISSING"),
    }


def test_a_trial_run_stores_nothing(ctx: Flask) -> None:
    assert imported(csv(f"示例商场,示例路1号,{GOOD},甄责任,,企业,否"), dry_run=True).total == 1
    assert operations.units(builders.AGENCY) == []


def test_a_code_typed_as_a_number_has_lost_digits_and_is_refused(ctx: Flask) -> None:
    data = workbook([HEAD.split(","), ["示例商场", "示例路1号", 913501001234567890, "甄责任", "", "企业", "是"]])
    outcome = imported(data, "units.xlsx")
    assert [error.code for error in outcome.errors] == ["E_USCC_NUMERIC"]


def test_one_code_under_two_names_is_a_mistake_but_several_premises_of_one_entity_are_not(ctx: Flask) -> None:
    assert [e.code for e in imported(csv(f"甲店,示例路1号,{GOOD},甄,,企业,否", f"乙店,示例路2号,{GOOD},甄,,企业,否")).errors] == ["E_USCC_DOUBLE"]
    head = HEAD + ",市场主体名称"
    lines = [head, f"甲店,示例路1号,{GOOD},甄,,企业,否,示例连锁公司", f"乙店,示例路2号,{GOOD},甄,,企业,否,示例连锁公司"]
    outcome = imported("\n".join(lines).encode())
    assert outcome.errors == ()
    entities = {unit.entity_id for unit in operations.units(builders.AGENCY)}
    assert len(entities) == 1


def test_a_name_that_no_document_can_print_is_refused_at_the_import(ctx: Flask) -> None:
    outcome = imported(csv(f"示例\U0001F600商场,示例路1号,{GOOD},甄喆堃,,企业,否"))
    assert [(e.column, e.code) for e in outcome.errors] == [("单位名称", "E_FONT")], "rare name characters are covered, pictures are not"


def test_missing_headers_are_named_together_and_nothing_is_read(ctx: Flask) -> None:
    with pytest.raises(domain.ImportHeadersWrong) as refusal:
        imported("名称甲,电话\n示例,1".encode())
    assert "单位名称" in refusal.value.detail and "统一社会信用代码" in refusal.value.detail


@pytest.mark.parametrize("data, name", [(b"", "a.csv"), (b"PK\x03\x04broken", "a.xlsx"), (b"\x00\xff\xfe\xfa" * 9, "a.csv"), ("甲,甲\n1,2".encode(), "a.csv")])
def test_what_is_not_a_table_is_refused_in_words(data: bytes, name: str) -> None:
    with pytest.raises(UnreadableSheet) as refusal:
        read_sheet(data, name)
    assert refusal.value.detail


def test_gbk_tables_of_old_offices_are_read() -> None:
    sheet = read_sheet("单位名称,地址\n示例商场,示例路".encode("gb18030"), "a.csv")
    assert sheet.rows[0].text("单位名称") == "示例商场"


def test_a_certificate_is_valid_through_its_last_day() -> None:
    certificate = domain.Certificate("A1", date(2026, 11, 21))
    assert certificate.valid_on(date(2026, 11, 21)) and not certificate.valid_on(date(2026, 11, 22))


def test_the_units_of_another_agency_do_not_exist(app: Flask) -> None:
    with app.app_context():
        imported(csv(f"示例商场,示例路1号,{GOOD},甄责任,,企业,否"))
        (unit,) = operations.units(builders.AGENCY)
    own, other = builders.client_as("plan_officer"), builders.client_as("plan_officer", agency="fire-jindong")
    assert own.get(f"/api/v1/registry/units/{unit.id}").status_code == 200
    assert other.get(f"/api/v1/registry/units/{unit.id}").status_code == 404
    assert other.get("/api/v1/registry/units").get_json() == {"units": [], "total": 0}


def test_the_import_over_http_answers_errors_in_chinese(app: Flask) -> None:
    client = builders.client_as("plan_officer")
    answer = client.post("/api/v1/registry/units/import", data={"file": (io.BytesIO("甲\n1".encode()), "a.csv")}, content_type="multipart/form-data")
    assert answer.status_code == 422 and "表头缺少" in answer.get_json()["detail"]
    assert client.post("/api/v1/registry/units/import").status_code == 422


@pytest.mark.parametrize("agency", ["fire-yanshi", "fire-wenchanghu", "fire-jindong", "civil-air-defence-wugang", "emergency-wushen"])
def test_every_demo_registry_is_read_without_an_error(ctx: Flask, repository: Path, agency: str) -> None:
    builders.an_agency(agency)
    operations.load_demo(agency, repository / "checklists" / agency / "demo")
    assert len(operations.units(agency, limit=200)) >= 12


def test_headers_are_in_the_words_of_the_agencys_line_and_can_be_imported_again(ctx):
    builders.an_agency("emergency-wushen", "乌审旗试验应急管理局", kind="em")
    fire, mine = (builders.client_as("plan_officer", agency=agency) for agency in ("fire-yanshi", "emergency-wushen"))
    told = fire.get("/api/v1/registry/headers").json
    labels = {one["key"]: one["label"] for one in told["columns"]}
    assert labels["responsible_name"] == "消防安全责任人"
    assert {one["key"] for one in told["columns"] if one["required"]} == set(domain.REQUIRED)
    assert "key_unit" in {one["key"] for one in told["facts"]}
    other = mine.get("/api/v1/registry/headers").json
    for one in other["columns"]:
        assert one["label"] in domain.UNIT_HEADERS[one["key"]]
    assert {one["key"]: one["label"] for one in other["columns"]}["responsible_name"] == "主要负责人"
    assert "key_unit" not in {one["key"] for one in other["facts"]}
