"""Every upload is treated as hostile: refused by its header, decoded in a cage, served only as a copy."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from PIL import Image

from server.evidence import operations as evidence
from server.evidence import photos
from server.evidence.media import look
from server.inspections import operations as inspections
from server.platform.blobs import blobs
from tests import builders
from tests import phone as phones
from tests.evidence import hostile
from tests.phone import PREFIX


def send(phone, data: bytes, mime: str):
    made = phone.announce(data, mime)
    return made if made.status_code != 201 else phone.patch(made.headers["Location"], 0, data)


@pytest.mark.parametrize("name", sorted(hostile.REFUSED))
def test_what_is_no_evidence_file_is_refused_and_leaves_nothing(ctx, name):
    data, mime = hostile.REFUSED[name]
    answer = send(phones.a_field_phone(), data, mime)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "E_MEDIA_TYPE")
    assert not blobs().exists(hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_pictures_get_a_view_and_a_thumb_without_metadata(ctx, client_as, fmt):
    phone, reviewer = phones.a_field_phone(), client_as("reviewer")
    data = phones.a_picture(1, (2000, 1000), fmt, exif=hostile.plain_exif())
    sha = phone.upload(data, f"image/{fmt.lower()}")
    for which, longest in (("view", 1600), ("thumb", 320)):
        answer = reviewer.get(f"{PREFIX}/evidence/{sha}/{which}")
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        with Image.open(io.BytesIO(answer.data)) as made:
            assert max(made.size) == longest
            assert made.size[0] < made.size[1], "the orientation of the EXIF tag is applied"
            assert not made.getexif()
            assert set(made.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_polyglot_is_kept_byte_for_byte_and_its_copy_has_no_tail(ctx, client_as):
    phone, reviewer = phones.a_field_phone(), client_as("reviewer")
    data = hostile.polyglot()
    sha = phone.upload(data, "image/jpeg")
    view = reviewer.get(f"{PREFIX}/evidence/{sha}/view").data
    assert b"<script>" not in view and b"PK\x03\x04" not in view
    answer = reviewer.get(f"{PREFIX}/evidence/{sha}/original")
    assert answer.data == data
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_photo_that_cannot_be_decoded_is_kept_and_flagged(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    data = phones.a_picture(2, (800, 600))
    data = data[: len(data) // 2]
    phone.photo(visit.insp, data)
    phone.send()
    sha = phone.upload(data, "image/jpeg")
    assert evidence.blob(builders.AGENCY, sha).state == "unreadable"
    assert inspections.inspection(visit.insp).flags == ("F_MEDIA_UNREADABLE",)
    phone.event("note.add", {"text": "之后"}, visit.insp)
    phone.send()
    assert inspections.inspection(visit.insp).flags == ("F_MEDIA_UNREADABLE",)
    assert phone.client.get(f"{PREFIX}/evidence/{sha}/original").data == data
    assert phone.client.get(f"{PREFIX}/evidence/{sha}/view").get_json()["code"] == "E_NO_DERIVATIVE"


def a_worker(tmp_path, old: str, new: str):
    """The decoder with one limit changed."""
    text = photos.WORKER.read_text()
    assert old in text
    path = tmp_path / "worker.py"
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.one_database
def test_a_picture_that_needs_too_much_memory_is_answered_and_the_next_is_decoded(ctx, tmp_path, monkeypatch):
    """It passes every header check; only the child's limit stops it."""
    monkeypatch.setattr(photos, "WORKER", a_worker(tmp_path, "640 * 1024", "128 * 1024"))
    big, good = tmp_path / "big.png", tmp_path / "good.jpg"
    big.write_bytes(hostile.bomb_png(6_000, colour=True))
    good.write_bytes(phones.a_picture(3))
    assert look(big.read_bytes()).width == 6_000
    out = {"view": str(tmp_path / "v"), "thumb": str(tmp_path / "t")}
    with photos.Child() as child:
        assert child.ask({"source": str(big), **out}) == {"ok": False, "reason": "memory"}
        assert child.ask({"source": str(good), **out})["ok"] is True


