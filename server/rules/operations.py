"""The rules as the rest of the server asks for them.

The library is read once and again only when a file changed. Published versions are kept for good, so
that ``pinned`` answers what an old inspection was held against even after the files moved on."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

from flask import current_app, has_app_context
from sqlalchemy import select

from server.kernel.moments import local_date
from server.kernel.workdays import Calendar, load_calendar
from server.platform import clock
from server.platform.db import db, unit_of_work
from server.platform.settings import Settings
from server.rules.domain import AgencyRules, Data, Library, RulesFaulty, UnknownAgency, UnknownVersion
from server.rules.library import Examined, examine
from server.rules.source import fingerprint
from server.rules.tables import RuleVersionRow

LOOK_EVERY_MS = 2_000
"""How long a library is believed before the files are looked at again: a look costs about a millisecond,
and some callers ask once per photo."""

_lock = threading.Lock()
_cache: dict[Path, tuple[int, str, Examined]] = {}


def root() -> Path:
    """Where the checklists of this installation lie."""
    settings = current_app.extensions.get("suijian-settings") if has_app_context() else None
    return (settings or Settings.from_env()).checklists


def examined() -> Examined:
    """The folder as it is now, read again only when a file was added, removed or saved."""
    path, now = root(), clock.now_ms()
    with _lock:
        looked, seen, found = _cache.get(path, (0, "", None))
        if found is not None and abs(now - looked) < LOOK_EVERY_MS:
            return found
        current = fingerprint(path)
        if found is None or seen != current:
            found = examine(path)
        _cache[path] = (now, current, found)
        return found


def library() -> Library:
    """Every agency whose rules hold together."""
    return examined().library


def facts() -> dict[str, str]:
    """{fact: Chinese label} of everything an item's ``applies_when`` may name."""
    return dict(library().facts)


def agency_ids() -> list[str]:
    return library().agency_ids()


def rules_for(agency_id: str, on: date | None = None) -> AgencyRules:
    """The rules of an agency on a day, today by default.

    Raises UnknownAgency, ProfileNotInForce, RulesFaulty (with every fault as a sentence)."""
    found = examined()
    if faults := found.unusable.get(agency_id):
        raise RulesFaulty(
            f"“{agency_id}”的规则有{len(faults)}处错误：{faults[0]}", faults=[str(fault) for fault in faults]
        )
    return found.library.agency(agency_id, on or local_date(clock.now_ms()))


def calendar_for(agency_id: str) -> Calendar:
    """The national working-day table with the agency's own days laid over it."""
    rules = rules_for(agency_id)
    return load_calendar(library().calendar, local=rules.local_days)


@unit_of_work
def publish_versions(agency_id: str | None = None) -> int:
    """Keep every current version of one agency, or of all; answers how many were new."""
    names = [agency_id] if agency_id else agency_ids()
    rows = db.session.execute(select(RuleVersionRow.kind, RuleVersionRow.hash, RuleVersionRow.agency))
    known = {(row.kind, row.hash, row.agency) for row in rows}
    added = 0
    for name in names:
        years = library().agencies.get(name)
        if not years:
            raise UnknownAgency(f"没有机关“{name}”的规则", agency=name)
        for rules in years.values():
            for kind, digest, content in rules.versions():
                if (kind, digest, name) in known:
                    continue
                known.add((kind, digest, name))
                db.session.add(RuleVersionRow(kind=kind, hash=digest, agency=name, json=content, created=clock.now()))
                added += 1
    return added


def pinned(kind: str, digest: str) -> Data:
    """The content of a published version. Raises UnknownVersion when it was never published here."""
    content = db.session.scalar(
        select(RuleVersionRow.json).where(RuleVersionRow.kind == kind, RuleVersionRow.hash == digest).limit(1)
    )
    if content is None:
        for years in library().agencies.values():
            for rules in years.values():
                for own_kind, own_digest, current in rules.versions():
                    if (own_kind, own_digest) == (kind, digest):
                        return current
        raise UnknownVersion(f"没有存下{kind} {digest[:12]}…这个版本", kind=kind, hash=digest)
    return dict(content)
