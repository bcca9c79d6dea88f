"""A profile key that the program reads must be one that clerks can write: a misspelt key would silently mean "no rule"."""

from __future__ import annotations

import re
from pathlib import Path

from server.rules.source import Folder
from tests.rules.folders import CHECKLISTS

ROOT = Path(__file__).parents[2]
# profile.get("team.min"), rules.value("team.min"), own.values["team.min"], profile['team.min']
READ = re.compile(r"""(?:profile|values|value|rules|rule|own)\)?(?:\.get)?\??\.?[(\[]["']([a-z_]+\.[a-z_]+)["']""")


def test_every_profile_key_the_program_reads_is_in_the_schema() -> None:
    files = [
        path
        for folder, endings in (("server", (".py",)), ("pwa/src", (".ts", ".vue")))
        for path in (ROOT / folder).rglob("*")
        if path.suffix in endings and ".test." not in path.name
    ]
    read = {key: path.name for path in files for key in READ.findall(path.read_text(encoding="utf-8"))}
    assert {"team.min", "onsite.notice", "report.inspection_deadline_wd"} <= set(read), "the pattern still finds them"
    known = Folder(CHECKLISTS).profile_keys()
    unknown = {key: name for key, name in read.items() if key not in known}
    assert unknown == {}
