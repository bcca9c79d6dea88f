"""The resumable upload, request by request (tus 1.0)."""

from __future__ import annotations

import base64
import hashlib
import io
import threading

import pytest
from sqlalchemy import func, select

from server.evidence import operations as evidence
from server.evidence import uploads
from server.evidence.tables import EvidenceBlob
from server.platform.blobs import blobs
from server.platform.db import session
from tests import builders
from tests import phone as phones
from tests.phone import PREFIX, TUS, metadata

UPLOADS = f"{PREFIX}/evidence/uploads"


@pytest.fixture
def phone(ctx):
    return phones.a_field_phone()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def held(data: bytes) -> bool:
    return sha(data) in evidence.held_of(builders.AGENCY, [sha(data)])


def leftovers(phone) -> list[str]:
    return sorted(path.name for path in uploads.shelf().root.glob(f"{phone.dev}/*.part"))


PHOTO = phones.a_picture(11, (400, 300))


def test_the_server_says_what_it_can_do(client):
    answer = client.open(UPLOADS, method="OPTIONS")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    }
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_a_file_in_pieces_is_kept_whole(phone):
    phone.upload(PHOTO, "image/jpeg", chunk=7_000)
    with blobs().open(sha(PHOTO)) as file:
        assert file.read() == PHOTO
    assert held(PHOTO)
    assert leftovers(phone) == []


def test_a_small_file_needs_one_request(phone):
    made = phone.announce(PHOTO, "image/jpeg", with_bytes=True)
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, str(len(PHOTO)))
    assert held(PHOTO)


def test_head_tells_where_to_go_on_and_after_completion_still_answers(phone):
    made = phone.announce(PHOTO, "image/jpeg")
    where = made.headers["Location"]
    phone.patch(where, 0, PHOTO[:5_000])
    found = phone.client.head(where, headers=TUS)
    assert (found.headers["Upload-Offset"], found.headers["Upload-Length"]) == ("5000", str(len(PHOTO)))
    assert found.headers["Cache-Control"] == "no-store"
    phone.patch(where, 5_000, PHOTO[5_000:])
    found = phone.client.head(where, headers=TUS)
    assert found.headers["Upload-Offset"] == str(len(PHOTO))


def test_a_blob_already_held_costs_no_bytes(phone):
    phone.upload(PHOTO, "image/jpeg")
    other = phones.a_field_phone()
    made = other.announce(PHOTO, "image/jpeg")
    assert made.headers["Upload-Offset"] == str(len(PHOTO))
    found = other.client.head(made.headers["Location"], headers=TUS)
    assert found.headers["Upload-Offset"] == found.headers["Upload-Length"] == str(len(PHOTO))
    assert other.patch(made.headers["Location"], 0, PHOTO).status_code == 409
    assert other.patch(made.headers["Location"], len(PHOTO), b"").status_code == 204


def test_knowing_the_hash_of_another_agencys_photo_gives_nothing(phone):
    phone.upload(PHOTO, "image/jpeg")
    stranger = phones.a_field_phone(builders.a_person(agency="fire-jindong"))
    assert stranger.announce(PHOTO, "image/jpeg").headers["Upload-Offset"] == "0"
    assert stranger.lacks([sha(PHOTO)]) == [sha(PHOTO)]
    assert stranger.client.get(f"{PREFIX}/evidence/{sha(PHOTO)}/view").status_code == 404
    assert stranger.client.get(f"{PREFIX}/evidence/{sha(PHOTO)}/original").status_code == 404


def test_a_wrong_offset_is_refused_with_the_right_one(phone):
    where = phone.announce(PHOTO, "image/jpeg").headers["Location"]
    phone.patch(where, 0, PHOTO[:1_000])
    answer = phone.patch(where, 0, PHOTO[:1_000])
    assert (answer.status_code, answer.get_json()["facts"]) == (409, {"offset": 1_000})


@pytest.mark.parametrize(("algorithm", "size"), [("sha1", 20), ("sha256", 32)])
def test_a_checksum_is_checked_and_a_wrong_one_undoes_the_piece(phone, algorithm, size):
    where = phone.announce(PHOTO, "image/jpeg").headers["Location"]
    piece = PHOTO[:4_000]
    good = base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()
    bad = base64.b64encode(bytes(size)).decode()
    assert phone.patch(where, 0, piece, **{"Upload-Checksum": f"{algorithm} {bad}"}).status_code == 460
    assert phone.client.head(where, headers=TUS).headers["Upload-Offset"] == "0"
    assert phone.patch(where, 0, piece, **{"Upload-Checksum": f"{algorithm} {good}"}).status_code == 204


