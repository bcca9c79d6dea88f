"""From the folder to the library: read, check, resolve. One faulty agency never stops the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path as FilePath
from typing import Any

from server.rules import checks, demo_checks, resolve
from server.rules.domain import AgencyRules, Document, Fault, Layer, Library, RulesFaulty
from server.rules.schema_words import schema_faults, validator
from server.rules.source import Folder, fingerprint


@dataclass(frozen=True)
class Examined:
    """The usable part of the folder, every fault, and which agencies cannot be used because of them."""

    library: Library
    faults: tuple[Fault, ...]
    unusable: dict[str, tuple[Fault, ...]]


def examine(root: FilePath) -> Examined:
    """Read and check everything below ``root``."""
    folder = Folder(root)
    run = _Run(folder)
    agencies: dict[str, dict[date, AgencyRules]] = {}
    unusable: dict[str, tuple[Fault, ...]] = {}
    for name, layer in folder.agencies.items():
        rules, faults = run.agency(layer)
        if faults:
            unusable[name] = tuple(sorted(set(faults)))
        else:
            agencies[name] = rules
    library = Library(fingerprint(root), agencies, run.facts, run.laws, folder.calendar)
    everything = set(run.common).union(*run.by_layer.values(), *unusable.values())
    for name, doc in folder.people.items():
        faults = run.schema("demo", doc)
        everything.update(faults or demo_checks.demo_faults(root / name / "demo", doc, agencies.get(name)))
    return Examined(library, tuple(sorted(everything)), unusable)


def load_library(root: FilePath) -> Library:
    """The library, or RulesFaulty carrying every fault as a sentence."""
    found = examine(root)
    if found.faults:
        raise RulesFaulty(
            f"检查表数据有{len(found.faults)}处错误：{found.faults[0]}", faults=[str(fault) for fault in found.faults]
        )
    return found.library


class _Run:
    """One examination: schemas compiled once, each layer checked once."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.keys = folder.profile_keys()
        self.labels = {key: rule.label for key, rule in self.keys.items()}
        self.validators: dict[str, Any] = {kind: validator(schema) for kind, schema in folder.schemas.items()}
        self.common: list[Fault] = []
        self.laws: dict[str, Any] = {}
        self.facts: dict[str, str] = {}
        if not (found := self.schema("laws", folder.laws)):
            self.laws = {law["id"]: law for law in folder.laws.data["laws"]}
            found = list(checks.law_faults(folder.laws))
        self.common += found
        if not (found := self.schema("facts", folder.facts)):
            self.facts = {fact["fact"]: fact["label"] for fact in folder.facts.data["facts"]}
        self.common += found
        if resolve.BASE not in folder.layers:
            self.common.append(Fault(f"layers/{resolve.BASE}/profile.yaml", 1, "没有全国层"))
        self.by_layer = {name: self.layer(layer) for name, layer in folder.layers.items()}

    def schema(self, kind: str, doc: Document) -> list[Fault]:
        unread = [fault for fault in self.folder.faults if fault.file == doc.file]
        if doc.data is None and unread:
            return unread
        return unread + schema_faults(doc, self.validators[kind], self.labels)

    def layer(self, layer: Layer) -> list[Fault]:
        """Faults of one folder by itself. Content is looked at only when the forms are right."""
        faults = [fault for kind, doc in layer.documents() for fault in self.schema(kind, doc)]
        if faults:
            return faults
        every: Iterable[Iterable[Fault]] = (
            checks.profile_faults(layer),
            checks.bank_faults(layer, self.laws, self.facts),
            checks.text_faults(layer),
            checks.listing_faults(layer, None, self.laws) if layer.name in self.folder.layers else (),
        )
        return [fault for some in every for fault in some]

    def agency(self, layer: Layer) -> tuple[dict[date, AgencyRules], list[Fault]]:
        faults = [*self.common, *self.layer(layer)]
        if layer.profile is not None and not faults and "agency" not in layer.profile.data:
            faults.append(layer.profile.fault((), "机关的 profile.yaml 缺少 agency 一栏"))
        if faults or layer.profile is None:
            return {}, faults
        for name in layer.profile.data.get("inherits", []):
            faults += self.by_layer.get(name, [])
        if faults:
            return {}, faults
        resolution = resolve.resolve_agency(layer, self.folder.layers, self.keys)
        newest = resolution.rules[max(resolution.rules)] if resolution.rules else None
        return resolution.rules, [*resolution.faults, *checks.listing_faults(layer, newest, self.laws)]
