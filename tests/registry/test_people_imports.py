"""Tables of people: inspectors with the fields of WC-10b and the leading group come in as units do: looked at, decided, stored,
undone. Whoever has no account gets one only by an administrator's table, as at the desk."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from server.accounts import operations as accounts
from server.accounts.domain import WrongLogin
from server.platform.db import session
from server.registry import domain, imports, operations, people, undo
from server.registry.tables import RegistryChangeRow, RegistryImportRow
from tests import builders
from tests.registry import desk
from tests.world import Client, Phone

AGENCY = builders.AGENCY
API = "/api/v1/registry"
DAY = date(2026, 11, 27)


def line(name: str = "甄检一", number: str = "示例-0001", **more: str) -> dict[str, str]:
    """One line as an office keeps its roster."""
    return {"姓名": name, "执法证号": number, "证件有效期": "2030年1月1日", "性别": "男", "职务": "参谋", "岗位": "监督执法", "专业技术职称类别": "中级", "执法工作年限": "5年", "行业领域分组": "宾馆饭店、商场市场"} | more


def brought(*lines: dict[str, str], by: Any, kind: str = "inspectors", store: bool = True, name: str = "人员.csv") -> RegistryImportRow:
    made = imports.begin(by, by.agency_id, desk.csv(*lines), name, kind)
    if store:
        imports.begin_storing(by, by.agency_id, made)
    session().expire_all()
    row = imports.one_import(by.agency_id, made)
    session().expunge(row)
    return row


def counts(row: RegistryImportRow) -> tuple[int, int, int, int, int]:
    found = row.looked
    return found["added"], found["updated"], found["unchanged"], found["left"], found["wrong"]


def faults(row: RegistryImportRow) -> list[tuple[int, str]]:
    return [(one["row"], one["code"]) for one in row.looked["errors"]]


@pytest.fixture
def clerk(ctx: Flask) -> Any:
    return builders.an_actor("plan_officer")


@pytest.fixture
def administrator(ctx: Flask) -> Any:
    return builders.an_actor("administrator")


def test_wc_10b_the_eight_fields_come_in_by_a_table_and_the_person_may_be_drawn(clerk: Any) -> None:
    """WC-10b: "姓名、性别、单位、职务、执法资格证编号、岗位、专业技术职称类别、执法工作年限"."""
    person = builders.a_person("inspector", name="甄检一")
    looked = brought(line(单位="偃师大队"), by=clerk, store=False)
    assert (looked.state, counts(looked)) == ("checked", (1, 0, 0, 0, 0))
    assert operations.inspectors(AGENCY) == [], "looking writes nothing"
    brought(line(单位="偃师大队"), by=clerk)
    (one,) = operations.inspectors(AGENCY)
    assert (one.user_id, one.name, one.certificate.number, one.certificate.valid_to) == (person.id, "甄检一", "示例-0001", date(2030, 1, 1))
    assert one.details == {"gender": "男", "unit": "偃师大队", "position": "参谋", "post": "监督执法", "title_class": "中级", "years_of_service": 5, "sector_groups": ["宾馆饭店", "商场市场"]}
    assert [one.user_id for one in operations.available_inspectors(AGENCY, DAY)] == [person.id]


def test_the_same_table_again_writes_nothing_and_a_blank_cell_erases_nothing(clerk: Any) -> None:
    builders.a_person("inspector", name="甄检一")
    brought(line(), by=clerk)
    again = brought(line(岗位="", 行业领域分组=""), by=clerk)
    assert counts(again) == (0, 0, 1, 0, 0)
    assert session().scalars(select(RegistryChangeRow)).all() == []


@pytest.mark.parametrize(
    "more, code",
    [
        ({"执法证号": ""}, "E_ROW_MISSING"), ({"证件有效期": ""}, "E_ROW_MISSING"), ({"证件有效期": "长期"}, "E_DATE"), ({"证件有效期": "2020-01-01"}, "E_CERTIFICATE_EXPIRED"),
        ({"执法工作年限": "很久"}, "E_YEARS"), ({"执法证号": "4.10307E+17"}, "E_CERTIFICATE_NUMERIC"), ({"姓名": "甄" * 61}, "E_ROW_TOO_LONG"), ({"姓名": "甄\U000e0041"}, "E_FONT"),
    ],
)
def test_wc_10a_without_a_valid_certificate_nobody_comes_in(clerk: Any, more: dict[str, str], code: str) -> None:
    """WC-10a: "未取得执法资格的人员不得列入"; every fault of a line is said in the clerk's own columns."""
    builders.a_person("inspector", name="甄检一")
    row = brought(line() | more, by=clerk)
    assert faults(row) == [(2, code)] and operations.inspectors(AGENCY) == []


