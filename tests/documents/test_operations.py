"""Documents of a real visit: carried by two phones, sent, uploaded, approved, read over HTTP, exported."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.documents import operations as documents
from server.documents import render
from server.documents.domain import DocumentNotReady, DocumentUnknown
from server.documents.tables import DocumentMadeRow
from server.inspections import attest, export
from server.inspections import operations as inspections
from server.inspections.domain import InspectionUnknown
from server.inspections.record_text import record_text
from server.platform import jobs
from server.platform.blobs import blobs
from server.platform.db import session
from server.reports import operations as reports
from server.reports import reading
from tests import builders, phone
from tests.documents.reading import assert_says, picture_count, tight, words
from tests.documents.visits import agency_pack, answer
from tests.handset import FieldPhone, Visit
from tests.phone import PREFIX, Carried, a_field_phone, a_picture, a_visit, canonical_json, record_visit

NUMBER = "（示消）检通字〔2026〕第42号"


def a_walked_visit(app: Flask) -> Carried:
    """A whole visit over the real checklist of 偃师: notice served with ink, photos, the party signs, sealed, sent, uploaded."""
    first, second = a_field_phone(), a_field_phone()
    people = [first.device.person, second.device.person]
    insp, pack = "0193e0a0-0000-7000-8000-0000000000bb", agency_pack("fire-yanshi")
    pack |= {"insp": insp, "team": [{"user": p.id, "name": p.name, "certificate_no": f"试{n}", "valid_to": "2030-01-01", "lead": n == 0} for n, p in enumerate(people)]}
    pack |= {"notice": {"number": NUMBER, "sha256": "", "size": 0, "title": "行政检查通知书"}, "assignments": []}
    with builders.at_work():
        pack["notice"]["sha256"] = blobs().put_bytes(b"%PDF- the notice as it was served")
        team = [{key: member[key] for key in ("user", "name", "certificate_no", "lead")} for member in pack["team"]]
        inspections.create_inspection(None, agency_id=people[0].agency_id, unit_id="unit-1", unit_name="青榆示范商场", number="2026-11-0042", mode="on_site", insp_id=insp, team=team)
        pack_sha = inspections.attach_pack(insp, canonical_json(pack))
    visit = Visit(insp, pack, pack_sha, [first, second])
    files = _walk(first, second, visit)
    second.send()
    for sha256 in first.send()["lacks"]:
        data, mime = files[sha256]
        first.upload(data, mime)
    return Carried(visit, first, second, {name: data for name, (data, _mime) in files.items()})


def _walk(first: FieldPhone, second: FieldPhone, visit: Visit) -> dict[str, tuple[bytes, str]]:
    insp, pack = visit.insp, visit.pack
    ink, photos = a_picture(901, (300, 100), "PNG"), [a_picture(seed, (640, 480)) for seed in range(3)]
    files = {hashlib.sha256(data).hexdigest(): (data, "image/jpeg") for data in photos}
    ink_sha = hashlib.sha256(ink).hexdigest()
    files[ink_sha] = (ink, "image/png")
    visit.open(first)
    for member in pack["team"]:
        first.event("recusal.declare", {"inspector": member["user"], "conflict": False}, insp)
    first.event("rec.mark", {"mark": "arrival"}, insp)
    first.event("id.show", {"inspectors": [{key: m[key] for key in ("user", "name", "certificate_no")} for m in pack["team"]]}, insp)
    first.event("notice.give", {"number": NUMBER, "doc": pack["notice"]["sha256"], "mode": "received", "receiver": "钱某某", "role": "安全管理人", "ink": ink_sha}, insp)
    for key in (*pack["profile"]["onsite.told"], "integrity"):
        first.event("told.tick", {"key": key, "spoken": True}, insp)
    checklist = pack["checklists"][0]
    items = [item for section in checklist["sections"] for item in section["items"]]
    for index, item in enumerate(items):
        body = answer(item, fail=index == 1)
        first.event("check.answer", {"checklist": checklist["id"], "item": item["id"], "sheet": 0, **body}, insp)
    for index, data in enumerate(photos):
        first.photo(insp, data, checklist=checklist["id"], item=items[index]["id"], sheet=0, caption=f"第{index + 1}处")
    first.attest(visit, "A3")
    second.attest(visit, "A3")
    text = attest.text_hash(record_text(visit.fold(), pack, with_annex=False))
    first.event("sign.party", {"mode": "signed", "name": "钱某某", "role": "安全管理人", "ink": ink_sha, "text": text}, insp)
    first.seal(visit)
    return files


def made_rows(insp: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in session().scalars(select(DocumentMadeRow).where(DocumentMadeRow.insp == insp)):
        found.setdefault(row.kind, []).append(row.sha256)
    return found


def report_of(carried: Carried) -> str:
    with builders.at_work():
        found = reading.of_inspection(builders.AGENCY, carried.visit.insp)
    assert found is not None
    return found


def get(client: Any, report: str, kind: str) -> Any:
    return client.get(f"{PREFIX}/reports/{report}/documents/{kind}.pdf")


def approve(carried: Carried, report: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Approval itself has its own tests; here it is enough that it is given."""
    monkeypatch.setattr(reports, "gaps_of", lambda _report, _seen: [])
    lead = builders.actor_of(carried.first.device.person)
    with builders.at_work():
        reports.write_opinion(lead, report, 0, {"evaluation": "基本履行职责。", "handling": "责令限期改正。", "advice": "按期复查。"})
        monkeypatch.setattr("server.inspections.needs.missing", lambda *_args: [])
        reports.submit(lead, report)
        reports.approve(builders.an_actor("reviewer"), report, "同意。", "与记录仪核对")


