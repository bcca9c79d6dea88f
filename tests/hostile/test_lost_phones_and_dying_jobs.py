"""A revoked phone that comes back, a job that dies half-way, somebody who guesses codes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts import operations as accounts
from server.documents import preparation
from server.documents.domain import DocumentNotReady
from server.documents.tables import DocumentNumberRow
from server.inspections import operations as inspections
from server.kernel import b64url
from server.plans import operations as plans
from server.platform import db, jobs, limits
from server.platform.db import session
from tests import builders, world
from tests import phone as phones
from tests.diligent import an_agency_at_work

AGENCY = "fire-jindong"


def test_a_revoked_phone_brings_the_photos_of_its_signed_events_and_nothing_else(ctx: Flask) -> None:
    phone = phones.a_field_phone()
    visit = phones.a_visit(phone)
    visit.open(phone)
    named, other = phones.a_picture(1), phones.a_picture(2)
    phone.photo(visit.insp, named)
    phone.send()
    accounts.revoke_device(builders.an_actor("administrator"), phone.dev, "遗失后找回")
    assert phone.lacks([hashlib.sha256(named).hexdigest()])
    sha256 = phone.upload(named, "image/jpeg")
    assert phone.lacks([sha256]) == []
    refused = phone.announce(other, "image/jpeg")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "E_NOT_NAMED")
    for path in (f"evidence/{sha256}/view", f"evidence/{sha256}/original", "sync/changes"):
        assert phone.client.get(f"/api/v1/{path}").get_json()["code"] == "E_DEVICE_REVOKED"


@pytest.fixture
def waiting(app: Flask, repository: Path) -> Iterator[str]:
    """One imported inspection of 金东 whose preparation has not run yet; answers its id."""
    with app.app_context():
        app.extensions["suijian-jobs"] = "held"
        an_agency_at_work(AGENCY, repository / "checklists")
        plans.load_demo(AGENCY, repository / "checklists" / AGENCY / "demo")
        found = inspections.inspections(AGENCY)[0].id
    yield found
    app.extensions["suijian-jobs"] = "immediate"


def numbers_of(insp: str) -> list[tuple[str, str]]:
    return [tuple(row) for row in session().execute(select(DocumentNumberRow.text, DocumentNumberRow.state).where(DocumentNumberRow.insp == insp))]


def test_a_preparation_killed_at_any_step_is_finished_later_under_the_same_number(ctx: Flask, waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = set()
    for place, name in ((preparation.notice, "render"), (preparation.evidence, "keep_own"), (preparation.inspections, "attach_pack")):
        with monkeypatch.context() as dying:
            dying.setattr(place, name, lambda *_a, **_k: (_ for _ in ()).throw(SystemError("killed")))
            with pytest.raises(SystemError):
                preparation.prepare_job.fn(insp=waiting)
        assert inspections.inspection(waiting).pack_sha is None
        taken.update(numbers_of(waiting))
    preparation.prepare_job.fn(insp=waiting)
    first = inspections.inspection(waiting).pack_sha
    preparation.prepare_job.fn(insp=waiting)
    assert inspections.inspection(waiting).pack_sha == first is not None
    assert taken == set(numbers_of(waiting)) and len(taken) == 1


def test_a_cancelled_inspection_gets_no_number_from_a_job_that_comes_late(ctx: Flask, waiting: str) -> None:
    inspections.cancel(builders.an_actor("plan_officer", agency=AGENCY), waiting, "重复派发")
    with pytest.raises(DocumentNotReady):
        preparation.prepare(waiting)
    assert "reserved" not in {state for _, state in numbers_of(waiting)}
    jobs.drain()
    assert inspections.inspection(waiting).pack_sha is None


def test_codes_cannot_be_guessed_from_one_address(fresh_database, tmp_path: Path, database: str) -> None:
    app = world.make_app(tmp_path, fresh_database(database), limits=True)
    builders.use(app)
    try:
        thief = world.Phone()
        client = app.test_client()
        codes = ("".join(letters) for letters in itertools.product("0123456789ABCDEFGHJKMNPQRSTVWXYZ", repeat=10))
        body = {"spki": thief.spki_text, "installation": "thiefs-phone", "sig": b64url.encode(b"\0" * 64), "label": "x", "self_test": {}}
        statuses = [client.post("/api/v1/accounts/enrol", json={**body, "code": code}).status_code for code in itertools.islice(codes, 22)]
    finally:
        builders.use(None)
        with app.app_context():
            limits.limiter.enabled = False  # one limiter for all applications of this process
            limits.limiter.storage._engine.dispose()
            db.db.engine.dispose()
    assert statuses == [403] * 20 + [429] * 2
