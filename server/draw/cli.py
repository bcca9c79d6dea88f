"""``./manage.py cli draw replay FILE``: a draw again from its transcript, without server, database or account."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from server.draw import reading
from server.draw.domain import DrawFault
from server.draw.replay import replay as replay_transcript


@click.group(name="draw")
def draw() -> None:
    """抽取过程的复核。"""


@draw.command(name="replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def replay(file: Path) -> None:
    """按 FILE 重新抽取一遍：输出结果（JSON），核对不上时输出错误代码并以 1 退出。"""
    try:
        want = replay_transcript(reading.load(file.read_bytes()))
    except DrawFault as fault:
        # The code alone where the result would stand, for programs; the sentence where people read.
        click.echo(fault.code)
        click.echo(f"{fault.code} {fault.detail}", err=True)
        sys.exit(1)
    click.echo(json.dumps(want, ensure_ascii=False, indent=1))


COMMANDS: list[click.Command] = [draw]
