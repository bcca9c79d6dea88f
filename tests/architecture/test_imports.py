"""Who may import whom: the contracts of pyproject.toml, and the doors of a capability."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT, imports, short, tracked, under

PRIVATE = re.compile(r"server\.(?P<owner>[a-z]+)\.(?P<part>tables|api|schemas)\b")
# The composition root wires blueprints and the migration environment reads every table.
MAY_ENTER = {"app", "migrations"}


def test_the_import_contracts_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([str(linter), "--no-cache"], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_another_capability_is_entered_through_operations_or_domain():
    wrong = []
    for path in under(tracked(".py"), "server"):
        mine = path.relative_to(ROOT / "server").parts[0]
        for line, name in imports(path):
            found = PRIVATE.match(name)
            if found and found["owner"] not in (mine, "platform") and mine not in MAY_ENTER:
                wrong.append(f"{short(path)}:{line} imports {name}")
    assert wrong == []


def test_every_capability_with_layers_stands_in_the_contract():
    """A new capability is not outside the contracts because somebody forgot to list it."""
    listed = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    inside = {path.parent.name for name in ("operations.py", "domain.py", "tables.py", "api.py")
              for path in (ROOT / "server").glob(f"*/{name}")}
    missing = [name for name in sorted(inside - {"app", "platform", "kernel"}) if f'"server.{name}"' not in listed]
    assert missing == []
