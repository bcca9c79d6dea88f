"""The audit of the log itself: every leaf, every checkpoint ever given out, every chain of facts (record-log 2.9, 2.11).

It only reads. ``Fault.text`` names the row and what was done to it, in words an auditor can put into a letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from server.audit import checkpoints, log_keys, operations, public_log, witnesses
from server.audit.tables import AuditFact, AuditHead
from server.kernel import b64url, canonical, chain, checkpoint, cosignature, merkle
from server.kernel.checkpoint import BadNote, Checkpoint, NoteKey
from server.platform import feed, signatures
from server.platform.db import session


@dataclass(frozen=True, slots=True)
class Fault:
    """``code``: A_STORED_EVENT, A_EVENT_DELETED, A_CHAIN, A_LOG, A_CHECKPOINT, A_SEEN, A_AUDIT, A_BLOB; ``where`` names
    the row, ``text`` says it in Chinese."""

    code: str
    where: str
    text: str = ""


@dataclass(slots=True)
class LogState:
    """What the log was at every size, as its own leaves tell, and whose heads it holds."""

    roots: dict[int, bytes] = field(default_factory=lambda: {0: merkle.EMPTY_ROOT})
    heads: dict[str, list[tuple[int, str, int]]] = field(default_factory=dict)
    """device -> (counter, H, leaf) in the order of the log."""
    leaves: int = 0
    size: int = 0


def leaves(state: LogState) -> Iterator[Fault]:
    """Faults of the leaves; fills ``state``. Every leaf must follow from its salt and entry, stand on the path that the
    leaves before it give, and lead to its root."""
    edge: tuple[bytes, ...] = ()
    for row, path in public_log.walk():
        state.leaves += 1
        where = f"log {row.index}"
        if row.index != state.size:
            for missing in range(state.size, row.index):
                yield Fault("A_LOG", f"log {missing}", f"公开日志第 {missing} 条被删除")
            edge = path
        leaf = merkle.leaf_hash(chain.log_leaf(row.salt, row.entry))
        if leaf != row.leaf:
            yield Fault("A_LOG", where, f"公开日志第 {row.index} 条的内容被改动")
        elif path != edge:
            yield Fault("A_LOG", where, f"公开日志第 {row.index} 条的路径被改动")
        # What was hashed then counts for what follows; an edited entry is one fault and not a thousand.
        edge = public_log.grow(row.index, path, row.leaf)
        root = public_log.fold(edge)
        if root != row.root:
            yield Fault("A_LOG", where, f"公开日志第 {row.index} 条的根被改动")
        state.size = row.index + 1
        state.roots[state.size] = row.root
        if row.kind == public_log.HEAD and leaf == row.leaf:
            entry = canonical.decode(row.entry)
            state.heads.setdefault(entry["dev"], []).append((entry["n"], entry["h"], row.index))


def stored_checkpoints(state: LogState) -> Iterator[Fault]:
    """Faults of the checkpoints that were given out: signature, what they say, and that the log still agrees."""
    keys = log_keys.note_keys()
    there: dict[str, str] = {}
    for made in checkpoints.all_issued():
        there[made.id] = b64url.encode(made.root)
        fault = _checkpoint(made.id, made.note, keys, state)
        if fault is None:
            text = checkpoint.parse_checkpoint(checkpoint.parse_note(made.note).text)
            if (text.size, text.root) != (made.size, made.root):
                fault = Fault("A_CHECKPOINT", f"checkpoint {made.id}", f"检查点 {made.id} 的数字与签名的不一致")
        if fault is not None:
            yield fault
        yield from _cosigned(made)
    # Giving one out is a fact in the server's chain: a deleted row is missing there.
    facts = select(AuditFact.object_id, AuditFact.facts).where(
        AuditFact.chain == operations.SERVER, AuditFact.verb == "log.checkpoint"
    )
    for id, told in session().execute(facts.order_by(AuditFact.seq)):
        if there.get(id) != told.get("root"):
            yield Fault("A_CHECKPOINT", f"checkpoint {id}", f"检查点 {id} 曾经发出，现在被删除或改动")


def outside_checkpoints(notes: Sequence[tuple[str, str]], state: LogState) -> Iterator[Fault]:
    """Checkpoints that somebody kept elsewhere (notice board, witness, phone): (name, note) each."""
    keys = log_keys.note_keys()
    for name, note in notes:
        fault = _checkpoint(name, note, keys, state)
        if fault is not None:
            yield fault


def _checkpoint(name: str, note: str, keys: Sequence[NoteKey], state: LogState) -> Fault | None:
    where = f"checkpoint {name}"
    try:
        head = checkpoint.parse_checkpoint(checkpoint.open_note(note, keys, signatures.ed25519_holds)[0])
    except BadNote:
        return Fault("A_CHECKPOINT", where, f"检查点 {name} 没有本日志的有效签名")
    return _agrees(head, where, f"检查点 {name}", state)


def _agrees(head: Checkpoint, where: str, name: str, state: LogState) -> Fault | None:
    if state.roots.get(head.size) == head.root:
        return None
    if any(head.size > branch.size for branch in checkpoints.branches()):
        return Fault("A_CHECKPOINT", where, f"{name}（{head.size} 条）是恢复备份之前的，恢复后的日志里没有")
    if head.size > state.size:
        return Fault("A_CHECKPOINT", where, f"{name} 有 {head.size} 条，日志现在只有 {state.size} 条：日志被删短")
    return Fault("A_CHECKPOINT", where, f"{name}（{head.size} 条）与日志不一致：日志被改动")


def _cosigned(made: checkpoints.Issued) -> Iterator[Fault]:
    for witness in (one for one in _witness_keys() if "+".join(one.vkey.split("+")[:2]) in made.cosigned):
        try:
            cosignature.check(made.whole_note, witness, signatures.ed25519_holds)
        except BadNote:
            yield Fault("A_CHECKPOINT", f"checkpoint {made.id}", f"检查点 {made.id} 的见证签名 {witness.name} 不成立")


def _witness_keys() -> list[cosignature.WitnessKey]:
    return [cosignature.read_vkey(one.vkey) for one in witnesses.listed()]


def seen_elsewhere(size: int, root: str, where: str, name: str, state: LogState) -> Fault | None:
    """What a phone signed as the log's head it knew: A_SEEN when the log was never that, unless a restore explains it."""
    known = state.roots.get(size)
    if known is not None and b64url.encode(known) == root:
        return None
    if any(size > branch.size for branch in checkpoints.branches()):
        return None
    return Fault("A_SEEN", where, f"{name}记得日志第 {size} 条时的根与现在的不同：日志被改动或删除")