def test_bytes_that_do_not_have_the_announced_hash_are_not_kept(phone):
    other = bytes([PHOTO[0], *PHOTO[1:-1], PHOTO[-1] ^ 1])
    where = phone.announce(PHOTO, "image/jpeg").headers["Location"]
    answer = phone.patch(where, 0, other)
    assert (answer.status_code, answer.get_json()["code"]) == (460, "E_MEDIA")
    assert leftovers(phone) == []
    assert not held(PHOTO)
    assert not blobs().exists(sha(PHOTO)) and not blobs().exists(sha(other))
    assert phone.client.head(where, headers=TUS).status_code == 404


def test_a_length_other_than_the_signed_one_is_refused_before_any_byte(phone):
    visit = phones.a_visit(phone)
    visit.open(phone)
    phone.photo(visit.insp, PHOTO)
    phone.send()
    headers = {**TUS, "Upload-Length": "17", "Upload-Metadata": metadata(sha256=sha(PHOTO), mime="image/jpeg")}
    assert phone.client.post(UPLOADS, headers=headers).status_code == 460


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Length": str(200 * 1024 * 1024)}, 413),
        ({"Upload-Metadata": "sha256 !!!"}, 400),
        ({"Upload-Metadata": metadata(mime="image/jpeg")}, 400),
        ({"Upload-Metadata": metadata(sha256="../../etc/passwd", mime="image/jpeg")}, 400),
        ({"Upload-Metadata": metadata(sha256="0" * 64, mime="image/svg+xml")}, 415),
        ({"Upload-Metadata": metadata(sha256="0" * 64, mime="audio/mp4"), "Upload-Length": str(21 * 1024 * 1024)}, 413),
    ],
)
def test_a_bad_announcement_is_refused(phone, change, status):
    headers = {**TUS, "Upload-Length": "100", "Upload-Metadata": metadata(sha256="0" * 64, mime="image/jpeg"), **change}
    assert phone.client.post(UPLOADS, headers=headers).status_code == status
    assert leftovers(phone) == []


