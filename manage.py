#!/usr/bin/env python3
"""随检: set up, run and test with nothing but Python 3.11 or newer.

    ./manage.py run     install, build, create the database, load the demo, start
    ./manage.py test    install and run every test
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("随检 需要 Python 3.11 或更新版本，现在是 %d.%d" % sys.version_info[:2])

import argparse
import contextlib
import shutil
import subprocess
from collections.abc import Callable

from tools.setup import checks, node_env, places, python_env, say, serve


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="./manage.py", description="随检：安装、启动、测试（只需要 Python 3.11 以上）",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="数据放在 data/（可用 --data 或 SUIJIAN_DATA 改），数据库默认 SQLite，"
        "SUIJIAN_DATABASE_URL 可指向 PostgreSQL。",
    )
    commands = top.add_subparsers(dest="command", metavar="命令", required=True)
    run = commands.add_parser("run", help="安装、编译、建库、载入演示数据并启动")
    run.add_argument("--port", type=int, default=8600, help="端口（默认 8600）")
    run.add_argument("--host", help="监听地址（默认 127.0.0.1；--lan 时 0.0.0.0）")
    run.add_argument("--lan", action="store_true", help="局域网 HTTPS：自建证书，供真手机使用")
    run.add_argument("--data", metavar="DIR", help="数据目录（默认 data）")
    run.add_argument("--workers", type=int, default=2, help="网页进程数（每个 4 线程，默认 2）")
    run.add_argument("--no-demo", action="store_true", help="不载入演示数据")
    test = commands.add_parser("test", help="安装并运行全部测试；其余参数交给 pytest")
    test.add_argument("--only", choices=["lint", "python", "ts", "browser"], help="只跑一类")
    commands.add_parser("lint", help="格式、类型、导入方向、清单数据")
    lists = commands.add_parser("checklists", help="检查清单数据 (check) 或与已发布版本比较 (diff)")
    lists.add_argument("rest", nargs=argparse.REMAINDER, metavar="check|diff …")
    cli = commands.add_parser("cli", help="运维命令：workdays、uscc、canon、record …")
    cli.add_argument("rest", nargs=argparse.REMAINDER, metavar="…")
    build = commands.add_parser("build", help="只编译前端")
    build.add_argument("--force", action="store_true", help="即使没有改动也重新编译")
    commands.add_parser("clean", help="删除环境、依赖与编译结果（不动 data/）")
    return top


def python_module(module: str, arguments: list[str]) -> int:
    """Run one of our modules in the prepared environment, on this terminal's streams.

    Set-up, where it is needed, speaks on stderr: stdout belongs to the command.
    """
    with contextlib.redirect_stdout(sys.stderr):
        python_env.ensure(development=False)
    command = [str(places.PYTHON), "-m", module, *arguments]
    return subprocess.run(command, env=places.child_env(), check=False).returncode


def build(*, force: bool) -> int:
    python_env.ensure(development=False)
    node_env.ensure_build(force=force)
    return 0


def clean() -> int:
    """Remove what set-up made. The data directory is not touched."""
    for path in (places.VENV, places.PWA / "node_modules", places.DIST, places.STATE):
        if path.exists():
            say.step(f"删除 {path.relative_to(places.ROOT)}")
            shutil.rmtree(path)
    return 0


def main(arguments: list[str]) -> int:
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command != "test":
        parser().error(f"不认识的参数: {' '.join(rest)}")
    actions: dict[str, Callable[[], int]] = {
        "run": lambda: serve.run(options),
        "test": lambda: checks.test(options.only, rest),
        "lint": checks.lint,
        "checklists": lambda: python_module("server.rules.cli", options.rest),
        "cli": lambda: python_module("server.app.cli", options.rest),
        "build": lambda: build(force=options.force),
        "clean": clean,
    }
    return actions[options.command]()


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        sys.exit(main(sys.argv[1:]))
    except say.SetupError as fault:
        sys.exit(f"✗ {fault}")
    except KeyboardInterrupt:
        sys.exit("\n已中断。")
