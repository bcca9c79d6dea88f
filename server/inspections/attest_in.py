"""The attestation that came by QR code (``attest.in``, A2): whether it may count, and for whom.

It is checked as if it had come by itself: the second inspector's own signature, an enrolment of the agency, or of a lent member, that is
theirs and not revoked, a member of the team, this inspection, and a place in their chain that no other event holds.
That two people's codes came from one installation is no refusal but a level (A1), said by ``attest.seen_levels``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from server.inspections import verify
from server.inspections.intake_chain import Enrolled
from server.inspections.tables import EventRow
from server.inspections.verify import Event, Refused
from server.kernel import chain
from server.platform import signatures
from server.platform.db import session

Place = tuple[str, int]
"""(dev, n) in a device's chain."""


def inner(carrier: Event) -> Event | None:
    """The attestation inside an ``attest.in``; None when there is none that could be read."""
    wire = {name: carrier.body.get(name) for name in ("h", "s", "b")}
    if not all(isinstance(value, str) for value in wire.values()):
        return None
    try:
        found = verify.read({name: str(value) for name, value in wire.items()})
    except Refused:
        return None
    return found if found.t == "attest" else None


def problem(carrier: Event, carried: Event | None, device: Enrolled | None, team: Sequence[Mapping[str, object]],
            agency_id: str) -> tuple[str, str]:  # fmt: skip
    """(code, sentence) why it must not become part of the record; ("", "") when it may. ``device`` is the enrolment
    that the carried header names."""
    if carried is None:
        return "E_SIG", "扫码带入的核验已损坏，无法读取"
    drawn = {member["user"] for member in team}
    # Who is lent by another agency signs with a phone that is enrolled there (WG-5b).
    if device is None or (device.agency != agency_id and device.user not in drawn):
        return "E_DEV_UNKNOWN", "扫码带入的核验来自没有登记的手机"
    if not signatures.holds(device.key, carried.sig, chain.pae(carried.header_bytes)):
        return "E_SIG", "扫码带入的核验签名不正确"
    if device.user != carried.header["by"]:
        return "E_USER_DEV", "扫码带入的核验所称的人不是该手机的登记人"
    if carried.insp != carrier.insp:
        return "E_ATTEST_OTHER", "扫码带入的核验属于另一次检查"
    if device.user == carrier.header["by"]:
        return "E_SAME_PERSON", "扫码带入的核验与记录人是同一个人，不算第二人"
    if device.user not in drawn:
        return "E_NOT_TEAM", "扫码带入的核验不是本次检查人员的"
    if device.revoked:
        return "E_ATTEST_REVOKED", "扫码带入的核验来自已停用的手机"
    return "", ""


def usurped(places: Mapping[Place, str]) -> set[Place]:
    """Of these places in chains, those where another event than the given H is stored: somebody forked a chain."""
    if not places:
        return set()
    table = EventRow.__table__
    query = select(table.c.dev, table.c.n, table.c.h).where(
        table.c.dev.in_({dev for dev, _ in places}), table.c.n.in_({n for _, n in places}), table.c.place == ""
    )
    return {
        (row.dev, row.n) for row in session().execute(query) if places.get((row.dev, row.n), row.h) != row.h
    }
