"""Phones for tests of the fold: they write real headers and chains, without keys or a store.

A chain's events have true H (canonical header, PAE) and true ``prev``, so the vectors can be
checked by any implementation of record-log 2.2. Salts are fixed: a vector must not change by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.inspections import attest
from server.inspections.fold import fold
from server.inspections.record_text import record_text
from server.kernel import b64url, canonical, chain

MINUTE = 60_000
START = 1793667600_000  # 2026-11-03 09:00 in China
SALT = "AAECAwQFBgcICQoL"


def sha(name: str) -> str:
    """A hex SHA-256 that belongs to ``name``."""
    return chain.text_hash(name).hex()


def digest(name: str) -> str:
    """A b64url SHA-256 that belongs to ``name``."""
    return b64url.encode(chain.text_hash(name))


class Phone:
    """One enrolment with its own chain; ``wall`` is set per event in minutes after START."""

    def __init__(self, user: str, insp: str, off: int = 0) -> None:
        self.user, self.insp, self.off = user, insp, off
        self.dev = chain.device_id(f"{user}/{insp}".encode())
        self.n, self.prev = 0, chain.GENESIS_PREV
        self.events: list[dict[str, Any]] = []

    def write(self, t: str, minute: float, /, insp: str | None = None, **body: Any) -> str:
        """Append an event and return its H."""
        salted = canonical.encode({**body, "salt": SALT})
        wall = START + int(minute * MINUTE)
        header = {
            "v": 1, "t": t, "dev": self.dev, "n": self.n, "prev": self.prev,
            "insp": self.insp if insp is None else insp, "i": self.n, "wall": wall - self.off,
            "mono": int(minute * MINUTE), "boot": "AAAAAAAA", "off": self.off, "offage": 1000,
            "by": self.user, "body": b64url.encode(chain.body_hash(salted)), "blen": len(salted),
        }  # fmt: skip
        h = b64url.encode(chain.event_hash(canonical.encode(header)))
        self.n, self.prev = self.n + 1, h
        self.events.append({"h": h, "header": header, "body": {**body, "salt": SALT}})
        return h


class Scene:
    """One inspection: a pack, its phones and everything they wrote."""

    def __init__(self, pack: dict[str, Any]) -> None:
        self.pack = pack
        self.phones: list[Phone] = []

    def phone(self, index: int = 0, off: int = 0) -> Phone:
        """A phone of team member ``index``."""
        made = Phone(self.pack["team"][index]["user"], self.pack["insp"], off)
        self.phones.append(made)
        return made

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything written so far, phone by phone."""
        return [event for phone in self.phones for event in phone.events]

    def visit(self) -> dict[str, Any]:
        return fold(self.events, self.pack)

    def text(self) -> str:
        return record_text(self.visit(), self.pack)

    def d(self) -> str:
        return attest.digest(self.visit(), self.text())

    # What people do, in the words of the procedure.

    def opens(self, phone: Phone, minute: float = 0, *, brief: bool = False) -> str:
        """``brief``: as phones do now, which leave to the pack what it says; else as older ones did."""
        pack = self.pack
        return phone.write(
            "insp.open", minute, pack=sha(pack["number"]), pin=pack["pin"], mode=pack["mode"],
            assignments=[] if brief else [a["id"] for a in pack["assignments"]],
            checklists=[] if brief else [{"id": c["id"], "hash": c["hash"]} for c in pack["checklists"]],
        )  # fmt: skip

    def arrives(self, phone: Phone, minute: float = 1) -> None:
        """Open, declare no conflict, arrive, show certificates, serve the notice, tell everything."""
        self.opens(phone, minute - 1)
        for member in self.pack["team"]:
            phone.write("recusal.declare", minute, inspector=member["user"], conflict=False)
        phone.write("rec.mark", minute, mark="arrival")
        if self.pack["profile"].get("onsite.recorder") == "required":
            phone.write(
                "rec.start", minute, session="s1", device_no="ZF-07", kind="body_worn",
                wearer=self.pack["team"][0]["name"], clock_checked=True,
            )  # fmt: skip
        self.shows(phone, minute + 1)
        if self.pack["profile"].get("onsite.notice"):
            phone.write(
                "notice.give", minute + 2, number="演检通字〔2026〕第42号", doc=sha("notice"),
                mode="received", receiver="钱某某", role="安全管理人",
            )  # fmt: skip
        for key in self.pack["profile"].get("onsite.told", []):
            phone.write("told.tick", minute + 3, key=key, spoken=True)
        if self.pack["profile"].get("onsite.integrity_statement"):
            phone.write("told.tick", minute + 3, key="integrity", spoken=True)

    def shows(self, phone: Phone, minute: float, count: int = 9) -> str:
        keys = ("user", "name", "certificate_no")
        people = [{key: member[key] for key in keys} for member in self.pack["team"][:count]]
        return phone.write("id.show", minute, inspectors=people, party_name="钱某某")

    def answers(self, phone: Phone, minute: float, key: str, val: str, **more: Any) -> str:
        checklist, sheet, item = key.split("/")
        return phone.write(
            "check.answer", minute, checklist=checklist, item=item, sheet=int(sheet), val=val, **more
        )

    def photographs(self, phone: Phone, minute: float, name: str, **more: Any) -> str:
        t = more.pop("t", "photo.add")
        body = {"src": "inapp", "purpose": "item" if "item" in more else "general", **more}
        size = {"size": 2_400_000, "mime": "image/jpeg", "width": 4000, "height": 3000}
        return phone.write(t, minute, sha256=sha(name), **size, **body)

    def attests(self, phone: Phone, minute: float, level: str = "A3") -> str:
        return phone.write("attest", minute, **attest.attestation(self.visit(), self.text(), level))

    def signs(self, phone: Phone, minute: float) -> str:
        return phone.write(
            "sign.party", minute, mode="signed", name="钱某某", role="安全管理人", ink=sha("ink"),
            strokes=sha("strokes"), text=attest.text_hash(record_text(self.visit(), self.pack, with_annex=False)),
        )  # fmt: skip

    def seals(self, phone: Phone, minute: float, **more: Any) -> str:
        visit, text = self.visit(), self.text()
        outcome = visit["outcome"]["kind"] if visit["outcome"] else "completed"
        own = [b64url.decode(event["h"]) for event in phone.events]
        return phone.write(
            "seal", minute, d=attest.digest(visit, text), text=attest.text_hash(text), count=len(own),
            root=b64url.encode(chain.chain_root(own)), chains=visit["chains"], outcome=outcome,
            party=visit["party"] is not None, ended=START + int(minute * MINUTE), **more,
        )  # fmt: skip

    def closes(self, first: Phone, second: Phone, minute: float) -> str:
        """Both attest, the party signs, the recorder stops, the first phone seals."""
        self.attests(first, minute)
        self.attests(second, minute + 1)
        if self.visit()["outcome"] is None or self.visit()["outcome"]["kind"] == "completed":
            self.signs(first, minute + 2)
        if self.pack["profile"].get("onsite.recorder") == "required":
            first.write("rec.stop", minute + 3, session="s1", storage="采集站 2 号")
        return self.seals(first, minute + 4)


def as_inner(events: Iterable[dict[str, Any]], h: str) -> dict[str, str]:
    """The fields of an ``attest.in`` that carries the event ``h``."""
    event = next(event for event in events if event["h"] == h)
    return {
        "h": canonical.encode(event["header"]).decode(),
        "s": "A" * 86,
        "b": canonical.encode(event["body"]).decode(),
    }
