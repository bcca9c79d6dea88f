"""Blobs are written once; keys are made once; ids are ours."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from server.kernel import b64url
from server.platform import clock, keys
from server.platform.blobs import BlobStore
from server.platform.ids import new_id
from server.platform.settings import Settings
from server.platform.signatures import NotAKey, holds, public_key
from tests.world import Phone


def test_a_blob_lies_under_its_hash_and_reads_back(tmp_path):
    store = BlobStore(tmp_path / "blobs")
    sha256 = store.put_bytes(b"photo")
    assert sha256 == hashlib.sha256(b"photo").hexdigest()
    assert store.path(sha256) == tmp_path / "blobs" / sha256[:2] / sha256
    assert store.exists(sha256)
    assert store.size(sha256) == 5
    with store.open(sha256) as file:
        assert file.read() == b"photo"


def test_a_stored_blob_is_never_written_again(tmp_path):
    store = BlobStore(tmp_path)
    sha256 = store.put_bytes(b"photo")
    store.path(sha256).write_bytes(b"damaged")
    store.put_bytes(b"photo")
    source = tmp_path / "upload"
    source.write_bytes(b"photo")
    store.put_file(source, sha256)
    assert store.path(sha256).read_bytes() == b"damaged", "evidence bytes are never rewritten"


def test_a_finished_upload_becomes_a_blob(tmp_path):
    store = BlobStore(tmp_path / "blobs")
    source = tmp_path / "upload"
    source.write_bytes(b"x" * 100_000)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    store.put_file(source, sha256)
    source.unlink()
    assert store.size(sha256) == 100_000


def test_an_upload_on_another_disk_is_copied(tmp_path, monkeypatch):
    def other_disk(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_disk)
    store = BlobStore(tmp_path / "blobs")
    source = tmp_path / "upload"
    source.write_bytes(b"photo")
    sha256 = hashlib.sha256(b"photo").hexdigest()
    store.put_file(source, sha256)
    assert store.path(sha256).read_bytes() == b"photo"


@pytest.mark.parametrize("name", ["", "../x", "A" * 64, "a" * 63, "a" * 64 + "\n", "a/" + "a" * 62])
def test_only_a_hash_names_a_blob(tmp_path, name):
    with pytest.raises(ValueError):
        BlobStore(tmp_path).path(name)


def test_keys_are_made_once_even_by_processes_that_start_together(tmp_path):
    found: list[bytes] = []

    def start() -> None:
        found.append(keys.load_or_create(tmp_path / "keys").mac("same"))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    files = sorted(path.name for path in (tmp_path / "keys").iterdir())
    assert files == ["log.pem", "recovery.pem", "secret.bin", "token.pem", "witness.pem"]
    for path in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_mac_depends_on_its_tag_and_on_where_its_parts_end(tmp_path):
    ours = keys.load_or_create(tmp_path)
    assert len({ours.mac("a", "bc"), ours.mac("a", "b", "c"), ours.mac("ab", "c"), ours.mac("a", "bc", "")}) == 4


def test_ids_are_version_seven_lower_case_and_sort_by_time():
    noon = datetime(2026, 11, 21, 4, tzinfo=UTC)
    with clock.freeze(noon):
        first = new_id()
        clock.tick(seconds=1)
        second = new_id()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)
    assert first < second


def test_the_clock_can_be_stopped_and_moved_only_inside_the_block():
    noon = datetime(2026, 11, 21, 4, tzinfo=UTC)
    with clock.freeze(noon):
        assert clock.now() == noon
        assert clock.tick(minutes=1) == noon + timedelta(minutes=1)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    with pytest.raises(ValueError), clock.freeze(datetime(2026, 11, 21)):
        raise AssertionError("a naive moment was taken")


def test_a_signature_counts_only_in_its_raw_form_and_for_its_message():
    phone = Phone()
    key, signature = public_key(phone.spki), b64url.decode(phone.sign(b"message"))
    assert holds(key, signature, b"message")
    assert not holds(key, signature, b"massage")
    assert not holds(key, signature + b"\0", b"message")
    assert not holds(key, bytes(64), b"message")
    assert not holds(public_key(Phone().spki), signature, b"message")


@pytest.mark.parametrize("spoil", [lambda k: k[:-1], lambda k: k + b"\0", lambda k: bytes(91), lambda k: k[:-32] + bytes(32)])
def test_only_the_one_encoding_of_a_p256_key_is_a_key(spoil):
    with pytest.raises(NotAKey):
        public_key(spoil(Phone().spki))


def test_settings_come_from_the_environment_and_postgres_addresses_from_any_tool():
    ours = Settings.from_env({"SUIJIAN_DATABASE_URL": "postgres://u@h/d", "SUIJIAN_DATA": "/srv/随检 数据"})
    assert ours.database_url == "postgresql+psycopg://u@h/d"
    assert not ours.sqlite
    plain = Settings.from_env({"SUIJIAN_DATA": "/srv/随检 数据"})
    assert plain.database_url == "sqlite:////srv/随检 数据/suijian.sqlite3"
    assert plain.limits
