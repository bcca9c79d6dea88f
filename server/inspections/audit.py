"""The audit run: every stored byte against every signature and every receipt ever given (record-log 2.11, 24 and 25).

Intake authenticates a contiguous run by its last signature and the hash chain. This reads what is stored and
checks each signature by itself, each body against its header, each chain for gaps, and each leaf of the log for
the event it promised. It only reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from server.accounts import operations as accounts
from server.audit import public_log
from server.inspections.tables import EventRow
from server.kernel import b64url, canonical, chain, merkle
from server.platform import signatures
from server.platform.db import session

EVENTS = EventRow.__table__


@dataclass(frozen=True, slots=True)
class Fault:
    """``code``: A_STORED_EVENT, A_EVENT_DELETED, A_CHAIN, A_LOG; ``where`` names the row."""

    code: str
    where: str


@dataclass(frozen=True, slots=True)
class Audited:
    """What was looked at, and what was wrong."""

    events: int
    leaves: int
    faults: tuple[Fault, ...]


def audit() -> Audited:
    """Check everything. Cost: about a quarter of a millisecond per event."""
    faults: list[Fault] = []
    chains: dict[str, list[str]] = {}
    events = 0
    for fault in _events(chains):
        events += 1
        if fault is not None:
            faults.append(fault)
    leaves = 0
    for fault in _log(chains):
        leaves += 1
        if fault is not None:
            faults.append(fault)
    return Audited(events, leaves, tuple(faults))


def _events(chains: dict[str, list[str]]) -> Iterator[Fault | None]:
    """One verdict per stored event; fills ``chains`` with dev → H in order."""
    query = select(EVENTS).order_by(EVENTS.c.dev, EVENTS.c.place, EVENTS.c.n).execution_options(yield_per=500)
    keys: dict[str, ec.EllipticCurvePublicKey | None] = {}
    starts: dict[str, str] = {}
    for row in session().execute(query):
        where = f"{row.dev}/{row.n}"
        if row.dev not in keys:
            device = accounts.device(row.dev)
            keys[row.dev] = None if device is None else signatures.public_key(device.spki)
            starts[row.dev] = (device.rotated_by if device is not None else "") or chain.GENESIS_PREV
        header = bytes(row.header)
        key = keys[row.dev]
        same = row.h == b64url.encode(chain.event_hash(header)) and _columns_agree(row._mapping, header)
        if row.body is not None:
            same = same and canonical.decode(header)["body"] == b64url.encode(chain.body_hash(bytes(row.body)))
        good = key is not None and same and signatures.holds(key, bytes(row.sig), chain.pae(header))
        fits = True
        if not row.place:
            known = chains.setdefault(row.dev, [])
            fits = row.n == len(known) and row.prev == (known[-1] if known else starts[row.dev])
            known.append(row.h)
        yield None if good and fits else Fault("A_CHAIN" if good else "A_STORED_EVENT", where)


def _columns_agree(row: Mapping[str, object], header: bytes) -> bool:
    """The columns we search by must say what the signed header says."""
    told = canonical.decode(header)
    return all(told[name] == row[name] for name in ("dev", "n", "prev", "insp", "t"))


def _log(chains: dict[str, list[str]]) -> Iterator[Fault | None]:
    """One verdict per leaf: it follows from its entry, leads to its root, and its event is still there."""
    leaves: list[bytes] = []
    last = b""
    for row, path in public_log.walk():
        leaf = merkle.leaf_hash(chain.log_leaf(row.salt, row.entry))
        leaves.append(leaf)
        last = row.root
        whole = row.index == len(leaves) - 1 and leaf == row.leaf
        if not whole or not merkle.verify_inclusion(leaf, row.index, row.index + 1, path, row.root):
            yield Fault("A_LOG", f"log {row.index}")
            continue
        entry = canonical.decode(row.entry)
        if entry["k"] != public_log.HEAD:
            yield None
            continue
        known = chains.get(entry["dev"], [])
        there = entry["n"] < len(known) and known[entry["n"]] == entry["h"]
        yield None if there else Fault("A_EVENT_DELETED", f"{entry['dev']}/{entry['n']}")
    if leaves and merkle.root(leaves) != last:
        yield Fault("A_LOG", "root")
