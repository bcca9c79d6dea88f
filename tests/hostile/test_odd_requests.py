"""Requests nobody writes by accident: every one gets a problem in Chinese, none an internal error."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.app.static import NOT_BUILT
from server.documents.tables import DocumentNumberRow
from server.plans.tables import AssignmentRow, BatchRow
from server.platform import db, limits
from server.platform.db import session, transaction
from server.platform.tables import FeedCounter
from server.registry import operations as registry
from tests import builders, world
from tests.diligent import an_agency_at_work

ROLES = ("inspector", "reviewer", "plan_officer", "auditor", "administrator")
HEAD = "批次号,来源系统批次号,抽查事项,被检查单位,统一社会信用代码,检查人员1证号,检查人员2证号,检查组长证号,检查时限,检查方式"


def problem(answer) -> tuple[int, str]:
    body = answer.get_json()
    assert answer.content_type == "application/problem+json", answer.text
    assert any("一" <= letter <= "鿿" for letter in body["detail"]), body
    return answer.status_code, body["code"]


@pytest.mark.parametrize("tail", ["%00", "%FF", "..%2f..%2fetc", "held-%00"], ids=range(4))
def test_every_address_with_an_odd_id_is_answered(app: Flask, tail: str) -> None:
    clients = {role: builders.client_as(role) for role in ROLES}
    for rule in app.url_map.iter_rules():
        if not rule.arguments or rule.rule == "/<path:path>":
            continue
        path = rule.rule
        for name in rule.arguments:
            for kind in (f"<{name}>", f"<string:{name}>"):
                path = path.replace(kind, tail)
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            for role, client in clients.items():
                answer = client.open(path, method=method, json={}, headers={"Tus-Resumable": "1.0.0"})
                # Decoded, such an address is a page of the app, which says so while it has not been built.
                assert answer.status_code < 500 or NOT_BUILT in answer.text, (method, path, role, answer.text)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 50_000, b"1" * 10_000, b'"\\ud800"', b"\xff\xfe", b'{"login":"\\ud800","password":"x","spki":"x"}', b'{"login":"\\u0000","password":"x","spki":"x"}'], ids=range(7))
def test_json_that_is_meant_to_break_the_reader_is_refused(app: Flask, client: world.Client, body: bytes) -> None:
    inspector = builders.client_as("inspector")
    for path, caller in (("accounts/login", client), ("accounts/refresh", client), ("accounts/enrol", client), ("sync/lacks", inspector), ("sync/events", inspector)):
        answer = caller.post(f"/api/v1/{path}", data=body, content_type="application/json")
        assert problem(answer)[0] in (400, 401, 403, 422), (path, answer.text)


def test_a_hostile_login_name_is_counted_and_refused(fresh_database, tmp_path: Path, database: str) -> None:
    limited = world.make_app(tmp_path, fresh_database(database), limits=True)
    try:
        for login in ("\0", "a\0b", "x" * 64, "\ud800", {"a": 1}, None):
            body = json.dumps({"login": login, "password": "x" * 12, "spki": "x"})
            assert problem(limited.test_client().post("/api/v1/accounts/login", data=body, content_type="application/json"))[0] == 422
    finally:
        with limited.app_context():
            limits.limiter.enabled = False  # one limiter for all applications of this process
            limits.limiter.storage._engine.dispose()
            db.db.engine.dispose()


# --- tables ---------------------------------------------------------------------------------------------------------


def a_workbook(cells: str, sheet_head: str = "") -> bytes:
    """An .xlsx made by hand, with this sheet data."""
    parts = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{sheet_head}<sheetData>{cells}</sheetData></worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return buffer.getvalue()


def cell(place: str, text: str = "x") -> str:
    return f'<row r="{place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{place}" t="inlineStr"><is><t>{text}</t></is></c></row>'


GOOD_UNIT = "单位名称,地址,责任人,单位类型,统一社会信用代码\n"
BAD_TABLES = {
    "no zip": (b"PK\x03\x04" + b"\0" * 200, "a.xlsx"),
    "a zip that is no workbook": (a_workbook("")[:300], "a.xlsx"),
    "far corner": (a_workbook(cell("A1") + cell("XFD1048576")), "a.xlsx"),
    "far corner twice": (a_workbook(cell("XFD1048576") + cell("XFD1")), "a.xlsx"),
    "broken reference": (a_workbook(cell("A1") + cell("ZZZZZZ99999999999")), "a.xlsx"),
    "row zero": (a_workbook('<row r="0"><c r="A0" t="inlineStr"><is><t>x</t></is></c></row>'), "a.xlsx"),
    "shared string that is not there": (a_workbook('<row r="1"><c r="A1" t="s"><v>999999</v></c></row>'), "a.xlsx"),
    "a date nobody has lived": (a_workbook('<row r="1"><c r="A1" t="d"><v>99999-99-99</v></c></row>'), "a.xlsx"),
    "huge field": (("单位名称\n" + "x" * 200_000).encode(), "a.csv"),
    "open quote": (b'"' + b"x" * 300_000, "a.csv"),
    "binary": (bytes(range(256)) * 40, "a.csv"),
    "empty": (b"", "a.csv"),
    "nul": ("单位名称,地址,责任人,单位类型,统一社会信用代码\n甲\0店,路,人,商场,\n".encode(), "a.csv"),
    "many columns": (b"," * 3_000_000, "a.csv"),
    "only blanks": (b" \n \n", "a.csv"),
    "name without suffix": (b"x", "a"),
    "long name": (GOOD_UNIT.encode(), "x" * 400 + ".csv"),
    "odd name": (GOOD_UNIT.encode(), "../../甲\r\nX: y\0.csv"),
}


@pytest.mark.one_database
@pytest.mark.parametrize("which", BAD_TABLES)
def test_what_is_no_table_is_refused_in_words_by_both_imports(app: Flask, which: str) -> None:
    data, name = BAD_TABLES[which]
    planner = builders.client_as("plan_officer")
    for path in ("registry/units/import", "plans/batches"):
        answer = planner.post(f"/api/v1/{path}", data={"file": (io.BytesIO(data), name)}, content_type="multipart/form-data")
        if answer.status_code != 200:
            assert problem(answer)[0] in (400, 409, 413, 422), answer.text


@pytest.mark.parametrize(
    ("name", "address", "code"),
    [("甲" * 300, "某路一号", "E_ROW_TOO_LONG"), ("某店", "路" * 400, "E_ROW_TOO_LONG")],
    ids=["long-name", "long-address"],
)
def test_a_line_that_no_column_can_hold_is_named_and_the_others_are_kept(app: Flask, name: str, address: str, code: str) -> None:
    table = f"单位名称,地址,责任人,单位类型,无代码原因,统一社会信用代码\n{name},{address},甲某,商场,个体,\n好店,某路二号,乙某,商场,个体,\n"
    planner = builders.client_as("plan_officer")
    answer = planner.post("/api/v1/registry/units/import", data={"file": (io.BytesIO(table.encode()), "x" * 250 + ".csv")}, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.text
    assert [(one["row"], one["code"]) for one in answer.get_json()["errors"]] == [(2, code)]
    assert answer.get_json()["added"] == 1


# --- two people at the same moment ----------------------------------------------------------------------------------


def lines(agency: str, *batches: str) -> bytes:
    people = sorted(registry.inspectors(agency), key=lambda one: one.certificate.valid_to, reverse=True)
    place = registry.units(agency)[0]
    from server.rules import operations as rules

    item = rules.rules_for(agency).items[0]["code"]
    rows = [f"{batch},外{batch},{item},{place.name},{place.uscc},{people[0].certificate.number},{people[1].certificate.number},,2026-12-10,现场检查" for batch in batches]
    return "\n".join([HEAD, *rows]).encode("utf-8-sig")


@pytest.mark.parametrize("files", [("B-1", "B-1"), ("B-1", "B-2")], ids=["same", "different"])
def test_a_batch_sent_twice_at_the_same_moment_is_handed_out_once(ctx: Flask, repository: Path, files: tuple[str, str]) -> None:
    agency = "fire-jindong"
    an_agency_at_work(agency, repository / "checklists")
    planners = [builders.client_as("plan_officer", agency=agency) for _ in files]
    tables = [lines(agency, number) for number in files]
    brought: list[tuple[int, str]] = [(0, "")] * len(files)

    def send(place: int) -> None:
        answer = planners[place].post("/api/v1/plans/batches", data={"file": (io.BytesIO(tables[place]), "b.csv")}, content_type="multipart/form-data")
        brought[place] = (answer.status_code, answer.get_json().get("code", ""))

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(files))]
    # The change number is taken last: whoever waits for it has written everything else.
    with transaction():
        session().get(FeedCounter, agency, with_for_update=True)
        for thread in threads:
            thread.start()
        time.sleep(0.7)
    for thread in threads:
        thread.join(30)
    good = [status for status, _ in brought if status < 300]
    assert len(good) == len(set(files)), brought
    assert all(code == "E_BATCH_KNOWN" for status, code in brought if status >= 300), brought
    count = {table.__tablename__: session().scalar(select(func.count()).select_from(table)) for table in (BatchRow, AssignmentRow)}
    assert count == {"batch": len(set(files)), "assignment": len(set(files))}
    numbers = list(session().execute(select(DocumentNumberRow.kind, DocumentNumberRow.serial, DocumentNumberRow.insp)))
    assert len({(kind, insp) for kind, _, insp in numbers}) == len(numbers)