@pytest.mark.one_database
def test_a_decoder_that_dies_or_hangs_is_replaced(ctx, tmp_path, monkeypatch):
    good = tmp_path / "good.jpg"
    good.write_bytes(phones.a_picture(3))
    task = {"source": str(good), "view": str(tmp_path / "v"), "thumb": str(tmp_path / "t")}
    with photos.Child() as child:
        assert child.ask(task)["ok"] is True
        child._process.kill()
        child._process.wait()
        assert child.ask(task)["ok"] is True, "its death was not this photo's doing"
    monkeypatch.setattr(photos, "WORKER", a_worker(tmp_path, "task = json", "__import__('os')._exit(9); task = json"))
    with photos.Child() as child:
        assert child.ask(task) == {"ok": False, "reason": "killed"}
    monkeypatch.setattr(photos, "PHOTO_SECONDS", 0.2)
    monkeypatch.setattr(
        photos, "WORKER", a_worker(tmp_path, "__import__('os')._exit(9)", "__import__('time').sleep(9)")
    )
    with photos.Child() as child:
        assert child.ask(task) == {"ok": False, "reason": "timeout"}


@pytest.mark.one_database
def test_the_decoder_refuses_bombs_and_films_by_itself(ctx, tmp_path):
    """The header check is the first wall; the child does not rely on it."""
    out = {"view": str(tmp_path / "v"), "thumb": str(tmp_path / "t")}
    with photos.Child() as child:
        for name, data in (
            ("bomb", hostile.bomb_png()),
            ("apng", hostile.apng()),
            ("gif", hostile.GIF),
            ("svg", hostile.SVG),
        ):
            path = tmp_path / name
            path.write_bytes(data)
            assert child.ask({"source": str(path), **out})["ok"] is False, name


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_where_positions_are_forbidden_a_tagged_photo_is_refused(ctx, fmt):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone, **{"secrecy.geotag": "off"})
    visit.open(phone)
    tagged = phones.a_picture(4, fmt=fmt, exif=hostile.gps_exif())
    clean = phones.a_picture(5, fmt=fmt, exif=hostile.plain_exif())
    mime = f"image/{fmt.lower()}"
    phone.photo(visit.insp, tagged, mime)
    phone.photo(visit.insp, clean, mime)
    phone.send()
    answer = send(phone, tagged, mime)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "E_GEO")
    assert send(phone, clean, mime).status_code == 204


def test_where_positions_are_allowed_a_tagged_photo_is_taken(ctx):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone, **{"secrecy.geotag": "on"})
    visit.open(phone)
    tagged = phones.a_picture(6, exif=hostile.gps_exif())
    phone.photo(visit.insp, tagged)
    phone.send()
    assert send(phone, tagged, "image/jpeg").status_code == 204


@pytest.mark.one_database
def test_a_position_in_xmp_is_found():
    packet = b"http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude='34,43.2N'/>"
    picture = phones.a_picture(8)
    segment = b"\xff\xe1" + (len(packet) + 2).to_bytes(2) + packet
    assert look(picture[:2] + segment + picture[2:]).geotagged
    assert not look(picture).geotagged


def test_strokes_and_sound_are_kept_and_never_decoded(ctx):
    phone = phones.a_field_phone()
    strokes = json.dumps([{"x": 1, "y": 2}]).encode()
    sound = b"\x1a\x45\xdf\xa3" + b"\0" * 20 + b"webm" + bytes(500)
    for data, mime in (
        (strokes, "application/json"),
        (sound, "audio/webm;codecs=opus"),
        (b"OggS" + bytes(90), "audio/ogg"),
    ):
        sha = phone.upload(data, mime)
        assert evidence.blob(builders.AGENCY, sha).state == "plain"
        assert phone.client.get(f"{PREFIX}/evidence/{sha}/view").status_code == 404


def test_who_may_look(ctx, client_as):
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    picture = phones.a_picture(9)
    phone.photo(visit.insp, picture)
    phone.send()
    sha = phone.upload(picture, "image/jpeg")
    roles = ("inspector", "reviewer", "auditor", "superior", "administrator", "plan_officer")
    told = {role: client_as(role).get(f"{PREFIX}/evidence/{sha}/view").status_code for role in roles}
    assert told == {
        "inspector": 404,
        "reviewer": 200,
        "auditor": 200,
        "superior": 403,
        "administrator": 403,
        "plan_officer": 403,
    }
    assert phone.client.get(f"{PREFIX}/evidence/{sha}/view").status_code == 200
    assert client_as().get(f"{PREFIX}/evidence/{sha}/view").status_code == 401