def test_who_has_no_account_comes_in_only_by_an_administrators_table(clerk: Any, administrator: Any) -> None:
    """As at the desk: accounts are the administrator's. The new person has no password; a code enrols the phone."""
    assert faults(brought(line(账号="zhen1"), by=clerk)) == [(2, "E_PERSON")]
    assert faults(brought(line(), by=administrator)) == [(2, "E_PERSON")], "a login has to be named"
    looked = brought(line(账号="zhen1"), by=administrator, store=False)
    assert [one["code"] for one in looked.looked["notes"]] == ["W_ACCOUNT"] and accounts.person_by_login("zhen1") is None
    assert [one["code"] for one in brought(line(账号="zhen1"), by=administrator).looked["notes"]] == ["W_ACCOUNT"]
    person = accounts.person_by_login("zhen1")
    assert person is not None and (person.name, person.roles, person.active) == ("甄检一", ("inspector",), True)
    for guess in ("", "zhen1", "password"):
        with pytest.raises(WrongLogin):
            accounts.login("zhen1", guess, Phone().spki_text)
    assert len(accounts.issue_codes(administrator, [person.id])) == 1
    assert counts(brought(line(账号="zhen1"), by=administrator)) == (0, 0, 1, 0, 0)


def test_what_an_administrator_brought_is_not_a_clerks_to_store_or_undo(clerk: Any, administrator: Any) -> None:
    row = brought(line(账号="zhen1"), by=administrator, store=False)
    for step in (lambda: imports.begin_storing(clerk, AGENCY, row.id), lambda: undo.undo(clerk, AGENCY, row.id, "x"), lambda: imports.remap(clerk, AGENCY, row.id, {})):
        with pytest.raises(domain.ImportForbidden):
            step()
    assert accounts.person_by_login("zhen1") is None


@pytest.mark.parametrize("login, word", [("大写", "3 至 64"), ("ab", "3 至 64"), ("taken", "已停用"), ("clerk1", "没有执法检查人员角色"), ("theirs", "已存在")])
def test_a_login_that_cannot_be_used_is_named(administrator: Any, login: str, word: str) -> None:
    gone = builders.a_person("inspector", login="taken")
    builders.a_person("plan_officer", login="clerk1")
    builders.a_person("inspector", login="theirs", agency="fire-jindong")
    accounts.change_person(administrator, gone.id, active=False)
    (error,) = brought(line(账号=login), by=administrator).looked["errors"]
    assert word in error["text"] and error["column"] == "姓名"


def test_a_line_means_the_person_with_its_certificate_else_the_only_one_of_that_name(clerk: Any) -> None:
    first, second = desk.an_inspector(1), desk.an_inspector(2)
    row = brought(line(first.name, "示例-0001", 岗位="消防监督"), line(second.name, "换证-0002"), by=clerk)
    assert counts(row) == (0, 2, 0, 1, 0), "a certificate that a person entered is not replaced before somebody decides"
    builders.a_person("inspector", name="甄同名", login="same1")
    builders.a_person("inspector", name="甄同名", login="same2")
    (error,) = brought(line("甄同名", "示例-0009"), by=clerk).looked["errors"]
    assert "有 2 个“甄同名”" in error["text"]
    assert counts(brought(line("甄同名", "示例-0009", 账号="same2"), by=clerk)) == (1, 0, 0, 0, 0)


def test_one_certificate_is_one_persons(clerk: Any) -> None:
    first = desk.an_inspector(1)
    builders.a_person("inspector", name="甄另一")
    assert [one["text"] for one in brought(line("甄另一", "示例-0001"), by=clerk).looked["errors"]] == [f"执法证号 示例-0001 已登记给“{first.name}”"]
    assert faults(brought(line("甄另一", "示例-0007"), line("甄另一", "示例-0008"), by=clerk)) == [(3, "E_PERSON")]


