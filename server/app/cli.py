"""``./manage.py cli …``: small stable commands for operators and checks.

Pure commands (workdays, uscc, canon, record verify) start without Flask, database or configuration:
a command is imported when it is called, never before."""

from __future__ import annotations

import importlib
import sys

import click

# Command -> the module whose list COMMANDS holds it, and what --help says of it.
WHERE: dict[str, tuple[str, str]] = {
    "workdays": ("server.app.cli_kernel", "工作日计算：workdays add DATE N [--agency A]"),
    "uscc": ("server.app.cli_kernel", "统一社会信用代码校验：uscc check CODE"),
    "canon": ("server.app.cli_kernel", "规范 JSON：逐行读 base64，规范的原样输出，否则 REFUSED"),
    "record": ("server.inspections.cli", "检查记录：record export ID FILE.zip，record verify FILE.zip"),
    "draw": ("server.draw.cli", "抽取复核：draw replay FILE（抽取文件），输出结果或错误代码"),
    "migrate": ("server.app.cli_server", "把数据库结构更新到当前版本"),
    "revision": ("server.app.cli_server", "开发：数据表改动后写出新的迁移"),
    "openapi": ("server.app.cli_server", "输出接口文档（OpenAPI 3.1）"),
    "demo": ("server.app.cli_server", "载入演示数据；--logins 列出账号"),
    "people": ("server.app.cli_server", "人员：people add、people code"),
    "audit": ("server.app.cli_audit", "核对：audit verify（全部数据），audit chain AGENCY（一个机关的审计链）"),
    "epoch": ("server.app.cli_audit", "从备份恢复之后：epoch raise"),
    "restore": ("server.app.cli_restore", "从备份恢复，逐步引导：restore BACKUP.sqlite3"),
    "log": ("server.app.cli_audit", "公开日志：检查点、见证、更换密钥"),
    "jobs": ("server.app.cli_server", "立即执行等待中的后台任务"),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports one only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(WHERE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in WHERE:
            return None
        module = importlib.import_module(WHERE[cmd_name][0])
        found: dict[str, click.Command] = {command.name or "": command for command in module.COMMANDS}
        return found.get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table, so that --help imports nothing."""
        with formatter.section("命令"):
            formatter.write_dl([(name, words) for name, (_, words) in WHERE.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """随检的运维命令。"""


if __name__ == "__main__":
    # The name in usage lines is what people type, not the module's path.
    sys.exit(cli(prog_name="./manage.py cli"))
