"""``manage.py run``: database, demo data, web server and worker, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from tools.setup import node_env, places, python_env, say

HEALTH = "/api/v1/health"
WAIT_FOR_HEALTH = 60
WAIT_FOR_STOP = 25


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def run(options: argparse.Namespace) -> int:
    with node_env.packages_beside() if node_env.stale() else contextlib.nullcontext():
        python_env.ensure(development=False)
    node_env.ensure_build()
    data = Path(options.data or os.environ.get("SUIJIAN_DATA") or places.DATA).resolve()
    data.mkdir(parents=True, exist_ok=True)
    host = options.host or ("0.0.0.0" if options.lan else "127.0.0.1")
    _free(host, options.port)
    asked = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    base = f"{'https' if options.lan else 'http'}://{_bracketed(asked)}:{options.port}"
    env = _server_env(data, host, base, options)
    say.command("更新数据库结构", _python("server.app.cli", "migrate"), env=env)
    if not options.no_demo:
        say.command("载入五个机构的演示数据（已有的不动）", _python("server.app.demo"), env=env)
    if options.lan:
        say.command("准备局域网证书", _python("server.app.lan", "prepare"), env=env)
    web = _python("gunicorn", "--config", str(places.ROOT / "server" / "app" / "gunicorn_conf.py"),
                  "--no-control-socket", "server.app.wsgi:app")
    children = [("web", web), ("worker", _python("server.app.worker"))]
    if options.lan:
        _free(host, options.port + 1)
        children.append(("lan-page", _python("server.app.lan", "page", "--port", str(options.port + 1),
                                             "--app-port", str(options.port))))
    say.step("启动服务")
    with _signals(), _running(children, env, data / "logs") as processes:
        _wait_until_healthy(base, data / "lan" / "ca.pem" if options.lan else None, processes)
        say.done("服务就绪")
        _greet(base, env, options, data)
        _watch(processes)
    return 0


def _python(module: str, *arguments: str) -> list[str]:
    return [str(places.PYTHON), "-m", module, *arguments]


def _server_env(data: Path, host: str, base: str, options: argparse.Namespace) -> dict[str, str]:
    """What ``server/platform/settings.py`` and ``server/app/gunicorn_conf.py`` read."""
    env = places.child_env()
    env |= {
        "SUIJIAN_DATA": str(data),
        "SUIJIAN_BIND": f"{_bracketed(host)}:{options.port}",
        "SUIJIAN_WORKERS": str(options.workers),
        "PYTHONUNBUFFERED": "1",
    }
    # What codes and documents print must be reachable from a phone.
    env.setdefault("SUIJIAN_PUBLIC_URL", f"https://{_lan_address()}:{options.port}" if options.lan else base)
    if options.lan:
        env |= {
            "SUIJIAN_TLS_CERT": str(data / "lan" / "leaf.pem"),
            "SUIJIAN_TLS_KEY": str(data / "lan" / "leaf.key"),
        }
    return env


def _lan_address() -> str:
    """The address this machine would go out from; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _free(host: str, port: int) -> None:
    """Say early, in words, that a port is taken; a failed bind deep in a log helps nobody."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise say.SetupError(
                f"{host}:{port} 不能使用（{fault.strerror}）。换一个端口: ./manage.py run --port {port + 10}"
            ) from fault


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM both end in ``Stopped``, so children are always ended in order."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Stopped:
        say.line("\n已停止。")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _running(
    commands: Sequence[tuple[str, list[str]]], env: dict[str, str], logs: Path
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start all commands, each with its own log file; end all of them on the way out.

    Each child is its own session: Ctrl-C in the terminal reaches only this script, which then
    lets requests under way finish.
    """
    logs.mkdir(parents=True, exist_ok=True)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands:
            with (logs / f"{name}.log").open("ab") as log:
                processes[name] = subprocess.Popen(
                    command, env=env, cwd=places.ROOT, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_die_with_parent,
                )
        yield processes
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + WAIT_FOR_STOP
        for process in processes.values():
            try:
                process.wait(timeout=max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _die_with_parent() -> None:
    """Between fork and exec: ask Linux to end this child when the script is killed, however it is killed."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def _wait_until_healthy(
    base: str, authority: Path | None, processes: dict[str, subprocess.Popen[bytes]]
) -> None:
    context = ssl.create_default_context(cafile=str(authority)) if authority is not None else None
    # Not through a proxy of the environment: the server is this machine.
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if context is not None:
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)
    until = time.monotonic() + WAIT_FOR_HEALTH
    reason = ""
    while time.monotonic() < until:
        _all_alive(processes)
        try:
            with opener.open(base + HEALTH, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError) as fault:
            reason = str(fault)
        time.sleep(0.3)
    raise say.SetupError(f"服务在 {WAIT_FOR_HEALTH} 秒内没有就绪: {reason}")


def _all_alive(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in processes.items():
        if process.poll() is not None:
            raise say.SetupError(f"{name} 意外退出（{process.returncode}），见数据目录下 logs/{name}.log")


def _watch(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while True:
        _all_alive(processes)
        time.sleep(1)


def _greet(base: str, env: dict[str, str], options: argparse.Namespace, data: Path) -> None:
    say.line()
    say.line(f"随检已启动    现场端 {base}/    工作台 {base}/desk.html")
    if options.lan:
        _ask(_python("server.app.lan", "where", "--port", str(options.port)), env)
    say.line(f"数据目录      {data}")
    if not options.no_demo:
        say.line()
        _ask(_python("server.app.demo", "--logins"), env)
        say.line()
        say.line("先试什么：")
        say.line(f"  1. 工作台 {base}/desk.html 用 yanshi.admin 登录，在“人员”里给 yanshi.insp1 发一个登记码")
        say.line(f"  2. 手机宽度的窗口打开 {base}/ ，输入登记码，设 6 位 PIN，等“准备好了”")
        say.line("  3. 断网（或停掉本程序），完成一次检查：通知书、逐项检查、拍照、两人确认、当事人签名")
        say.line("  4. 联网，看到“已送达”；再用 yanshi.leader 在工作台审核报告")
    say.line()
    say.line("Ctrl-C 停止。")


def _ask(command: list[str], env: dict[str, str]) -> None:
    """Print what another part has to say about itself."""
    answer = subprocess.run(command, env=env, cwd=places.ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                            encoding="utf-8", check=False)
    if answer.returncode == 0:
        say.line(answer.stdout.rstrip())
    else:
        say.warn(f"{command[2]} 没有回答: {os.linesep.join(answer.stderr.splitlines()[-3:])}")
