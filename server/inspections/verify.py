"""Reading one wire event, and judging a device's events against its chain. Pure: rows and keys are passed in.

Codes are those of the record log, section 2.11. An event is *refused* when it is not what its device signed;
everything a device did sign is kept, and what is suspicious about it is said by a code or a flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.kernel import b64url, canonical, chain

# Verified one by one although the chain would do: these are the signatures people will ask about.
SIGNED_ACTS = frozenset({"attest", "attest.in", "sign.party", "seal", "notice.give"})

_FIELDS = frozenset(
    {"v", "t", "dev", "n", "prev", "insp", "i", "wall", "mono", "boot", "off", "offage", "by", "body", "blen"}
)
_COUNTERS = ("n", "i", "blen", "mono", "wall")
_TEXTS = {"t": 40, "insp": 64, "by": 64, "dev": 22, "prev": 43, "body": 43, "boot": 8}
_BYTES = {"dev": 16, "prev": 32, "body": 32, "boot": 6}


class Refused(ValueError):
    """The event is not stored. ``code`` for machines, ``detail`` for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Event:
    """A well-formed event. ``h`` is its identity (43 characters); bytes are as received."""

    h: str
    header: dict[str, Any]
    body: dict[str, Any]
    header_bytes: bytes
    body_bytes: bytes
    sig: bytes

    @property
    def dev(self) -> str:
        return str(self.header["dev"])

    @property
    def n(self) -> int:
        return int(self.header["n"])

    @property
    def prev(self) -> str:
        return str(self.header["prev"])

    @property
    def insp(self) -> str:
        return str(self.header["insp"])

    @property
    def t(self) -> str:
        return str(self.header["t"])

    @property
    def claimed(self) -> int:
        """The claimed moment, ms: the phone's clock put right by what it last measured."""
        return int(self.header["wall"]) + int(self.header["off"])


def hash_of(wire: Mapping[str, str]) -> str:
    """H of whatever header text was sent, so that even a refusal has a name."""
    return b64url.encode(chain.event_hash(wire["h"].encode("utf-8", "surrogatepass")))


def read(wire: Mapping[str, str]) -> Event:
    """Parse and check one event by itself. Raises Refused (E_TOO_LARGE, E_CANON, E_HEADER, E_BODY, E_SIG)."""
    try:
        header_bytes, body_text = wire["h"].encode(), wire.get("b")
    except UnicodeEncodeError:
        raise Refused("E_CANON", "事件头含有无效字符") from None
    if len(header_bytes) > canonical.HEADER_LIMIT:
        raise Refused("E_TOO_LARGE", "事件头超过 4096 字节")
    header = _object(header_bytes, canonical.HEADER_LIMIT, "事件头")
    _check_header(header)
    if body_text is None:
        raise Refused("E_BODY", "缺少事件内容")
    try:
        body_bytes = body_text.encode()
    except UnicodeEncodeError:
        raise Refused("E_CANON", "事件内容含有无效字符") from None
    if len(body_bytes) > canonical.LIMIT:
        raise Refused("E_TOO_LARGE", "事件内容超过 65536 字节")
    body = _object(body_bytes, canonical.LIMIT, "事件内容")
    if header["blen"] != len(body_bytes) or header["body"] != b64url.encode(chain.body_hash(body_bytes)):
        raise Refused("E_BODY", "事件内容与签名的摘要不一致")
    try:
        sig = b64url.decode(wire["s"], 64)
    except ValueError:
        raise Refused("E_SIG", "签名格式不正确") from None
    return Event(b64url.encode(chain.event_hash(header_bytes)), header, body, header_bytes, body_bytes, sig)


def _object(data: bytes, limit: int, what: str) -> dict[str, Any]:
    try:
        value = canonical.decode(data, limit)
    except ValueError as wrong:
        raise Refused("E_CANON", f"{what}不是规范的 JSON") from wrong
    if not isinstance(value, dict):
        raise Refused("E_CANON", f"{what}应为对象")
    return value