def test_the_whole_path_from_the_phones_to_four_documents(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = a_walked_visit(app)
    report = report_of(carried)
    reviewer = builders.client_as("reviewer")
    record = get(reviewer, report, "record")
    assert record.status_code == 200 and record.content_type == "application/pdf"
    assert record.headers["Content-Disposition"].startswith('inline; filename="record.pdf"')
    assert "default-src 'none'" in record.headers["Content-Security-Policy"]
    text = record_text(carried.visit.fold(), carried.visit.pack, with_annex=False)
    with app.app_context():
        code = inspections.inspection(carried.visit.insp).code
    assert words(record.data, f"记录码 {code}", "部分检查依据待核").startswith(tight(text))
    assert_says(record.data, "具体问题：防火门用木楔顶住", f"记录码：{code}", carried.first.device.person.name)
    assert picture_count(record.data) == 4, "three photos and the ink, all from derivatives"

    assert get(reviewer, report, "notice").data == b"%PDF- the notice as it was served"
    receipt = get(reviewer, report, "receipt")
    assert_says(receipt.data, "送达回执", NUMBER, "签收人：钱某某")
    assert picture_count(receipt.data) == 1
    draft = get(reviewer, report, "report")
    assert_says(draft.data, "报告草稿，未经审核")

    approve(carried, report, monkeypatch)
    final = get(reviewer, report, "report")
    assert_says(final.data, "检查报告", "基本履行职责。", "责令限期改正。", "同意。", "检查结束时间的确认依据：与记录仪核对")
    assert "草稿" not in words(final.data)
    with app.app_context():
        rows = made_rows(carried.visit.insp)
        assert sorted(rows) == ["receipt", "record", "report"] and all(len(hashes) == 1 for hashes in rows.values())
        assert rows["report"] == [hashlib.sha256(final.data).hexdigest()]
        assert rows["record"] == [hashlib.sha256(record.data).hexdigest()]


@pytest.mark.one_database
def test_what_was_made_is_not_made_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = a_walked_visit(app)
    with app.app_context():
        first = documents.pdf(carried.visit.insp, "record")
        assert len(made_rows(carried.visit.insp)["record"]) == 1

    def refuse(_sheet: render.Sheet) -> bytes:
        raise AssertionError("set a second time")

    monkeypatch.setattr(documents, "to_pdf", refuse)
    with app.app_context():
        assert documents.pdf(carried.visit.insp, "record") == first


@pytest.mark.one_database
def test_a_photo_that_arrives_later_gives_a_new_document(app: Flask) -> None:
    first, second = a_field_phone(), a_field_phone()
    carried = record_visit(first, second, photos=1, answers=2)
    second.send()
    lacking = first.send()["lacks"]
    with app.app_context():
        before = documents.pdf(carried.visit.insp, "record")
    assert_says(before, "照片尚未上传")
    for sha256 in lacking:
        first.upload(carried.photos[sha256], "image/jpeg")
    with app.app_context():
        after = documents.pdf(carried.visit.insp, "record")
    assert "照片尚未上传" not in words(after) and picture_count(after) == 1 > picture_count(before)


@pytest.mark.one_database
def test_a_photo_that_nobody_can_decode_is_a_box(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its header is whole, so it is kept; its pixels are cut off, so nothing is made of it (D-21)."""
    monkeypatch.setattr(phone, "a_picture", lambda seed: a_picture(seed % 2**32, (640, 480))[:3000])
    carried = phone.carry_visit(photos=1, answers=1)
    with app.app_context():
        made = documents.pdf(carried.visit.insp, "record")
    assert_says(made, "照片无法解码，原件已保留")
    assert picture_count(made) == 0


@pytest.mark.one_database
def test_the_seal_has_record_and_receipt_made_when_all_files_are_there(app: Flask) -> None:
    first, second = a_field_phone(), a_field_phone()
    carried = record_visit(first, second, photos=0, answers=1)
    second.send()
    first.send()
    with app.app_context():
        jobs.drain()
        assert sorted(made_rows(carried.visit.insp)) == ["record"], "no notice was served: there is no receipt"


@pytest.mark.one_database
def test_the_export_holds_the_record(app: Flask) -> None:
    carried = a_walked_visit(app)
    target = io.BytesIO()
    with app.app_context():
        export.write_zip(carried.visit.insp, target)
        expected = documents.pdf(carried.visit.insp, "record")
    with zipfile.ZipFile(target) as packed:
        assert packed.read("record.pdf") == expected
        assert json.loads(packed.read("manifest.json"))["members"]["record.pdf"]["sha256"] == hashlib.sha256(expected).hexdigest()


@pytest.mark.one_database
def test_who_may_read_and_what_is_refused(app: Flask) -> None:
    carried = a_walked_visit(app)
    report = report_of(carried)
    member = builders.client_of(carried.second.device)
    assert get(member, report, "record").status_code == 200
    assert get(builders.client_as("auditor"), report, "report").status_code == 200
    assert get(builders.client_as("inspector"), report, "record").status_code == 404, "not drawn for this visit"
    assert get(builders.client_as("reviewer", agency="fire-jindong"), report, "record").status_code == 404
    assert get(builders.client_as("plan_officer"), report, "record").status_code == 403
    unknown = get(builders.client_as("reviewer"), report, "secret")
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "E_DOCUMENT_UNKNOWN")
    with app.app_context():
        assert documents.record_for_export(carried.visit.insp) is not None
        with pytest.raises(InspectionUnknown):
            documents.pdf(carried.visit.insp, "record", "fire-jindong")
        with pytest.raises(DocumentUnknown):
            documents.pdf(carried.visit.insp, "report")


@pytest.mark.one_database
def test_nothing_is_printed_of_an_open_visit(app: Flask) -> None:
    first, second = a_field_phone(), a_field_phone()
    visit = a_visit(first, second)
    visit.open(first)
    first.send()
    with app.app_context():
        for kind in ("record", "receipt"):
            with pytest.raises(DocumentNotReady):
                documents.pdf(visit.insp, kind)
        assert documents.record_for_export(visit.insp) is None
        with pytest.raises(DocumentUnknown, match="没有行政检查通知书"):
            documents.pdf(visit.insp, "notice")
