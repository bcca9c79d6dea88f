"""The exported record is checked by somebody who has nothing but the file, and every kind of change is found."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner

from server.inspections import cli, export, receipts, record_verify
from tests import builders, kept
from tests import phone as phones


@pytest.fixture
def carried(ctx):
    return kept.once("carried between others", between_others)


def between_others() -> phones.Carried:
    found = phones.carry_visit(photos=2, answers=3)
    # Something else happens on both phones before and after, so that there are headers in between.
    other = phones.a_visit(found.first)
    other.open(found.first)
    found.first.event("note.add", {"text": "另一项检查的内容，不得泄露"}, other.insp)
    found.first.send()
    return found


@pytest.fixture
def archive(carried) -> bytes:
    buffer = io.BytesIO()
    export.write_zip(carried.visit.insp, buffer)
    return buffer.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def repacked(parts: dict[str, bytes]) -> io.BytesIO:
    """A zip whose manifest fits again: the forger knows the format."""
    manifest = json.loads(parts["manifest.json"])
    manifest["members"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in parts.items()
        if name not in ("manifest.json", "manifest.sig")
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, data in {**parts, "manifest.json": json.dumps(manifest).encode()}.items():
            zipped.writestr(name, data)
    buffer.seek(0)
    return buffer


def lines(parts, name="events.jsonl") -> list[dict]:
    return [json.loads(line) for line in parts[name].decode().splitlines()]


def put_lines(parts, found, name="events.jsonl") -> None:
    parts[name] = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in found).encode()


def test_an_untouched_export_is_ok(archive, carried):
    finding = record_verify.verify(io.BytesIO(archive), receipts.note_key().vkey)
    assert finding.code == "OK", finding.text
    assert finding.facts["files"] == 2
    # two attestations and the seal
    assert finding.facts["acts"] == 3
    assert finding.facts["events"] == json.loads(members(archive)["manifest.json"])["events"]


def test_the_content_of_other_inspections_is_not_disclosed(archive):
    assert "不得泄露" not in "".join(data.decode("utf-8", "replace") for data in members(archive).values())


def test_two_exports_of_one_record_are_equal_but_for_their_time(archive, carried):
    buffer = io.BytesIO()
    export.write_zip(carried.visit.insp, buffer)
    first, second = members(archive), members(buffer.getvalue())
    for manifest in (first, second):
        # Signed anew each time: it tells when it was made.
        assert len(manifest.pop("manifest.sig")) == 86
        manifest["manifest.json"] = json.dumps({**json.loads(manifest["manifest.json"]), "made_ms": 0}).encode()
    assert first == second


def drop_middle(parts):
    found = lines(parts)
    del found[3]
    put_lines(parts, found)


def drop_last(parts):
    found = lines(parts)
    last = max((w for w in found if json.loads(w["h"])["t"] == "seal"), key=lambda w: json.loads(w["h"])["n"])
    found.remove(last)
    put_lines(parts, found)


def change_body(parts):
    found = lines(parts)
    found[1]["b"] = found[1]["b"].replace('"salt"', '"sald"', 1)
    put_lines(parts, found)


def change_header(parts):
    found = lines(parts)
    header = json.loads(found[1]["h"])
    found[1]["h"] = found[1]["h"].replace(f'"wall":{header["wall"]}', f'"wall":{header["wall"] + 1}')
    put_lines(parts, found)


def space_in_header(parts):
    found = lines(parts)
    found[1]["h"] = " " + found[1]["h"]
    put_lines(parts, found)


def hide_an_event(parts):
    """Move one of our events to the bare headers: its content would silently be missing."""
    found, bare = lines(parts), lines(parts, "headers.jsonl")
    moved = found.pop(2)
    bare.append({"h": moved["h"], "s": moved["s"]})
    put_lines(parts, found)
    put_lines(parts, bare, "headers.jsonl")


def other_photo(parts):
    name = next(n for n in parts if n.startswith("blobs/"))
    parts[name] = phones.a_picture(999)


def drop_photo(parts):
    del parts[next(n for n in parts if n.startswith("blobs/"))]


def other_key(parts):
    keys = json.loads(parts["keys.json"])
    keys["devices"][0]["user"] = "somebody-else"
    parts["keys.json"] = json.dumps(keys).encode()


def drop_receipts(parts):
    for name in [n for n in parts if n.startswith("receipts/")]:
        del parts[name]


def change_receipt(parts):
    name = next(n for n in parts if n.startswith("receipts/"))
    size = int(parts[name].split(b"suijian.log\n")[1].split(b"\n")[0])
    parts[name] = parts[name].replace(b"suijian.log\n%d" % size, b"suijian.log\n%d" % (size + 1))


def change_text(parts):
    parts["record.txt"] = parts["record.txt"] + "。".encode()


def tell(parts, **words):
    """The forger rewrites what the server says in the manifest; the signature stays the old one."""
    parts["manifest.json"] = json.dumps({**json.loads(parts["manifest.json"]), **words}).encode()


def hide_the_seal_in_quarantine(parts):
    """What is quarantined is not asked about: with its seal gone the record may say anything."""
    seals = [record_verify.chain.event_hash(w["h"].encode()) for w in lines(parts) if json.loads(w["h"])["t"] == "seal"]
    words = parts["record.txt"].replace("检查".encode(), "检察".encode(), 1)
    parts["record.txt"] = words
    told = record_verify.b64url.encode(hashlib.sha256(words).digest())
    tell(parts, quarantined={record_verify.b64url.encode(h): "E_SEAL_ROOT" for h in seals}, record_text=told)


def hide_the_seal_and_the_signature(parts):
    hide_the_seal_in_quarantine(parts)
    del parts["manifest.sig"]


def quarantine_what_is_not_there(parts):
    tell(parts, quarantined={"A" * 43: "E_DEV_REVOKED"})


def take_the_flags_away(parts):
    tell(parts, flags=[], state="approved")


FORGERIES = [
    (hide_the_seal_in_quarantine, "E_MANIFEST"),
    (hide_the_seal_and_the_signature, "E_MANIFEST"),
    (quarantine_what_is_not_there, "E_MANIFEST"),
    (take_the_flags_away, "E_MANIFEST"),
    (drop_middle, "E_GAP"),
    (drop_last, "A_EVENT_DELETED"),
    (change_body, "E_BODY"),
    (change_header, "E_SIG"),
    (space_in_header, "E_CANON"),
    (hide_an_event, "E_HIDDEN"),
    (other_photo, "E_MEDIA"),
    (drop_photo, "E_MEDIA"),
    (other_key, "E_DEV_UNKNOWN"),
    (drop_receipts, "E_PROOF"),
    (change_receipt, {"E_NOTE_SIG", "E_PROOF"}),
    (change_text, "E_TEXT"),
]


@pytest.mark.one_database
@pytest.mark.parametrize(("forge", "code"), FORGERIES, ids=[forge.__name__ for forge, _ in FORGERIES])
def test_a_forged_export_is_found_out(archive, forge, code):
    parts = members(archive)
    forge(parts)
    found = record_verify.verify(repacked(parts)).code
    assert found in code if isinstance(code, set) else found == code


@pytest.mark.one_database
def test_a_change_the_forger_did_not_cover_up_is_found_by_the_manifest(archive):
    parts = members(archive)
    manifest = parts["manifest.json"]
    change_text(parts)
    forged = repacked(parts)
    whole = members(forged.getvalue())
    whole["manifest.json"] = manifest
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, data in whole.items():
            zipped.writestr(name, data)
    assert record_verify.verify(buffer).code == "E_MEMBER"


@pytest.mark.one_database
def test_a_record_of_another_server_is_not_ours(archive):
    other = "suijian.log+00000000+AQ=="
    assert record_verify.verify(io.BytesIO(archive), other).code == "E_NOTE_SIG"


@pytest.mark.one_database
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04nonsense", b"text"])
def test_what_is_no_export_is_said_to_be_none(tmp_path, data):
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    assert record_verify.verify(str(path)).code == "E_FILE"


@pytest.mark.one_database
def test_the_command_prints_ok_or_the_fault(archive, tmp_path):
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(archive)
    parts = members(archive)
    change_body(parts)
    bad.write_bytes(repacked(parts).getvalue())
    assert CliRunner().invoke(cli.record, ["verify", str(good)]).output.startswith("OK ")
    failed = CliRunner().invoke(cli.record, ["verify", str(bad)])
    assert (failed.exit_code, failed.output.split()[0]) == (1, "E_BODY")


@pytest.mark.one_database
def test_checking_needs_no_web_server_and_no_database():
    code = "import sys, server.inspections.record_verify; print(sorted(m for m in sys.modules if m in ('flask', 'sqlalchemy')))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_reviewers_and_auditors_export_and_others_do_not(ctx, carried, client_as):
    path = f"/api/v1/inspections/{carried.visit.insp}/export.zip"
    for role, status in {"reviewer": 200, "auditor": 200, "administrator": 403, "superior": 403}.items():
        assert client_as(role).get(path).status_code == status
    assert carried.first.client.get(path).status_code == 403
    assert builders.client_as("reviewer", agency="fire-jindong").get(path).status_code == 404


def test_what_lacks_is_named_in_the_manifest(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    phone.photo(visit.insp, phones.a_picture(1))
    phone.send()
    buffer = io.BytesIO()
    manifest = export.write_zip(visit.insp, buffer)
    assert manifest["lacking"] == [hashlib.sha256(phones.a_picture(1)).hexdigest()]
    assert record_verify.verify(buffer).code == "OK"


# --- events that were kept apart ----------------------------------------------------------------------------------


@pytest.fixture
def with_quarantine(ctx) -> bytes:
    """A phone is lost; what its finder writes is kept apart, and the record is exported with it (record-log 2.10)."""
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    phone.send()
    admin = builders.client_as("administrator")
    assert admin.post(f"/api/v1/accounts/devices/{phone.dev}/revoke", json={"reason": "遗失"}).status_code == 200
    phone.event("note.add", {"text": "拾得者所写"}, visit.insp)
    phone.send(phone.wires[-1:])
    answer = builders.client_as("reviewer").get(f"/api/v1/inspections/{visit.insp}/export.zip")
    assert answer.status_code == 200
    return answer.data


def test_what_is_kept_apart_is_the_servers_signed_word_with_its_reason(with_quarantine):
    told = json.loads(members(with_quarantine)["manifest.json"])["quarantined"]
    assert list(told.values()) == ["E_DEV_REVOKED"]
    finding = record_verify.verify(io.BytesIO(with_quarantine), receipts.note_key().vkey)
    assert (finding.code, finding.facts["quarantined"], finding.facts["manifest_signed"]) == ("OK", 1, 1)


def test_nobody_lets_a_quarantined_event_into_the_record_by_leaving_it_out_of_the_list(with_quarantine):
    """The note of the finder is genuine by its signature: only the server's word keeps it out."""
    parts = members(with_quarantine)
    tell(parts, quarantined={})
    assert record_verify.verify(repacked(parts)).code == "E_MANIFEST"


def test_without_the_servers_signature_that_is_said_plainly(with_quarantine, tmp_path):
    parts = members(with_quarantine)
    tell(parts, quarantined={})
    del parts["manifest.sig"]
    (tmp_path / "x.zip").write_bytes(repacked(parts).getvalue())
    said = CliRunner().invoke(cli.record, ["verify", str(tmp_path / "x.zip")]).output
    assert said.startswith("OK ") and "清单没有服务器签名" in said
    (tmp_path / "y.zip").write_bytes(with_quarantine)
    said = CliRunner().invoke(cli.record, ["verify", str(tmp_path / "y.zip")]).output
    assert "其中 1 条被服务器隔离" in said and "没有服务器签名" not in said