def test_what_a_person_entered_at_the_desk_is_not_overwritten_and_somebody_decides(clerk: Any) -> None:
    """WC-9c, as for units."""
    person = desk.an_inspector(1, post="值班")
    row = brought(line(person.name, "示例-0001"), by=clerk, store=False)
    (conflict,) = row.looked["conflicts"]
    assert (conflict["unit_name"], conflict["field"], conflict["old"], conflict["new"], conflict["how"]) == (person.name, "post", "值班", "监督执法", "desk")
    imports.decide(clerk, AGENCY, row.id, {"2:post": "kept"})
    imports.begin_storing(clerk, AGENCY, row.id)
    session().expire_all()
    assert operations.inspectors(AGENCY)[0].details["post"] == "值班"
    assert brought(line(person.name, "示例-0001"), by=clerk, store=False).looked["conflict_count"] == 0, "what was turned down is not asked again"


def test_what_came_by_a_table_and_was_then_changed_at_the_desk_is_asked_about(clerk: Any) -> None:
    person = builders.a_person("inspector", name="甄检一")
    brought(line(), by=clerk)
    one = operations.inspectors(AGENCY)[0]
    operations.register_inspector(clerk, AGENCY, person.id, one.name, one.certificate.number, date(2031, 1, 1), one.details)
    again = brought(line(岗位="综合"), by=clerk)
    assert (counts(again), [one["field"] for one in again.looked["conflicts"]]) == ((0, 1, 0, 1, 0), ["valid_to"])


def test_a_table_of_people_is_undone_whole_with_the_accounts_it_made(administrator: Any) -> None:
    known = desk.an_inspector(1, post="值班")
    row = brought(line(known.name, "示例-0001", 岗位=""), line("甄新", "示例-0005", 账号="zhenxin"), by=administrator)
    assert counts(row) == (1, 1, 0, 0, 0)
    undo.undo(administrator, AGENCY, row.id, "导错了文件")
    (left,) = operations.inspectors(AGENCY)
    assert (left.user_id, left.details) == (known.id, {"post": "值班"})
    account = accounts.person_by_login("zhenxin")
    assert account is not None and not account.active
    assert {"", "zhenxin"} >= {one.new for one in session().scalars(select(RegistryChangeRow).where(RegistryChangeRow.object_id == account.id))}


def test_undo_is_refused_when_something_later_depends_on_it(administrator: Any) -> None:
    row = brought(line("甄新", "示例-0005", 账号="zhenxin"), by=administrator)
    person = accounts.person_by_login("zhenxin")
    assert person is not None
    people.add_leave(administrator, AGENCY, person.id, "leave", DAY, DAY, "")
    with pytest.raises(domain.UndoRefused, match="已登记请假"):
        undo.undo(administrator, AGENCY, row.id, "导错了文件")
    other = brought(line("甄电", "示例-0006", 账号="zhendian"), by=administrator)
    builders.an_enrolled_device(accounts.person_by_login("zhendian"))
    with pytest.raises(domain.UndoRefused, match="已经登记了手机"):
        undo.undo(administrator, AGENCY, other.id, "导错了文件")
    assert len(operations.inspectors(AGENCY)) == 2, "whole or not at all"


