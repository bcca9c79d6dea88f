"""``python -m server.rules.cli check | diff [A] [B]`` for clerks: no database, no server, plain sentences.

``diff`` compares two folders or two Git revisions of ``checklists/``; without arguments the last
committed version with what lies on the disk."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from server.rules.library import examine
from server.rules.source import Folder
from server.rules.words import library_diff

HERE = Path(__file__).resolve().parents[2] / "checklists"


def check(root: Path) -> int:
    """Print the faults and answer 1, or what was checked and answer 0."""
    found = examine(root)
    if found.faults:
        print(f"发现{len(found.faults)}处问题：")
        for fault in found.faults:
            print(f"  {fault}")
        return 1
    agencies = [found.library.agency(name) for name in found.library.agency_ids()]
    for rules in agencies:
        items = sum(len(s["items"]) for c in rules.checklists.values() for s in c["sections"])
        counts = f"事项{len(rules.items)}个，检查表{len(rules.checklists)}张，检查项{items}个"
        print(f"  {rules.agency['name']}：规则{len(rules.profile)}条，{counts}")
    print(f"检查通过：机关{len(agencies)}个，法律依据{len(found.library.laws)}条")
    return 0


def diff(old: str, new: str) -> int:
    """Print what changed between two versions, in words."""
    with version(old) as before, version(new) as after:
        labels = {key: rule.label for key, rule in Folder(after).profile_keys().items()}
        lines = library_diff(examine(before).library, examine(after).library, labels)
    print("\n".join(lines) if lines else "没有改动")
    return 0


@contextmanager
def version(name: str) -> Iterator[Path]:
    """A folder as it is, or ``checklists/`` of a Git revision unpacked into a temporary folder."""
    if Path(name).is_dir():
        yield Path(name).resolve()
        return
    done = subprocess.run(["git", "archive", name, "checklists"], cwd=HERE.parent, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"“{name}”既不是文件夹，也不是 Git 里的版本")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            # Debian 12's Python has no filters yet; the archive is git's own.
            archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        yield Path(folder) / "checklists"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="checklists", description="检查表数据的检查和比较")
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="检查全部文件")
    checking.add_argument("root", nargs="?", default=str(HERE), help="checklists 文件夹")
    comparing = commands.add_parser("diff", help="用文字说明两个版本的差别")
    comparing.add_argument("old", nargs="?", default="HEAD", help="旧版本：文件夹或 Git 版本")
    comparing.add_argument("new", nargs="?", default=str(HERE), help="新版本：文件夹或 Git 版本")
    chosen = parser.parse_args(argv)
    if chosen.command == "check":
        return check(Path(chosen.root).resolve())
    return diff(chosen.old, chosen.new)


if __name__ == "__main__":
    sys.exit(main())
