"""``restore BACKUP``: from a copy of the database to a server that phones can come back to, one step after the other."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import click

from server.app import create_app
from server.platform.settings import Settings


@click.command("restore")
@click.argument("backup", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="不再询问")
def restore(backup: Path | None, yes: bool) -> None:
    """从备份恢复：放回数据库（SQLite），更新结构，核对，纪元加一。

    PostgreSQL：先用 pg_restore 恢复，再不带 BACKUP 运行本命令。服务必须已停止。"""
    settings = Settings.from_env()
    click.echo("恢复之前请确认：服务已停止；data/keys 与 data/blobs 已放回原处。")
    if not yes:
        click.confirm("继续？", abort=True)
    if backup is not None:
        _put_back(settings, backup)
    with create_app(settings).app_context():
        _bring_up()


def _put_back(settings: Settings, backup: Path) -> None:
    if not settings.sqlite:
        raise click.ClickException("当前使用 PostgreSQL：请先用 pg_restore 恢复，再不带文件运行本命令")
    _whole(backup)
    target = Path(settings.database_url.removeprefix("sqlite:///"))
    aside = target.with_name(f"{target.name}.before-restore")
    for suffix in ("", "-wal", "-shm"):
        found = Path(f"{target}{suffix}")
        if found.exists():
            # Never thrown away: it may hold what the backup lacks, and an auditor may want to compare.
            found.replace(f"{aside}{suffix}")
    shutil.copyfile(backup, target)
    click.echo(f"1. 已放回 {target}；原来的库保留为 {aside.name}")


def _whole(backup: Path) -> None:
    try:
        with sqlite3.connect(f"file:{backup}?mode=ro", uri=True) as opened:
            answer = opened.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as broken:
        raise click.ClickException(f"{backup} 不是完好的数据库：{broken}") from broken
    if answer != "ok":
        raise click.ClickException(f"{backup} 已损坏：{answer}")


def _bring_up() -> None:
    from server.audit import restore as branching
    from server.inspections import audit as auditing
    from server.platform import migrate

    click.echo(f"2. {migrate.upgrade()}")
    found = auditing.audit()
    click.echo(f"3. 核对：{found.events} 条事件，{found.leaves} 条日志，{len(found.faults)} 处不符")
    for fault in found.faults[:20]:
        click.echo(f"   {fault.code} {fault.where} {fault.text}")
    branch = branching.raise_epoch()
    click.echo(f"4. 纪元为 {branch.epoch}；日志从第 {branch.size} 条接着写，这件事已写入公开日志")
    click.echo("5. 现在可以启动服务。手机联系服务器时会把恢复后缺少的记录和照片再送一遍，不会重复。")


COMMANDS: list[click.Command] = [restore]