def test_jd_3_ws_3_1_the_leading_group_comes_in_by_a_table(clerk: Any) -> None:
    """JD-3: "组长：…成员：…"; WS-3.1: "成立…领导小组：组长、副组长、组员"."""
    people.add_leader(clerk, AGENCY, "head", "甄组长", "大队长", "", date(2026, 1, 1))
    table = [{"职责": "组长", "姓名": "甄组长", "职务": "教导员", "任职日期": "2026-01-01"}, {"职责": "组员", "姓名": "贾员", "职务": "参谋", "分工": "危化品", "任职日期": "2026/3/1"}]
    row = brought(*table, by=clerk, kind="leaders")
    assert counts(row) == (1, 0, 1, 1, 0), "what stands at the desk waits for a decision"
    assert [(one.place, one.name, one.post, one.duty) for one in people.leading_group(AGENCY)] == [("head", "甄组长", "大队长", ""), ("member", "贾员", "参谋", "危化品")]
    assert counts(brought(*table, by=clerk, kind="leaders")) == (0, 0, 2, 1, 0)
    bad = brought({"职责": "顾问", "姓名": "贾", "任职日期": "2026-01-01"}, {"职责": "成员", "姓名": "贾", "任职日期": "2026-02-01", "离任日期": "2026-01-01"}, by=clerk, kind="leaders")
    assert faults(bad) == [(2, "E_PLACE"), (3, "E_DATE")]
    undo.undo(clerk, AGENCY, row.id, "导错了文件")
    assert [one.name for one in people.leading_group(AGENCY)] == ["甄组长"]


def post(client: Client, data: bytes, kind: str) -> Any:
    return client.post(f"{API}/imports", data={"file": (io.BytesIO(data), "人员.csv"), "kind": kind}, content_type="multipart/form-data")


def test_who_may_bring_which_table(app: Flask) -> None:
    data = desk.csv(line())
    allowed = {(role, kind) for role in ("plan_officer", "administrator", "reviewer", "inspector", "auditor") for kind in ("units", "inspectors", "leaders", "secrets") if post(builders.client_as(role), data, kind).status_code == 200}
    assert allowed == {("plan_officer", "units"), ("plan_officer", "inspectors"), ("plan_officer", "leaders"), ("administrator", "inspectors")}


def test_the_template_the_errors_and_the_registry_come_out_as_excel_and_go_in_again(app: Flask) -> None:
    client = builders.client_as("administrator")
    sheet = lambda answer: CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    (head,) = sheet(client.get(f"{API}/imports/template.xlsx?kind=inspectors"))
    assert head[:3] == ["姓名（必填）", "账号", "性别"] and {"执法资格证编号（必填）", "证件有效期（必填）"} <= set(head)
    good = dict(zip(head, ["甄检一", "zhen1", "男", "偃师大队", "", "参谋", "示例-0001", "2030-01-01", "执法", "中级", "5", "宾馆饭店", ""], strict=True))
    made = post(client, desk.csv(good, good | {"姓名（必填）": "=甄二", "账号": "zhen2", "证件有效期（必填）": "昨天"}), "inspectors").json
    assert (made["state"], made["added"], made["wrong"], made["kind"]) == ("checked", 1, 1, "inspectors")
    table = sheet(client.get(f"{API}/imports/{made['id']}/errors.xlsx"))
    assert table[0] == ["原行号", *head, "错误"] and (table[1][0], table[1][1]) == ("3", "=甄二") and "不是日期" in table[1][-1]
    assert client.post(f"{API}/imports/{made['id']}/store").json["state"] in ("storing", "done")
    out = client.get(f"{API}/inspectors.xlsx")
    assert sheet(out)[1][:2] == ["甄检一", "zhen1"]
    again = client.post(f"{API}/imports", data={"file": (io.BytesIO(out.data), "人员.xlsx"), "kind": "inspectors"}, content_type="multipart/form-data").json
    assert (again["unchanged"], again["added"], again["updated"], again["wrong"]) == (1, 0, 0, 0)
    assert [one["kind"] for one in client.get(f"{API}/imports?of=people").json["imports"]] == ["inspectors", "inspectors"]
    assert client.get(f"{API}/imports").json["imports"] == []
    assert {one["key"] for one in client.get(f"{API}/imports/columns?kind=leaders").json["columns"] if one["required"]} == {"place", "name", "from_day"}


def test_another_agencys_people_are_nobody_here(app: Flask) -> None:
    with builders.at_work():
        theirs = desk.an_inspector(1, agency="fire-jindong")
        mine = builders.an_actor("plan_officer")
        assert faults(brought(line(theirs.name, "示例-0001"), by=mine)) == [(2, "E_PERSON")]
        row = brought(line(theirs.name, "示例-0001"), by=builders.an_actor("plan_officer", agency="fire-jindong"))
    assert builders.client_as("administrator").get(f"{API}/imports/{row.id}").status_code == 404
