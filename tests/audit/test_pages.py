"""The public pages of the log, and the change of its key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.audit import checkpoints, log_keys, public_log, witness
from server.kernel import checkpoint, cosignature, moments
from server.platform import clock, keys, signatures
from tests import phone as phones
from tests import world


def at_hour(monkeypatch, hour: int):
    """The Chinese wall clock says ``hour`` on 27 November 2026."""
    moment = moments.from_ms(moments.day_start_ms(moments.date_of(moments.from_ms(1_795_708_800_000)))) + timedelta(hours=hour)
    monkeypatch.setattr(clock, "now", lambda: moment)
    monkeypatch.setattr(clock, "now_ms", lambda: moments.to_ms(moment))
    return moments.local_date(moments.to_ms(moment)).isoformat()


def test_the_days_checkpoint_is_issued_once_after_seven(ctx, monkeypatch):
    phones.a_field_phone().send()
    day = at_hour(monkeypatch, 6)
    assert checkpoints.daily() is None
    day = at_hour(monkeypatch, 8)
    assert checkpoints.daily().id == day
    assert checkpoints.daily() is None
    assert [one.id for one in checkpoints.issued()] == [day]


def test_the_page_of_a_day_shows_the_signed_note_and_who_has_cosigned_it(ctx, client, monkeypatch):
    phones.a_field_phone().send()
    day = at_hour(monkeypatch, 8)
    made = checkpoints.daily()
    line = cosignature.line(checkpoint.parse_note(made.note).text, witness.key(), 1_795_000_000, keys.server_keys().witness.sign)
    checkpoints.add_cosignature(day, "superior.test+01020304", "cosignature/v1", line)
    shown = client.get(f"/log/{day}").text
    assert "suijian.log\n2\n" in shown and "superior.test" in shown
    assert f'<a href="/log/{day}">{day}</a>' in client.get("/log").text
    assert "script" not in shown
    told = client.get("/api/v1/log/checkpoints").get_json()["checkpoints"][0]
    assert cosignature.check(told["note"], witness.key(), signatures.ed25519_holds) == 1_795_000_000


@pytest.mark.parametrize("day", ["2026-11-31", "20261127", "yesterday", "2020-01-01", "%00"])
def test_a_day_without_a_checkpoint_is_404(ctx, client, day):
    assert client.get(f"/log/{day}").status_code == 404


def test_the_verifier_is_downloaded_and_its_hash_stands_on_the_page(ctx, client):
    import hashlib

    answer = client.get("/verify_record.py")
    assert answer.headers["Content-Disposition"] == "attachment; filename=verify_record.py"
    assert hashlib.sha256(answer.data).hexdigest() in client.get("/log").text


@pytest.mark.parametrize("name", ["rfc3161", "sm2"])
def test_a_plug_in_stamps_the_days_checkpoint_and_its_failure_stops_nothing(ctx, monkeypatch, name):
    """The interface of docs/log.md: a function from the signed note to a token; ours stands in for a time stamp
    authority (RFC 3161) or a cryptographic module (SM2)."""
    asked: list[str] = []

    def stamp(note: str) -> str:
        asked.append(note)
        if len(asked) == 1:
            raise OSError("the authority is away")
        return "dG9rZW4="

    monkeypatch.setattr(checkpoints, "_stamps", {})
    checkpoints.stamp_with(name, stamp)
    day = at_hour(monkeypatch, 8)
    checkpoints.daily()
    assert checkpoints.get(day).cosigned == {}
    monkeypatch.setattr(clock, "now_ms", lambda: 1_795_708_800_000 + 86_400_000 + 8 * 3_600_000)
    following = checkpoints.daily()
    told = checkpoints.get(following.id)
    assert (told.cosigned[name][0], told.cosigned[name][1]) == (name, "dG9rZW4=")
    assert asked[-1] == told.note == told.whole_note


@pytest.fixture
def office(tmp_path):
    def start():
        app = world.make_app(tmp_path / "data", f"sqlite:///{tmp_path / 'own.sqlite3'}")
        return app

    return start


def test_after_a_change_of_the_logs_key_both_sign_for_thirty_days(office, monkeypatch):
    app = office()
    with app.app_context():
        public_log.append({"v": 1, "k": "device", "dev": "x"})
        old = public_log.note_key()
        changed = log_keys.change(keys.folder())
        with pytest.raises(FileExistsError):
            log_keys.change(keys.folder())
    app = office()  # the server is restarted
    with app.app_context():
        new = public_log.note_key()
        assert new.vkey != old.vkey == changed.vkey
        note = checkpoint.parse_proof(public_log.receipt(0)).checkpoint
        for key in (old, new):
            assert checkpoint.open_note(note, [key], signatures.ed25519_holds)
            assert checkpoint.open_note(changed.statement, [key], signatures.ed25519_holds)
        assert [one.vkey for one in log_keys.note_keys()] == [new.vkey, old.vkey]
        assert public_log.stored(1).public
        assert not log_keys.retire()
        later = clock.now() + timedelta(days=30, minutes=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert log_keys.retire()
        assert not log_keys.retire()
    app = office()
    with app.app_context():
        note = checkpoint.parse_proof(public_log.receipt(0)).checkpoint
        assert checkpoint.open_note(note, [new], signatures.ed25519_holds)
        with pytest.raises(checkpoint.BadNote):
            checkpoint.open_note(note, [old], signatures.ed25519_holds)
        told = app.test_client().get("/api/v1/log/keys").get_json()
        assert [one["vkey"] for one in told["older"]] == [old.vkey]
        assert log_keys.change(keys.folder()).vkey == new.vkey
