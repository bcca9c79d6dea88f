"""The five agencies with invented people, units and assignments: ``python -m server.app.demo``.

Running it again changes nothing that is there: passwords people have changed, work they have done.
``--logins`` prints who can sign in."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from server.accounts import operations as accounts
from server.accounts import passwords
from server.app import create_app
from server.plans import operations as plans
from server.platform import jobs, state
from server.platform.settings import Settings
from server.registry import operations as registry
from server.rules import operations as rules

PASSWORD = "Suijian-2026"
PIN = "135790"
LOADED = "demo"

ROLE_WORDS = {
    "inspector": "执法检查人员", "reviewer": "大队/股室负责人", "plan_officer": "计划承办人",
    "superior": "上级机关", "auditor": "审计", "administrator": "系统管理员",
}


@dataclass(frozen=True)
class DemoAgency:
    """One folder of ``checklists/`` that has a ``demo`` in it."""

    agency: dict[str, Any]
    people: list[dict[str, Any]]
    folder: Path


def demo_agencies(checklists: Path) -> Iterator[DemoAgency]:
    """The agencies with demo people, in the order of their folders."""
    for people in sorted(checklists.glob("*/demo/people.yaml")):
        profile, listed = _yaml(people.parents[1] / "profile.yaml"), _yaml(people)
        yield DemoAgency(profile["agency"], listed["people"], people.parent)


def _yaml(path: Path) -> Any:
    # libyaml where PyYAML has it: its parser in Python takes a second for the five agencies.
    return yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def load_demo() -> bool:
    """Load what is missing, inside an application context; answers whether anything was looked at."""
    found = list(demo_agencies(rules.root()))
    mark = _fingerprint(found)
    if state.get(LOADED) == mark:
        return False
    rules.publish_versions()
    # Everybody knows this password, so a salt for each of 72 people would protect nothing and cost a fifth of a second each.
    password_hash = passwords.hash_password(PASSWORD)
    for demo in found:
        _load_agency(demo, password_hash)
    jobs.drain()
    state.put(LOADED, mark)
    return True


def _load_agency(demo: DemoAgency, password_hash: str) -> None:
    agency_id = demo.agency["id"]
    for person in demo.people:
        if "agency" in person and person["agency"] != agency_id:
            accounts.add_agency(person["agency"], person["agency_name"], kind=demo.agency["kind"])
    superiors = {person["agency"] for person in demo.people if "agency" in person} - {agency_id}
    accounts.add_agency(
        agency_id, demo.agency["name"], short=demo.agency["short"], kind=demo.agency["kind"],
        level=demo.agency.get("level", ""), district_code=demo.agency.get("district_code", ""),
        phone=demo.agency.get("phone", ""), parent_id=min(superiors, default=None),
    )
    for person in demo.people:
        _load_person(agency_id, person, password_hash)
    registry.load_demo(agency_id, demo.folder)
    plans.load_demo(agency_id, demo.folder)


def _load_person(agency_id: str, person: dict[str, Any], password_hash: str) -> None:
    at = person.get("agency", agency_id)
    known = accounts.person_by_login(person["login"]) or accounts.add_hashed_person(
        None, at, person["login"], person["name"], person["roles"], password_hash
    )
    inspector = dict(person.get("inspector") or {})
    if inspector:
        number, valid_to = inspector.pop("certificate_no"), inspector.pop("valid_to")
        until = valid_to if isinstance(valid_to, date) else date.fromisoformat(valid_to)
        inspector |= {"section": person["section"]} if "section" in person else {}
        registry.register_inspector(None, at, known.id, known.name, number, until, inspector)


def _fingerprint(found: list[DemoAgency]) -> str:
    digest = hashlib.sha256()
    for demo in found:
        for path in sorted((*demo.folder.iterdir(), demo.folder.parent / "profile.yaml")):
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def logins(checklists: Path) -> str:
    """A table of all demo logins, by agency."""
    lines = [f"演示账号（密码均为 {PASSWORD}，手机 PIN 可用 {PIN}；人员和单位均为虚构）"]
    for demo in demo_agencies(checklists):
        lines.append(f"\n{demo.agency['name']}（{demo.agency['id']}）")
        for person in demo.people:
            words = "、".join(ROLE_WORDS[role] for role in person["roles"])
            lines.append(f"  {person['login']:<24}{words}　{person['name']}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    settings = Settings.from_env()
    if arguments == ["--logins"]:
        print(logins(settings.checklists))
        return 0
    # Jobs are run here and now, so that everything is prepared before the first phone asks.
    app = create_app(replace(settings, jobs="held"))
    with app.app_context():
        print("演示数据已载入" if load_demo() else "演示数据没有变化")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
