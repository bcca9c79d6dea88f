"""Commands that need neither database nor configuration: working days, credit codes, canonical JSON.

They start fast because they import the kernel alone; the rules of an agency are read only where one
is named.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys

import click

from server.kernel import canonical, uscc
from server.kernel.errors import DomainError
from server.kernel.workdays import Calendar, load_calendar, parse_date
from server.platform.settings import Settings

REFUSED = "REFUSED"


@click.group(name="workdays")
def workdays() -> None:
    """工作日计算。"""


@workdays.command(name="add")
@click.argument("start", metavar="DATE")
@click.argument("count", metavar="N", type=int)
@click.option("--agency", metavar="A", help="加上该机关的地方放假、调休日（checklists/<A>/profile.yaml）")
def add(start: str, count: int, agency: str | None) -> None:
    """DATE 之后第 N 个工作日；当日不计。所跨年份的放假安排尚未公布时附 provisional。"""
    try:
        due = _calendar(agency).add_workdays(parse_date(start), count)
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    except ValueError as error:
        raise click.UsageError(f"日期应写作 YYYY-MM-DD，天数在 0 至 3650 之间（{error}）") from error
    click.echo(f"{due.due_on.isoformat()}{' provisional' if due.provisional else ''}")


@click.group(name="uscc")
def uscc_group() -> None:
    """统一社会信用代码。"""


@uscc_group.command(name="check")
@click.argument("code")
def check(code: str) -> None:
    """校验 CODE：正确时输出 OK 和规范写法，否则输出原因并以 1 退出。"""
    result = uscc.check(code)
    if not result.ok:
        click.echo(result.reason_zh)
        sys.exit(1)
    click.echo(f"OK {result.code}")
    if result.warning_zh:
        click.echo(result.warning_zh, err=True)


@click.command(name="canon")
@click.option("--from-json", is_flag=True, help="每行是任意 JSON 的 base64，输出规范字节的 base64")
def canon(from_json: bool) -> None:
    """逐行读 base64：字节规范的原样输出，否则输出 REFUSED（空行是空文档）。"""
    # Lines are bytes up to LF, not str.splitlines(): one question, one answer, in order.
    for raw in sys.stdin.buffer:
        line = raw.rstrip(b"\r\n")
        try:
            data = base64.b64decode(line, validate=True)
            if from_json:
                line = base64.b64encode(canonical.from_json(data))
            else:
                canonical.decode(data)
        except (binascii.Error, canonical.NotCanonical):
            line = REFUSED.encode("ascii")
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _calendar(agency: str | None) -> Calendar:
    if agency is not None:
        # Imported here: the rules bring the database library with them, which plain counting is spared.
        from server.rules import operations

        return operations.calendar_for(agency)
    path = Settings.from_env().checklists / "calendars" / "cn.json"
    return load_calendar(json.loads(path.read_text("utf-8")))


COMMANDS: list[click.Command] = [workdays, uscc_group, canon]
