"""What is installed is fixed by hash, from whatever mirror the user trusts, and nothing names a machine."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.architecture.sources import ROOT, short, text, tracked

PYTHON_LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-node.txt", "requirements-uv.txt"]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)
# Composed, so that this file does not find itself.
MACHINE_PATHS = re.compile("|".join(re.escape(f"/{top}/") for top in ("work", "home", "root", "Users")))
BINARY = {".png", ".ttf", ".woff2", ".jpg", ".jpeg", ".webp", ".xlsx", ".pdf", ".zip", ".otf", ".mjpeg", ".y4m", ".bin"}


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall(text(ROOT / name)))


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_every_python_package_is_pinned_with_hashes(name):
    content = text(ROOT / name)
    starts = [found.start() for found in PIN.finditer(content)]
    assert starts
    blocks = [content[start:end] for start, end in zip(starts, [*starts[1:], len(content)], strict=True)]
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_python_locks_name_no_host(name):
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url.*|--find-links.*", text(ROOT / name)) == []


def test_development_has_the_very_packages_of_production():
    full = pins("requirements-dev.txt")
    assert {name: version for name, version in pins("requirements.txt").items() if full.get(name) != version} == {}


def test_every_npm_package_has_an_integrity_hash_and_no_address():
    packages = json.loads(text(ROOT / "pwa/package-lock.json"))["packages"]
    loose = [name for name, entry in packages.items() if name and not entry.get("link") and "integrity" not in entry]
    assert loose == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_the_npm_lock_is_whole_for_every_platform():
    """A mirror without some platform's package leaves it out of the lock; ``npm ci`` elsewhere then refuses."""
    packages = json.loads(text(ROOT / "pwa/package-lock.json"))["packages"]
    missing = [f"{name} wants {wanted}" for name, entry in packages.items() for wanted in entry.get("optionalDependencies", {})
               if f"node_modules/{wanted}" not in packages and f"{name}/node_modules/{wanted}" not in packages]
    assert missing == []


def test_no_file_names_a_path_of_somebodys_machine():
    found = []
    for path in tracked():
        if path.suffix in BINARY or path.name.endswith("package-lock.json"):
            continue
        try:
            content = text(path)
        except UnicodeDecodeError:
            continue
        found += [f"{short(path)}: {hit}" for hit in MACHINE_PATHS.findall(content)]
    assert found == []


def test_a_report_without_tests_counts_as_a_failure(tmp_path):
    """The summary of manage.py is believed by CI: its counting is checked here."""
    from tools.setup import checks

    report = tmp_path / "report.xml"
    suite = ElementTree.Element("testsuite")
    for child in (None, "failure", "error", "skipped"):
        case = ElementTree.SubElement(suite, "testcase", name=str(child))
        if child is not None:
            ElementTree.SubElement(case, child)
    ElementTree.ElementTree(suite).write(report)
    assert checks._counts(report) == (1, 2, 1)
