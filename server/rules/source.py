"""Reading ``checklists/`` from disk: YAML with the line of every value, and no surprises of YAML 1.1.

``no``, ``off``, ``1:30`` and dates stay text; only true, false, null and whole numbers are special.
The same key twice and decimal fractions are faults: PyYAML would keep the second key in silence."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

from server.rules.domain import Document, Fault, KeyRule, Layer, Path

# The C parser where there is one, with the implicit types of YAML 1.2 core; its own types are emptied first.
_Loader: Any = type("_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {"yaml_implicit_resolvers": {}})
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?[0-9]+\.[0-9]+$", "-0123456789"),
    ("null", r"^(?:null|~)$", "n~"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


class Reader:
    """Reads documents below one root and collects what could not be read."""

    def __init__(self, root: FilePath) -> None:
        self.root = root
        self.faults: list[Fault] = []

    def yaml(self, path: FilePath) -> Document | None:
        """The document at ``path``, or None when there is no such file."""
        if not path.is_file():
            return None
        name = path.relative_to(self.root).as_posix()
        lines: dict[Path, int] = {}
        try:
            node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        except (yaml.MarkedYAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            self.faults.append(
                Fault(name, mark.line + 1 if mark else 1, "这一行的格式不对，请检查缩进、冒号、引号和括号是否成对")
            )
            return Document(name, None, lines)
        return Document(name, self._value(node, (), name, lines) if node else None, lines)

    def _value(self, node: Node, path: Path, name: str, lines: dict[Path, int]) -> Any:
        line = node.start_mark.line + 1
        lines.setdefault(path, line)
        if isinstance(node, SequenceNode):
            return [self._value(child, (*path, i), name, lines) for i, child in enumerate(node.value)]
        if isinstance(node, MappingNode):
            found: dict[str, Any] = {}
            for key_node, child in node.value:
                key = str(key_node.value)
                lines[(*path, key)] = key_node.start_mark.line + 1
                if key in found:
                    self.faults.append(Fault(name, key_node.start_mark.line + 1, f"“{key}”写了两遍，请删去一处"))
                found[key] = self._value(child, (*path, key), name, lines)
            return found
        kind = node.tag.rsplit(":", 1)[-1]
        if kind == "bool":
            return node.value == "true"
        if kind == "int":
            return int(node.value)
        if kind == "float":
            self.faults.append(Fault(name, line, f"不能写小数“{node.value}”：比例写成千分数，文字请加引号"))
        return None if kind == "null" else str(node.value)

    def layer(self, folder: FilePath) -> Layer:
        """Every rule file of one folder; files that are absent are simply absent."""
        banks = [folder / "bank.yaml", *sorted((folder / "bank").glob("*.yaml"))]
        listings = {
            starts: path for path in sorted(folder.glob("items-*.yaml"))
            if (starts := starts_on(path.stem.removeprefix("items-"))) is not None
        }  # fmt: skip
        return Layer(
            name=folder.name,
            profile=self.yaml(folder / "profile.yaml"),
            banks=tuple(doc for path in banks if (doc := self.yaml(path))),
            overrides=self.yaml(folder / "overrides.yaml"),
            texts=self.yaml(folder / "texts.yaml"),
            items={starts: doc for starts, path in listings.items() if (doc := self.yaml(path))},
            checklists=tuple(
                doc for path in sorted((folder / "checklists").glob("*.yaml")) if (doc := self.yaml(path))
            ),
        )


class Folder:
    """``checklists/`` as it lies on the disk."""

    def __init__(self, root: FilePath) -> None:
        reader = Reader(root)
        self.root = root
        self.facts = reader.yaml(root / "schema" / "facts.yaml") or Document("schema/facts.yaml", None)
        self.laws = reader.yaml(root / "bases" / "laws.yaml") or Document("bases/laws.yaml", None)
        self.layers = {path.name: reader.layer(path) for path in sorted((root / "layers").glob("*")) if path.is_dir()}
        self.agencies = {path.parent.name: reader.layer(path.parent) for path in sorted(root.glob("*/profile.yaml"))}
        self.people = {
            name: doc for name in self.agencies if (doc := reader.yaml(root / name / "demo" / "people.yaml"))
        }
        self.schemas: dict[str, Any] = {
            path.name.removesuffix(".schema.json"): json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((root / "schema").glob("*.schema.json"))
        }
        calendar = root / "calendars" / "cn.json"
        self.calendar: dict[str, Any] = json.loads(calendar.read_text(encoding="utf-8")) if calendar.is_file() else {}
        self.faults = reader.faults

    def profile_keys(self) -> dict[str, KeyRule]:
        """The profile keys, their Chinese names and what counts as stricter, from the schema."""
        properties = self.schemas["profile"]["properties"]["values"]["properties"]
        return {
            key: KeyRule(key, entry["title"], tuple(s) if isinstance(s := entry.get("x-stronger"), list) else s)
            for key, entry in properties.items()
        }


def starts_on(name: str) -> date | None:
    """From when an item list holds, by its file: items-2026.yaml from New Year, items-2026-07-01.yaml from that day."""
    try:
        return date(int(name), 1, 1) if re.fullmatch(r"[0-9]{4}", name) else date.fromisoformat(name)
    except ValueError:
        return None


def fingerprint(root: FilePath) -> str:
    """Changes when any file below ``root`` is added, removed or saved; cheap enough to ask often."""
    digest = hashlib.sha256()
    for path in _files(root):
        stat = path.stat()
        digest.update(f"{path.relative_to(root)}\0{stat.st_mtime_ns}\0{stat.st_size}\n".encode())
    return digest.hexdigest()


def _files(root: FilePath) -> Iterator[FilePath]:
    for pattern in ("*/*.yaml", "*/*/*.yaml", "*/*/*/*.yaml", "*/*.json"):
        yield from sorted(root.glob(pattern))