def fact_chains() -> Iterator[tuple[int, Fault | None]]:
    """(length, fault) of every agency's audit chain and the server's."""
    for name in session().scalars(select(AuditHead.chain).order_by(AuditHead.chain)).all():
        found = operations.verify(name)
        fault = None
        if found.fault is not None:
            fault = Fault("A_AUDIT", f"audit {name}/{found.fault}", f"审计链 {name} 在第 {found.fault} 条被改动或删除")
        yield found.length, fault


def restored() -> Iterator[Fault]:
    """Where the log was restored: each raised epoch has its branch, and its branch a public leaf."""
    told = {one.epoch: (one.size, b64url.encode(one.root)) for one in checkpoints.branches()}
    written: dict[int, Any] = {}
    for row in public_log.of_kind("epoch"):
        entry = canonical.decode(row.entry)
        written[entry["epoch"]] = (entry["size"], entry["root"])
    for epoch in sorted(set(told) | set(written)):
        if told.get(epoch) != written.get(epoch):
            yield Fault("A_LOG", f"epoch {epoch}", f"第 {epoch} 次纪元的恢复记录与公开日志不一致")
    if max(told, default=1) != feed.epoch():
        yield Fault("A_LOG", f"epoch {feed.epoch()}", "服务器纪元与恢复记录不一致")
