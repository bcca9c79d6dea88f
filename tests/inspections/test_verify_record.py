"""The standalone verifier: one file, taken to another machine, judges an exported record as the server does."""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
import zipfile

import pytest

from server.inspections import export, receipts, record_verify
from server.platform.settings import ROOT
from tests import kept
from tests import phone as phones
from tests.inspections import test_export as exports
from tests.inspections.test_export import with_quarantine as with_quarantine

FILE = ROOT / "tools" / "verify_record.py"
pytestmark = pytest.mark.one_database


def load():
    spec = importlib.util.spec_from_file_location("verify_record", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verifier = load()


@pytest.fixture
def archive(ctx) -> bytes:
    return kept.once("archive to verify", an_archive)


def an_archive() -> bytes:
    carried = phones.carry_visit(photos=2, answers=3)
    other = phones.a_visit(carried.first)
    other.open(carried.first)
    carried.first.event("note.add", {"text": "另一项检查的内容"}, other.insp)
    carried.first.send()
    buffer = io.BytesIO()
    export.write_zip(carried.visit.insp, buffer)
    return buffer.getvalue()


def test_it_is_one_short_file_that_needs_nothing_of_the_server():
    text = FILE.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 500
    wanted = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert wanted - set(sys.stdlib_module_names) == {"cryptography"}


def test_on_another_machine_it_says_in_plain_words_what_it_found(archive, tmp_path):
    """A copy in an empty folder, isolated from this repository, as somebody else would run it."""
    copy, record = tmp_path / "verify_record.py", tmp_path / "记录.zip"
    copy.write_bytes(FILE.read_bytes())
    record.write_bytes(archive)
    key = receipts.note_key().vkey
    ran = subprocess.run([sys.executable, "-I", str(copy), str(record), "--log-key", key], cwd=tmp_path,
                         capture_output=True, encoding="utf-8", env={"PYTHONUTF8": "1"}, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.startswith("OK 记录完整，未发现改动\n")
    assert "签名全部成立" in ran.stdout and "笔录文字与封存的一致" in ran.stdout and "注意" not in ran.stdout
    without = subprocess.run([sys.executable, "-I", str(copy), str(record)], cwd=tmp_path, capture_output=True,
                             encoding="utf-8", env={"PYTHONUTF8": "1"}, check=False)
    assert "没有证明出自哪台服务器" in without.stdout


def change_words(parts):
    """The forger rewrites the printed words and makes the manifest fit: only the seal knows better."""
    import hashlib

    from server.kernel import b64url

    parts["record.txt"] = parts["record.txt"].replace("检查".encode(), "检察".encode(), 1)
    manifest = json.loads(parts["manifest.json"])
    manifest["record_text"] = b64url.encode(hashlib.sha256(parts["record.txt"]).digest())
    parts["manifest.json"] = json.dumps(manifest).encode()


def false_digest(parts):
    """An attestation cannot be changed without its signature; its digest is what the code is made of."""
    found = exports.lines(parts)
    seal = next(wire for wire in found if json.loads(wire["h"])["t"] == "seal")
    seal["b"] = seal["b"].replace('"d":"', '"d":"A', 1)
    exports.put_lines(parts, found)


FORGERIES = [*exports.FORGERIES, (change_words, "E_TEXT"), (false_digest, "E_BODY")]


@pytest.mark.parametrize(("forge", "code"), FORGERIES, ids=[forge.__name__ for forge, _ in FORGERIES])
def test_every_mutant_is_refused_with_the_predicted_code_by_both_verifiers(archive, forge, code):
    parts = exports.members(archive)
    forge(parts)
    codes = code if isinstance(code, set) else {code}
    assert verifier.verify(exports.repacked(parts))[0] in codes
    assert record_verify.verify(exports.repacked(parts)).code in codes


def said(data: bytes, tmp_path, name: str) -> str:
    (tmp_path / name).write_bytes(data)
    ran = subprocess.run([sys.executable, "-I", str(FILE), str(tmp_path / name)], capture_output=True, encoding="utf-8",
                         env={"PYTHONUTF8": "1"}, check=False)  # fmt: skip
    return ran.stdout


def test_what_the_server_keeps_apart_is_told_as_its_signed_word_and_an_unsigned_list_as_nobodys(with_quarantine, tmp_path):
    assert "其中被服务器隔离、不算记录内容的 1 条（E_DEV_REVOKED）" in said(with_quarantine, tmp_path, "signed.zip")
    parts = exports.members(with_quarantine)
    exports.tell(parts, quarantined={})
    assert verifier.verify(exports.repacked(parts))[0] == "E_MANIFEST"
    del parts["manifest.sig"]
    assert "清单没有服务器签名" in said(exports.repacked(parts).getvalue(), tmp_path, "unsigned.zip")


def test_another_key_than_the_one_learnt_elsewhere_is_refused(archive):
    assert verifier.verify(io.BytesIO(archive), "suijian.log+00000000+AQ==")[0] == "E_NOTE_SIG"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04nonsense", b"text"])
def test_what_is_no_export_is_said_to_be_none(data):
    assert verifier.verify(io.BytesIO(data))[0] == "E_FILE"


@pytest.mark.parametrize("name", ["manifest.json", "events.jsonl", "blobs/" + "0" * 64])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(archive, name):
    """A gigabyte of zeros is a megabyte in a zip; no more than the bound is ever read."""
    parts = exports.members(archive)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for other, data in parts.items():
            if other != name:
                zipped.writestr(other, data)
        with zipped.open(zipfile.ZipInfo(name), "w", force_zip64=True) as opened:
            for _ in range(300):
                opened.write(bytes(1 << 20))
    assert verifier.verify(buffer)[0] in ("E_TOO_LARGE", "E_MEMBER")
    assert record_verify.verify(buffer).code in ("E_TOO_LARGE", "E_MEMBER")


def test_ten_thousand_members_are_too_many():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for n in range(20_001):
            zipped.writestr(f"receipts/{n}", b"")
    assert verifier.verify(buffer)[0] == "E_TOO_LARGE"
    assert record_verify.verify(buffer).code == "E_TOO_LARGE"


def test_canonical_json_is_read_as_the_server_reads_it():
    """The vectors of SJ-JSON 1: what the kernel keeps this keeps, what it refuses this refuses."""
    import base64

    vectors = ROOT / "tests" / "vectors"
    for line in (vectors / "canon-accepted.txt").read_text().split("\n")[:-1]:
        raw = base64.b64decode(line)
        if raw[:1] == b"{":
            assert verifier.encode(verifier.canonical(raw)) == raw
    for line in (vectors / "canon-refused.txt").read_text().split("\n")[:-1]:
        with pytest.raises(verifier.Fault) as refused:
            verifier.canonical(base64.b64decode(line))
        assert refused.value.code == "E_CANON"
