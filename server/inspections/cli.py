"""Commands about records: ``record export ID FILE.zip``, ``record verify FILE.zip``."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from server.inspections import record_verify
from server.kernel.errors import DomainError


@click.group("record")
def record() -> None:
    """检查记录：导出与核验"""


@record.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--log-key", default=None, help="日志公钥（name+id+base64），从别处得到的才算数")
def verify(file: str, log_key: str | None) -> None:
    """核验导出的记录：打印 OK 或第一处错误及其代码"""
    finding = record_verify.verify(file, log_key)
    click.echo(f"{finding.code} {finding.text}")
    if finding.ok:
        click.echo(" ".join(f"{name}={count}" for name, count in finding.facts.items()))
        if finding.facts["quarantined"]:
            click.echo(f"其中 {finding.facts['quarantined']} 条被服务器隔离，不算记录内容：签名真实，是否隔离由服务器判定并签名说明")
        if not finding.facts["manifest_signed"]:
            click.echo("注意：清单没有服务器签名，尚缺的文件和提示只是这份文件自己的说法")
    else:
        raise SystemExit(1)


@record.command("export")
@click.argument("insp_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(insp_id: str, file: Path) -> None:
    """导出一项检查的完整记录"""
    # By name and late: ``verify`` must start without Flask, and this layer may not import the composition root.
    app = importlib.import_module("server.app").create_app()
    exporting = importlib.import_module("server.inspections.export")
    try:
        with app.app_context(), file.open("wb") as target:
            manifest = exporting.write_zip(insp_id, target)
    except DomainError as refusal:
        file.unlink(missing_ok=True)
        raise click.ClickException(refusal.detail) from refusal
    click.echo(f"{file} events={manifest['events']} lacking={len(manifest['lacking'])}")


COMMANDS = [record]
