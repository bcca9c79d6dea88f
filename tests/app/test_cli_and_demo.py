"""Commands people and checks rely on, and the demo that anybody can start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from server.accounts import operations as accounts
from server.app import cli, demo
from server.platform import feed
from server.registry import operations as registry
from server.rules import operations as rules
from tests import builders
from tests.world import Phone

pytestmark = pytest.mark.one_database


@pytest.fixture
def console(tmp_path, monkeypatch):
    """Runs a command on an installation of its own; answers (exit code, output)."""
    monkeypatch.setenv("SUIJIAN_DATA", str(tmp_path / "data 随检"))
    monkeypatch.delenv("SUIJIAN_DATABASE_URL", raising=False)

    def run(*arguments: str, typed: str | None = None) -> tuple[int, str]:
        done = CliRunner().invoke(cli.cli, list(arguments), input=typed)
        return done.exit_code, done.output

    return run


def test_help_names_every_command_without_loading_one(repository):
    code = "import sys; from server.app.cli import cli; cli(['--help'], standalone_mode=False); " \
           "print([m for m in ('flask', 'sqlalchemy', 'marshmallow', 'server.rules') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in cli.WHERE)
    assert done.stdout.rstrip().endswith("[]")


def test_every_command_of_the_table_exists():
    import click

    context = click.Context(cli.cli)
    assert [name for name in cli.WHERE if cli.cli.get_command(context, name) is None] == []


def test_an_unknown_command_is_refused(console):
    code, text = console("rm")
    assert code == 2
    assert "rm" in text


def test_a_new_installation_is_migrated_and_gets_its_first_administrator(console):
    assert console("migrate")[0] == 0
    assert console("migrate") == (0, "数据库结构已是最新\n")
    code, text = console("people", "add", "nowhere", "first.admin", "试验管理", "administrator", typed="long password 1\n" * 2)
    assert code == 1
    assert "机关不存在" in text


def test_the_epoch_is_raised_after_a_restore(console):
    console("migrate")
    assert console("epoch", "raise") == (0, "2\n")
    assert console("epoch", "raise") == (0, "3\n")


def test_the_audit_chain_is_checked_from_the_console(console):
    console("migrate")
    code, text = console("audit", "chain", "fire-yanshi")
    assert (code, text.split()[:2]) == (0, ["OK", "0"])


def test_everything_stored_is_verified_from_the_console(console, tmp_path):
    console("migrate")
    assert console("audit", "verify", "--workers", "1") == (0, "OK events=0 leaves=0 facts=0\n")
    code, note = console("log", "checkpoint")
    assert code == 0 and note.startswith("suijian.log\n0\n")
    kept = tmp_path / "noticeboard.txt"
    kept.write_text(note, encoding="utf-8")
    assert console("audit", "verify", "--workers", "1", "--checkpoint", str(kept))[0] == 0
    kept.write_text(note.replace("\n0\n", "\n1\n"), encoding="utf-8")
    code, text = console("audit", "verify", "--workers", "1", "--checkpoint", str(kept))
    assert code == 1
    assert text.startswith("A_CHECKPOINT checkpoint noticeboard.txt 检查点 noticeboard.txt 没有本日志的有效签名\n")


def test_witnesses_are_told_apart_by_their_keys(console):
    console("migrate")
    code, text = console("log", "keys")
    log_key, witness_key = (line.split()[1] for line in text.splitlines())
    assert code == 0
    assert console("log", "watch", log_key, "下级大队")[0] == 0
    assert console("log", "watch", witness_key, "下级大队")[0] == 1
    assert console("log", "witness", "add", "https://superior.example/api/v1/log/witness", witness_key)[0] == 0
    assert console("log", "witness", "add", "https://superior.example", log_key)[0] == 1
    assert "已见证到第 0 条 正常" in console("log", "witness", "list")[1]


def test_the_demo_is_loaded_once_and_keeps_what_people_have_changed(ctx, monkeypatch):
    assert demo.load_demo()
    assert {agency.id for agency in accounts.agencies()} >= {
        "fire-yanshi", "fire-wenchanghu", "fire-jindong", "civil-air-defence-wugang", "emergency-wushen",
    }
    inspector = accounts.person_by_login("yanshi.insp1")
    assert registry.inspector("fire-yanshi", inspector.id).certificate.number
    assert accounts.agency("fire-yanshi").parent_id == "fire-yanshi-superior"
    assert accounts.person_by_login("yanshi.superior").agency_id == "fire-yanshi-superior"
    units = registry.units("fire-yanshi")
    assert units
    admin = builders.actor_of(accounts.person_by_login("yanshi.admin"))
    accounts.change_person(admin, inspector.id, password="changed by somebody 1")
    assert not demo.load_demo(), "nothing changed in the files"
    monkeypatch.setattr(demo, "_fingerprint", lambda found: "other")
    assert demo.load_demo()
    assert registry.units("fire-yanshi") == units
    assert accounts.login("yanshi.insp1", "changed by somebody 1", Phone().spki_text).person_id == inspector.id
    assert feed.head("fire-yanshi") > 0


def test_everybody_in_the_table_of_logins_can_sign_in(ctx):
    demo.load_demo()
    table = demo.logins(rules.root())
    for person in (person for found in demo.demo_agencies(rules.root()) for person in found.people):
        assert person["login"] in table
        assert accounts.login(person["login"], demo.PASSWORD, Phone().spki_text).person_id
