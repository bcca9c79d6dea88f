"""Rules that a reviewer would otherwise have to remember."""

from __future__ import annotations

import re

from tests.architecture.sources import GENERATED, ROOT, calls, short, text, tracked, under

LONGEST = 400
# Alembic writes a revision once, in one piece.
WRITTEN_BY_TOOLS = {"versions"}
CLOCKS = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today)$|^time\.time(_ns)?$|^(now|utcnow)$")
HTML_SINKS = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|v-html|srcdoc)\b")
SILENCERS = re.compile(r"#\s*(noqa|type:\s*ignore|pylint:)|@ts-(ignore|nocheck)|eslint-disable")
SWALLOWED = re.compile(r"except[^\n:]*:\s*\n\s*pass\b")


def test_tokens_are_decoded_in_one_place():
    decoders = {short(path) for path in under(tracked(".py"), "server")
                for _line, name in calls(path) if name.endswith(("jwt.decode", "jwt.decode_complete"))}
    assert len(decoders) == 1, decoders


def test_only_the_clock_reads_the_clock():
    readers = [f"{short(path)}:{line} {name}" for path in under(tracked(".py"), "server")
               if short(path) != "server/platform/clock.py"
               for line, name in calls(path) if CLOCKS.search(name) and name not in ("now", "utcnow")]
    assert readers == []


def test_no_file_is_longer_than_a_reader_can_hold():
    long = {short(path): count for path in under(tracked(".py", ".ts", ".vue", ".js", ".css"), "server", "pwa", "tests",
                                                   "tools", "bench")
            if not path.name.endswith(GENERATED) and path.parent.name not in WRITTEN_BY_TOOLS and (count := len(text(path).splitlines())) > LONGEST}
    # People carry it to another machine, where it stands alone; its own test keeps it below 500.
    long.pop("tools/verify_record.py", None)
    assert long == {}


def test_markup_is_never_built_from_strings():
    found = [f"{short(path)}: {hit}" for path in under(tracked(".ts", ".vue"), "pwa/src")
             for hit in HTML_SINKS.findall(text(path))]
    assert found == []


def test_no_check_is_silenced():
    checked = under(tracked(".py", ".ts", ".vue"), "server", "pwa/src", "tools", "tests", "bench")
    found = [f"{short(path)}: {hit}" for path in checked if path != ROOT / "tests/architecture" / "test_rules_of_the_house.py"
             for hit in SILENCERS.findall(text(path))]
    assert found == []


def test_no_error_is_swallowed_in_silence():
    found = [short(path) for path in under(tracked(".py"), "server", "tools", "tests") if SWALLOWED.search(text(path))]
    assert found == []


def test_only_icons_we_ship_are_used():
    shipped = {line.strip() for line in text(ROOT / "pwa/assets/icons.txt").splitlines()
               if line.strip() and not line.startswith("#")}
    used = {}
    for path in under(tracked(".vue"), "pwa/src/field", "pwa/src/ui"):
        for tag in re.findall(r"<(?:van-icon|VanIcon)\b[^>]*?\sname=\"([a-z0-9-]+)\"", text(path)):
            used[tag] = short(path)
        for tag in re.findall(r"<van-[^>]*?\s(?:icon|left-icon|right-icon)=\"([a-z0-9-]+)\"", text(path)):
            used[tag] = short(path)
    assert {name: path for name, path in used.items() if name not in shipped} == {}
