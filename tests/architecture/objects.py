"""One sample of every kind of object that a route can name, in the agency asked for.

``VALUES`` gives the value of a URL argument, ``BODIES`` what a route needs besides to get as far as looking
the object up (a body that fails its schema would be 422 before the object is even asked for). A new route
with an argument that has no sample fails ``test_access_matrix.py`` until one is registered here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from server.accounts import operations as accounts
from server.accounts import policy, recovery
from server.accounts.domain import Actor
from server.evidence.tables import EvidenceBlob, EvidenceRef
from server.inspections import operations as inspections
from server.kernel import b64url
from server.plans import operations as plans
from server.platform import boxes, clock
from server.platform.blobs import blobs
from server.platform.db import session, transaction
from server.registry import cards, imports, people, proposals, subpools
from server.registry import operations as registry
from server.reports import reading
from server.rules import operations as rules
from tests.architecture import plan_objects
from tests.builders import a_client, a_person, actor_of, an_enrolled_device, client_of
from tests.draw.samples import a_published_draw, a_void_to_decide, the_superior
from tests.phone import a_field_phone, record_visit
from tests.world import Client

TUS = {"Tus-Resumable": "1.0.0"}
NOBODY = "00000000-0000-7000-8000-000000000000"


def an_inspection(agency: str) -> str:
    """The first prepared inspection of the demo."""
    return min(view.id for view in inspections.inspections(agency))


def a_team_member(agency: str) -> accounts.PersonView:
    """An inspector who is drawn for ``an_inspection``."""
    return accounts.person(inspections.inspection(an_inspection(agency)).team[0]["user"])


def an_item_list(agency: str) -> str:
    """The version of the item list in force."""
    return rules.rules_for(agency).item_list_hash


def a_pack(agency: str) -> str:
    sha256 = inspections.inspection(an_inspection(agency)).pack_sha
    assert sha256 is not None
    return sha256


def a_document(agency: str) -> str:
    """The notice of the inspection, as a phone fetches it."""
    return str(
        session().scalar(
            select(EvidenceRef.sha256)
            .where(EvidenceRef.agency_id == agency, EvidenceRef.insp == an_inspection(agency))
            .where(EvidenceRef.kind == "document")
            .limit(1)
        )
    )


def a_photo(agency: str) -> str:
    """A photo of the inspection with both derivatives; made once per agency."""
    data = f"photo of {agency}".encode()
    sha256 = hashlib.sha256(data).hexdigest()
    with transaction() as current:
        if current.get(EvidenceBlob, (agency, sha256)) is None:
            blobs().put_bytes(data)
            small = blobs().put_bytes(data + b" small")
            current.add(
                EvidenceRef(agency_id=agency, sha256=sha256, insp=an_inspection(agency), kind="photo",
                            size=len(data), mime="image/jpeg")
            )
            current.add(
                EvidenceBlob(agency_id=agency, sha256=sha256, size=len(data), mime="image/jpeg", width=1, height=1,
                             owner="sample", received_at=clock.now(), state="ready",
                             derived={"view": small, "thumb": small})
            )
    return sha256


_uploads: dict[str, tuple[str, Client]] = {}


def _upload(agency: str) -> tuple[str, Client]:
    if agency not in _uploads:
        caller = client_of(an_enrolled_device(a_team_member(agency)))
        sha256 = hashlib.sha256(f"upload of {agency}".encode()).hexdigest()
        metadata = _metadata({"sha256": sha256, "mime": "image/jpeg", "insp": an_inspection(agency)})
        headers = TUS | {"Upload-Length": "5000", "Upload-Metadata": metadata}
        answer = caller.post("/api/v1/evidence/uploads", headers=headers)
        assert answer.status_code == 201, answer.text
        _uploads[agency] = (answer.headers["Location"].rsplit("/", 1)[1], caller)
    return _uploads[agency]


def _metadata(values: dict[str, str]) -> str:
    import base64

    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def a_report(agency: str) -> str:
    """The draft that a sealed visit has made by itself, of a fresh visit."""
    first, second = (a_field_phone(a_person(agency=agency)) for _ in range(2))
    carried = record_visit(first, second, photos=1, answers=1)
    second.send()
    for sha256 in first.send()["lacks"]:
        first.upload(carried.photos[sha256], "image/jpeg")
    found = reading.of_inspection(agency, carried.visit.insp)
    assert found is not None
    return found


def a_revoked_phone(agency: str) -> str:
    """A phone that its agency has locked out."""
    dev = an_enrolled_device(a_team_member(agency)).dev
    accounts.revoke_device(actor_of(a_person("administrator", agency=agency)), dev, "试验遗失")
    return dev


def _officer(agency: str) -> Actor:
    """The plan officer of the demo, who keeps the registries."""
    return actor_of(next(one for one in accounts.people(agency) if "plan_officer" in one.roles))


def a_mark(agency: str) -> str:
    """A mark of the first unit that still stands."""
    unit = registry.units(agency)[0].id
    return cards.add_mark(_officer(agency), agency, unit, "complaint", registry.today(), None, "试验", "试验")


def a_conflict(agency: str) -> str:
    person, unit = registry.inspectors(agency)[0].user_id, registry.units(agency)[-1].id
    registry.declare_conflict(_officer(agency), agency, person, unit, "试验")
    return next(one.id for one in registry.conflicts(agency) if (one.user_id, one.unit_id) == (person, unit))


def a_table(agency: str) -> str:
    """An import that waits to be stored."""
    name = registry.units(agency)[0].name
    return imports.begin(_officer(agency), agency, f"单位名称,地址,注册号,主要负责人,单位类型\n{name},示例路1号,4103071234567,甄,企业".encode(), "a.csv")


_recoveries: dict[str, tuple[str, Client]] = {}


def _recovery(agency: str) -> tuple[str, Client]:
    """A forgotten PIN that waits for its answer, and the phone that asked; a fresh one each time it was answered."""
    phone = an_enrolled_device(a_team_member(agency))
    caller = client_of(phone)
    key = b64url.encode(boxes.public_bytes(ec.generate_private_key(ec.SECP256R1()).public_key()))
    sealed = boxes.seal(b64url.decode(policy.recovery_key()), f"vault|{phone.dev}", bytes(32))
    body = {"sealed": sealed, "key": key, "sig": phone.sign(recovery.REQUEST_TAG + key.encode())}
    answer = caller.post("/api/v1/accounts/recovery", json=body)
    assert answer.status_code == 201, answer.text
    _recoveries[agency] = (answer.get_json()["id"], caller)
    return _recoveries[agency]


# Argument of the rule, or "rule argument" where the same name means different things.
VALUES: dict[str, Callable[[str], str]] = {
    "person_id": lambda agency: accounts.people(agency)[0].id,
    "user_id": lambda agency: registry.inspectors(agency)[0].user_id,
    "dev": lambda agency: an_enrolled_device(a_team_member(agency)).dev,
    "/api/v1/accounts/devices/<string:dev>/loss dev": a_revoked_phone,
    "request_id": lambda agency: _recovery(agency)[0],
    "unit_id": lambda agency: registry.units(agency)[0].id,
    "draw_id": a_published_draw,
    "void_id": a_void_to_decide,
    "mark_id": a_mark,
    "import_id": a_table,
    "pool_id": lambda agency: subpools.keep(_officer(agency), agency, "试验子库", {}),
    "leave_id": lambda agency: people.add_leave(_officer(agency), agency, registry.inspectors(agency)[0].user_id, "leave", registry.today(), registry.today(), ""),
    "member_id": lambda agency: people.add_leader(_officer(agency), agency, "head", "甄组长", "", "", registry.today()),
    "conflict_id": a_conflict,
    "proposal_id": lambda agency: proposals.report_unit(_officer(agency), agency, {"name": "试验单位", "address": "示例路1号"}, ""),
    "batch_id": lambda agency: plans.batches(agency)[0].id,
    "insp_id": an_inspection,
    # The last one: the others stand for inspections that go on.
    "/api/v1/inspections/<insp_id>/cancel insp_id": lambda agency: max(view.id for view in inspections.inspections(agency)),
    "report_id": a_report,
    "kind": lambda agency: "record",
    "/api/v1/item-lists/<digest> digest": an_item_list,
    "/api/v1/item-lists/<old>/changes/<new> old": an_item_list,
    "/api/v1/item-lists/<old>/changes/<new> new": an_item_list,
    "upload_id": lambda agency: _upload(agency)[0],
    "/api/v1/sync/packs/<sha256> sha256": a_pack,
    "/api/v1/sync/blobs/<sha256> sha256": a_document,
    "/api/v1/evidence/<sha256>/view sha256": a_photo,
    "/api/v1/evidence/<sha256>/thumb sha256": a_photo,
    "/api/v1/evidence/<sha256>/original sha256": a_photo,
}

BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/accounts/recovery/<string:request_id>/release": {"json": {"check": "000000", "reason": "试验"}},
    "POST /api/v1/accounts/recovery/<string:request_id>/refuse": {"json": {"reason": "试验"}},
    "PATCH /api/v1/accounts/people/<string:person_id>": {"json": {"name": "试验改名"}},
    "POST /api/v1/accounts/devices/<string:dev>/revoke": {"json": {"reason": "试验"}},
    "POST /api/v1/accounts/devices/<string:dev>/story": {"json": {"story": "in_use"}},
    "POST /api/v1/accounts/devices/<string:dev>/loss": {"json": {"lost_at": "2026-11-01T08:00:00+08:00", "reason": "试验"}},
    "PUT /api/v1/registry/inspectors/<user_id>": {
        "json": {"name": "试验改名", "certificate_no": "试-1", "valid_to": "2030-01-01"}
    },
    "PUT /api/v1/draws/<draw_id>": {
        "json": {"title": "试验", "purpose": "monthly", "period": "2026-03", "items": ["试验"], "official_a": NOBODY, "official_b": NOBODY, "witness_name": "试验"}
    },
    "POST /api/v1/draws/<draw_id>/join": {"json": {"items": ["试验"], "team": 2}},
    "POST /api/v1/draws/<draw_id>/commit": {"json": {"commitment": "A" * 43}},
    "POST /api/v1/draws/<draw_id>/reveal": {"json": {"value": "A" * 43}},
    "POST /api/v1/draws/<draw_id>/dice": {"json": {"digits": "0" * 20}},
    "POST /api/v1/draws/<draw_id>/testimony": {"json": {"word": "试验"}},
    "POST /api/v1/draws/<draw_id>/void": {"json": {"cause": "other", "reason": "试验"}},
    "POST /api/v1/draws/voids/<void_id>/decision": {"json": {"granted": False, "note": "试验"}},
    "PUT /api/v1/registry/units/<unit_id>/fields": {"json": {"values": {"sector": "试验行业"}, "reason": "试验"}},
    "POST /api/v1/registry/units/<unit_id>/state": {"json": {"state": "active", "reason": "试验"}},
    "POST /api/v1/registry/units/<unit_id>/marks": {"json": {"kind": "complaint", "since": "2026-11-01", "reason": "试验", "source": "试验"}},
    "POST /api/v1/registry/units/<unit_id>/marks/<mark_id>/end": {"json": {"reason": "试验"}},
    "POST /api/v1/registry/units/<unit_id>/merge": {"json": {"other": "00000000-0000-7000-8000-000000000000", "reason": "试验"}},
    "PUT /api/v1/registry/imports/<import_id>/mapping": {"json": {"mapping": {"单位名称": "name"}}},
    "PUT /api/v1/registry/imports/<import_id>/decisions": {"json": {"decisions": {"*": "kept"}}},
    "POST /api/v1/registry/imports/<import_id>/undo": {"json": {"reason": "试验"}},
    "POST /api/v1/registry/leading-group/<member_id>/end": {"json": {"to_day": "2099-01-01"}},
    "POST /api/v1/registry/conflicts/<conflict_id>/withdraw": {"json": {"reason": "试验"}},
    "POST /api/v1/registry/proposals/<proposal_id>/decide": {"json": {"accept": False, "reason": "试验"}},
    "POST /api/v1/inspections/<insp_id>/cancel": {"json": {"reason": "试验取消"}},
    "PUT /api/v1/reports/<report_id>/opinion": {
        "json": {"base": 0, "evaluation": "试验评价", "handling": "试验处理", "advice": "试验建议"}
    },
    "POST /api/v1/reports/<report_id>/approve": {"json": {}},
    "POST /api/v1/reports/<report_id>/hold": {"json": {"note": "试验"}},
    "POST /api/v1/reports/<report_id>/return": {"json": {"reasons": [{"text": "试验退回"}]}},
    "HEAD /api/v1/evidence/uploads/<upload_id>": {"headers": TUS},
    "DELETE /api/v1/evidence/uploads/<upload_id>": {"headers": TUS},
    "PATCH /api/v1/evidence/uploads/<upload_id>": {
        "headers": TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, "data": b"x",
    },
}

VALUES |= plan_objects.VALUES
BODIES |= plan_objects.BODIES

# Objects that belong to one caller and not to everybody with the role: who that is.
OWNERS: dict[str, Callable[[str], Client]] = {"upload_id": lambda agency: _upload(agency)[1], "void_id": the_superior, **plan_objects.OWNERS}
OWNERS["request_id"] = lambda agency: _recoveries[agency][1]

# What an inspector reaches only when drawn for the inspection.
ONLY_THE_TEAM = (
    "/api/v1/inspections/<insp_id>",
    "/api/v1/reports/<report_id>",
    "/api/v1/reports/<report_id>/documents/<kind>.pdf",
    "/api/v1/sync/packs/<sha256>",
    "/api/v1/sync/blobs/<sha256>",
    "/api/v1/evidence/<sha256>/view",
    "/api/v1/evidence/<sha256>/thumb",
    "/api/v1/evidence/<sha256>/original",
)


def callers(agency: str, roles: frozenset[str], argument: str) -> Iterator[Client]:
    """Everybody of the agency who may come in by role, owners first; signed in when it is their turn."""
    if argument in OWNERS:
        yield OWNERS[argument](agency)
    for person in accounts.people(agency):
        if roles & set(person.roles):
            yield a_client(person)