def _check_header(header: dict[str, Any]) -> None:
    """Exactly the fields of version 1 (record-log 2.2); a further field would be a new version."""
    if header.keys() - {"seen"} != _FIELDS or header["v"] != 1:
        raise Refused("E_HEADER", "事件头的字段或版本不正确")
    for name in _COUNTERS:
        if type(header[name]) is not int or header[name] < 0:
            raise Refused("E_HEADER", f"事件头字段 {name} 不正确")
    if type(header["off"]) is not int or type(header["offage"]) is not int or header["offage"] < -1:
        raise Refused("E_HEADER", "事件头字段 off、offage 不正确")
    for name, most in _TEXTS.items():
        # NUL is sound JSON, and text that PostgreSQL cannot store: one such event would stop its whole batch.
        if not isinstance(header[name], str) or len(header[name]) > most or "\0" in header[name]:
            raise Refused("E_HEADER", f"事件头字段 {name} 不正确")
    if not header["t"] or not header["by"]:
        raise Refused("E_HEADER", "事件头字段 t、by 不能为空")
    try:
        for name, length in _BYTES.items():
            b64url.decode(header[name], length)
        if "seen" in header:
            size, root = header["seen"]
            if type(size) is not int or size < 1:
                raise Refused("E_HEADER", "事件头字段 seen 不正确")
            b64url.decode(root, 32)
    except (ValueError, TypeError) as wrong:
        if isinstance(wrong, Refused):
            raise
        raise Refused("E_HEADER", "事件头字段的编码不正确") from wrong


# --- the chain of one device ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that is already there: ``place`` empty when it stands in the chain."""

    h: str
    n: int
    place: str
    status: str


@dataclass(frozen=True, slots=True)
class Place:
    """What the chain says about one event: run (it is next), known, held, fork, or refused for its signature."""

    event: Event
    verdict: str
    code: str = ""
    detail: str = ""


@dataclass(slots=True)
class ChainView:
    """The known end of a device's chain: the head (next counter, its hash) and rows near the new events."""

    next_n: int
    head: str
    rows: dict[str, Kept] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Kept], start: str = chain.GENESIS_PREV) -> ChainView:
        """``start`` is what the first event follows: nothing, or the event in which an older key named this one."""
        kept = {row.h: row for row in rows}
        in_chain = [row for row in kept.values() if not row.place]
        last = max(in_chain, key=lambda row: row.n, default=None)
        return cls(last.n + 1, last.h, kept) if last else cls(0, start, kept)


Verify = Callable[[Event], bool]


def place_all(view: ChainView, events: Iterable[Event], holds: Verify) -> list[Place]:
    """Judge new events of one device against its chain, in chain order.

    A contiguous run is authenticated by its last signature plus the hash chain, and each signed act by its own.
    When that fails every signature is tried, the false event is refused, and what followed it is held until the
    true one arrives. Each signature is tried at most once.
    """
    tried: dict[str, bool] = {}

    def genuine(event: Event) -> bool:
        if event.h not in tried:
            tried[event.h] = holds(event)
        return tried[event.h]

    pool = sorted({event.h: event for event in events}.values(), key=lambda event: (event.n, event.h))
    refused: list[Place] = []
    while True:
        placed = _walk(view, pool)
        false = _first_false(placed, genuine)
        if false is None:
            return refused + placed
        refused.append(Place(false, "refused", "E_SIG", "签名与登记的设备密钥不符"))
        pool = [event for event in pool if event.h != false.h]


def _walk(view: ChainView, pool: list[Event]) -> list[Place]:
    next_n, head = view.next_n, view.head
    placed = []
    for event in pool:
        row = view.rows.get(event.h)
        if row is not None and row.status != "held":
            placed.append(Place(event, "known"))
        elif event.n < next_n:
            placed.append(Place(event, "fork", "E_FORK", "同一设备的同一序号已有另一条记录，两条都已保留"))
        elif event.n > next_n:
            placed.append(Place(event, "held", "E_GAP", f"缺少序号 {next_n} 的记录，已暂存"))
        elif event.prev != head:
            placed.append(Place(event, "fork", "E_FORK", "与已保存的前一条记录不衔接，两条都已保留"))
        else:
            placed.append(Place(event, "run"))
            next_n, head = event.n + 1, event.h
    return placed


def _first_false(placed: list[Place], genuine: Verify) -> Event | None:
    """The first event whose signature is false, as far as it has to be looked at."""
    run = [place.event for place in placed if place.verdict == "run"]
    apart = [place.event for place in placed if place.verdict in ("held", "fork")]
    acts = [event for event in run if event.t in SIGNED_ACTS]
    if all(genuine(event) for event in [*run[-1:], *acts, *apart]):
        return None
    return next(event for event in [*run, *apart] if not genuine(event))