def test_a_piece_must_say_its_type_and_stay_within_the_length(phone):
    where = phone.announce(PHOTO, "image/jpeg").headers["Location"]
    typed = {**TUS, "Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    assert phone.client.patch(where, headers=typed, data=b"x").status_code == 415
    assert phone.patch(where, 0, PHOTO + b"more").status_code == 413
    assert phone.client.head(where, headers=TUS).headers["Upload-Offset"] == "0"
    assert phone.patch(where, 0, b"x", **{"Upload-Checksum": "md5 AAAA"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "..%2f..%2fetc", "held-../x", "held-" + "0" * 64, "x" * 300, "%00"]
)
def test_odd_addresses_are_not_found(phone, path):
    answer = phone.client.head(f"{UPLOADS}/{path}", headers=TUS)
    assert answer.status_code == 404


def test_nobody_else_reaches_an_upload(phone):
    where = phone.announce(PHOTO, "image/jpeg").headers["Location"]
    other = phones.a_field_phone()
    assert other.client.head(where, headers=TUS).status_code == 404
    assert other.patch(where, 0, PHOTO).status_code == 404
    assert other.client.delete(where, headers=TUS).status_code == 404


def test_a_given_up_upload_is_gone(phone):
    where = phone.announce(PHOTO, "image/jpeg").headers["Location"]
    phone.patch(where, 0, PHOTO[:100])
    assert phone.client.delete(where, headers=TUS).status_code == 204
    assert phone.client.head(where, headers=TUS).status_code == 404
    assert leftovers(phone) == []


def test_an_expired_upload_is_gone(phone):
    made = phone.announce(PHOTO, "image/jpeg")
    assert made.headers["Upload-Expires"].endswith("GMT")
    upload_id = made.headers["Location"].rsplit("/", 1)[1]
    stack = uploads.shelf()
    found = stack.load(phone.dev, upload_id, 0)
    stack.create(type(found)(**{**{f: getattr(found, f) for f in found.__slots__}, "expires_ms": 1}))
    assert phone.client.head(made.headers["Location"], headers=TUS).status_code == 404
    assert leftovers(phone) == []


def test_a_second_writer_is_told_at_once(phone):
    made = phone.announce(PHOTO, "image/jpeg")
    upload = uploads.shelf().load(phone.dev, made.headers["Location"].rsplit("/", 1)[1], 0)
    with uploads.shelf().writing(upload):
        assert phone.patch(made.headers["Location"], 0, PHOTO).status_code == 423
    assert phone.patch(made.headers["Location"], 0, PHOTO).status_code == 204


def test_a_cut_connection_keeps_what_arrived(phone):
    made = phone.announce(PHOTO, "image/jpeg")
    where = made.headers["Location"]
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    answer = phone.client.patch(
        where, headers=headers, input_stream=io.BytesIO(PHOTO[:6_000]), environ_overrides={"CONTENT_LENGTH": "9000"}
    )
    assert answer.status_code == 408
    assert phone.client.head(where, headers=TUS).headers["Upload-Offset"] == "6000"
    assert phone.patch(where, 6_000, PHOTO[6_000:]).status_code == 204
    assert held(PHOTO)


def test_a_server_killed_between_the_last_byte_and_the_commit_does_not_call_the_file_arrived(phone):
    """Found by kill -9: the part was full, HEAD said so, the client believed it was safe, and no row existed."""
    made = phone.announce(PHOTO, "image/jpeg")
    upload = uploads.shelf().load(phone.dev, made.headers["Location"].rsplit("/", 1)[1], 0)
    uploads.shelf().part(upload).write_bytes(PHOTO)
    assert not held(PHOTO)
    found = phone.client.head(made.headers["Location"], headers=TUS)
    assert found.headers["Upload-Offset"] == str(len(PHOTO))
    assert held(PHOTO)


def test_two_phones_with_the_same_photo_at_the_same_time_keep_it_once(app):
    with app.app_context():
        pair = [phones.a_field_phone() for _ in range(2)]
    statuses = []
    threads = [
        threading.Thread(
            target=lambda p=p: statuses.append(p.announce(PHOTO, "image/jpeg", with_bytes=True).status_code)
        )
        for p in pair
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201, 201]
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(EvidenceBlob)) == 1


def test_files_no_event_names_have_a_quota_and_named_ones_do_not_count(phone, monkeypatch):
    phone.upload(PHOTO, "image/jpeg")
    second = phones.a_picture(12, (400, 300))
    third = phones.a_picture(13, (400, 300))
    monkeypatch.setattr("server.evidence.domain.UNNAMED_BYTES_PER_DEVICE", len(PHOTO) + len(second))
    phone.upload(second, "image/jpeg")
    assert phone.announce(third, "image/jpeg").status_code == 429
    visit = phones.a_visit(phone)
    visit.open(phone)
    phone.photo(visit.insp, third)
    assert phone.send()["results"][-1]["status"] == "stored"
    phone.upload(third, "image/jpeg")


def test_a_desk_sends_only_what_an_event_names(phone):
    """A colleague at the desk may carry in another phone's files, once its events are there."""
    visit = phones.a_visit(phone)
    visit.open(phone)
    phone.photo(visit.insp, PHOTO)
    desk = phones.FieldPhone(phone.device, builders.a_client(builders.a_person()))
    assert desk.announce(PHOTO, "image/jpeg").status_code == 403
    phone.send()
    assert desk.upload(PHOTO, "image/jpeg") == sha(PHOTO)


def test_the_daily_quota_stops_files_and_never_events(phone, monkeypatch):
    monkeypatch.setattr("server.evidence.domain.BYTES_PER_DEVICE_AND_DAY", 100)
    assert phone.announce(PHOTO, "image/jpeg").status_code == 429
    assert phone.send()["results"][0]["status"] == "stored"


def test_only_inspectors_upload(ctx, client_as):
    headers = {**TUS, "Upload-Length": "1", "Upload-Metadata": metadata(sha256="0" * 64, mime="image/jpeg")}
    assert client_as("reviewer").post(UPLOADS, headers=headers).status_code == 403
    assert client_as().post(UPLOADS, headers=headers).status_code == 401
