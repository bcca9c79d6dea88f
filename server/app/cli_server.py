"""Commands that need the server's database."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click
from flask import Flask

from server.app import create_app
from server.kernel.errors import DomainError
from server.platform.settings import Settings


def _app() -> Flask:
    return create_app()


@click.command("migrate")
def migrate() -> None:
    """把数据库结构更新到当前版本。"""
    from server.platform import migrate as migrations

    with _app().app_context():
        click.echo(migrations.upgrade())


@click.command("revision")
@click.argument("number")
@click.argument("message")
def revision(number: str, message: str) -> None:
    """在一个空数据库上比较，写出编号 NUMBER 的迁移。"""
    from server.platform import migrate as migrations

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), database_url=f"sqlite:///{folder}/empty.sqlite3"))
        with app.app_context():
            migrations.write_revision(number, message)


@click.command("openapi")
def openapi() -> None:
    """输出接口文档（OpenAPI 3.1，JSON）。"""
    from server.app.blueprints import document

    app = _app()
    click.echo(json.dumps(document(app), ensure_ascii=False, indent=2, sort_keys=True))


@click.command("demo")
@click.option("--logins", is_flag=True, help="只列出演示账号")
def demo(logins: bool) -> None:
    """载入五个机构的演示数据；已有的不动。"""
    from server.app import demo as demo_data

    demo_data.main(["--logins"] if logins else [])


@click.group("people")
def people() -> None:
    """人员。"""


@people.command("add")
@click.argument("agency")
@click.argument("login")
@click.argument("name")
@click.argument("roles", nargs=-1, required=True)
@click.password_option(prompt="密码")
def add_person(agency: str, login: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """在机关 AGENCY 增加一名人员，例如第一名系统管理员。"""
    from server.accounts import operations

    with _app().app_context():
        try:
            person = operations.add_person(None, operations.agency(agency).id, login, name, list(roles), password)
        except DomainError as refusal:
            raise click.ClickException(refusal.detail) from refusal
        click.echo(f"{person.login} {person.id}")


@people.command("code")
@click.argument("login")
def enrolment_code(login: str) -> None:
    """为账号 LOGIN 发一个登记码（10 分钟内一次有效）。"""
    from server.accounts import operations
    from server.accounts.domain import Actor

    with _app().app_context():
        person = operations.person_by_login(login)
        if person is None:
            raise click.ClickException("没有这个账号")
        console = Actor("", person.agency_id, frozenset({"administrator"}), name="console")
        issued = operations.issue_codes(console, [person.id])[0]
        click.echo(f"{issued.code}  有效至 {issued.expires_at.isoformat(timespec='seconds')}")


@click.command("jobs")
def run_jobs() -> None:
    """立即执行等待中的后台任务。"""
    from server.platform import jobs

    with _app().app_context():
        click.echo(f"完成 {jobs.sweep()} 项")


COMMANDS: list[click.Command] = [migrate, revision, openapi, demo, people, run_jobs]
