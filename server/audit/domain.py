"""How a fact is hashed: each names the hash of the one before, so a removed or changed row shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.kernel import b64url
from server.kernel.errors import DomainError

GENESIS = b64url.encode(bytes(32))
TAG = b"suijian/audit/v1\0"


@dataclass(frozen=True)
class ChainedFact:
    """One stored fact as the check needs it."""

    seq: int
    line: str
    hash: str


def line_of(chain: str, seq: int, at_ms: int, user_id: str, verb: str, kind: str, object_id: str,
            facts: Mapping[str, object]) -> str:
    """The text that is hashed: sorted keys, no blanks, so that anybody can make it again.

    Plain JSON and not the narrower SJ-JSON of the record log: facts may hold null and any key."""
    value = {"chain": chain, "seq": seq, "at": at_ms, "user": user_id, "verb": verb, "kind": kind,
             "id": object_id, "facts": dict(facts)}
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(previous: str, line: str) -> str:
    """b64url SHA-256 over tag, previous hash (32 bytes) and the line."""
    return b64url.encode(hashlib.sha256(TAG + b64url.decode(previous) + line.encode()).digest())


def first_fault(facts: Iterable[ChainedFact]) -> int | None:
    """The number of the first fact that does not follow from the one before; None when all do."""
    previous, expected = GENESIS, 1
    for fact in facts:
        if fact.seq != expected or hash_of(previous, fact.line) != fact.hash:
            return expected
        previous, expected = fact.hash, expected + 1
    return None


class LogSizeUnknown(DomainError):
    """日志没有这个长度。"""

    code = "E_LOG_SIZE"


class LogBroken(DomainError):
    """日志不完整，无法给出证明。"""

    code = "E_LOG_BROKEN"


class CheckpointUnknown(DomainError):
    """没有这一天的检查点。"""

    code = "E_CHECKPOINT_UNKNOWN"


class WitnessRefused(DomainError):
    """见证请求不成立。"""

    code = "E_WITNESS"


class WitnessBadRequest(WitnessRefused):
    """见证请求格式不正确。"""

    code = "E_WITNESS_FORMAT"


class WitnessUnknownLog(WitnessRefused):
    """本机关不为这份日志作见证。"""

    code = "E_WITNESS_LOG"


class WitnessUnsigned(WitnessRefused):
    """检查点没有该日志的有效签名。"""

    code = "E_NOTE_SIG"


class WitnessConflict(WitnessRefused):
    """与上次见证的日志不一致。"""

    code = "E_WITNESS_CONFLICT"


class WitnessBadProof(WitnessRefused):
    """一致性证明不成立。"""

    code = "E_PROOF"
