"""Commands about trust: check everything that was ever stored, the public log, its witnesses and its key."""

from __future__ import annotations

import os
from pathlib import Path

import click
from flask import Flask

from server.app import create_app


def _app() -> Flask:
    return create_app()


@click.group("audit")
def audit() -> None:
    """核对：有没有人绕过系统改动或删除数据。"""


@audit.command("chain")
@click.argument("agency")
def chain(agency: str) -> None:
    """重新计算机关 AGENCY 的审计链；完整时打印 OK，否则打印第一处错误的序号。"""
    from server.audit import operations

    with _app().app_context():
        found = operations.verify(agency)
    if found.fault is not None:
        raise click.ClickException(f"审计链在第 {found.fault} 条断开")
    click.echo(f"OK {found.length} {found.head}")


@audit.command("verify")
@click.option("--blobs", "with_blobs", is_flag=True, help="也重新计算每个证据文件的哈希（较慢）")
@click.option("--checkpoint", "kept", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="在别处保存的检查点（公告栏、见证机关），可多次")
@click.option("--workers", default=0, type=click.IntRange(0, 64), help="验签进程数；0 为自动")
def verify(with_blobs: bool, kept: tuple[Path, ...], workers: int) -> None:
    """逐条核对库中全部数据与发出过的全部检查点：打印 OK，或每一处不符。"""
    from server.inspections import audit as auditing

    outside = [(path.name, path.read_text(encoding="utf-8", errors="replace")) for path in kept]
    with _app().app_context():
        found = auditing.audit(workers=workers or min(4, os.cpu_count() or 1), with_blobs=with_blobs, outside=outside)
    for fault in found.faults:
        click.echo(f"{fault.code} {fault.where} {fault.text}".rstrip())
    counted = f"events={found.events} leaves={found.leaves} facts={found.facts}"
    if with_blobs:
        counted += f" blobs={found.blobs}"
    if found.faults:
        click.echo(f"发现 {len(found.faults)} 处不符（{counted}）")
        raise SystemExit(1)
    click.echo(f"OK {counted}")


@click.group("epoch")
def epoch() -> None:
    """服务器纪元。"""


@epoch.command("raise")
def raise_epoch() -> None:
    """从备份恢复之后执行：所有手机会把保存的数据重新报送一遍。"""
    from server.audit import restore

    with _app().app_context():
        branch = restore.raise_epoch()
    click.echo(str(branch.epoch))


@click.group("log")
def log() -> None:
    """公开日志。"""


@log.command("checkpoint")
def checkpoint() -> None:
    """立即签发并保存一个检查点，打印出来（可张贴、可保存在别处）。"""
    from server.audit import checkpoints

    with _app().app_context():
        made = checkpoints.issue()
    click.echo(made.note, nl=False)


@log.command("keys")
def keys() -> None:
    """打印日志公钥和见证公钥。"""
    from server.audit import log_keys, public_log, witness

    with _app().app_context():
        click.echo(f"日志  {public_log.note_key().vkey}")
        click.echo(f"见证  {witness.key().vkey}")
        for old in log_keys.old_keys():
            click.echo(f"旧    {old.vkey}  {old.changed_at.date().isoformat()} 更换")


@log.command("change-key")
@click.confirmation_option(prompt="更换日志密钥？旧密钥继续签名 30 天")
def change_key() -> None:
    """更换日志密钥；之后请重启服务。"""
    from server.audit import log_keys
    from server.platform import keys as key_files

    with _app().app_context():
        try:
            log_keys.change(key_files.folder())
        except FileExistsError as early:
            raise click.ClickException("上次更换还不满 30 天，不能再换") from early
    click.echo("已更换。请重启服务；手机会在联系服务器时学会新密钥。")


@log.command("watch")
@click.argument("vkey")
@click.argument("title")
def watch(vkey: str, title: str) -> None:
    """为下级服务器的日志（公钥 VKEY）作见证，记为 TITLE。"""
    from server.audit import witness
    from server.kernel.checkpoint import BadNote

    with _app().app_context():
        try:
            found = witness.watch(vkey, title)
        except BadNote as wrong:
            raise click.ClickException("这不是日志公钥（name+id+base64）") from wrong
        click.echo(f"{found.title} 已见证到第 {found.size} 条；本机见证公钥 {witness.key().vkey}")


@log.group("witness")
def witnessing() -> None:
    """为本机日志作见证的服务器。"""


@witnessing.command("add")
@click.argument("url")
@click.argument("vkey")
def add_witness(url: str, vkey: str) -> None:
    """把每日检查点送给 URL（如 https://上级/api/v1/log/witness）签署，其见证公钥为 VKEY。"""
    from server.audit import witnesses

    with _app().app_context():
        try:
            added = witnesses.add(url, vkey)
        except ValueError as wrong:
            raise click.ClickException("地址或见证公钥不正确") from wrong
    click.echo(f"{added.url} {added.id}")


@witnessing.command("list")
def list_witnesses() -> None:
    """列出见证服务器和最近一次的情况。"""
    from server.audit import witnesses

    with _app().app_context():
        for one in witnesses.listed():
            click.echo(f"{one.url} {one.id} 已见证到第 {one.size} 条 {one.trouble or '正常'}")


@witnessing.command("offer")
def offer() -> None:
    """立即把最新的检查点送给各见证服务器。"""
    from server.audit import witnesses

    with _app().app_context():
        click.echo(f"签署 {witnesses.offer()} 个")


COMMANDS: list[click.Command] = [audit, epoch, log]
