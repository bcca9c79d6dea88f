"""A process that has read the program already; the servers of scenarios and of the test that kills one are forked from it.

A whole run starts a hundred of them, and reading the program is most of a start. Nothing but what was read is shared: no
application is built here and no connection opened. What is forked does what ``python -m MODULE ARGUMENTS`` does, from its
first line on, as a process like any other: a group of its own, ended or killed by its own number.

Each line of the input is an order, ``{"id", "argv": [MODULE, ...], "env", "log"}``, with ``"out"`` when what it prints is to
stand in a file of its own; the answer is ``{"id", "pid"}``, and ``{"id", "ended"}`` with the exit status (negative: the
signal) when it is over. The end of the input ends this and all that still runs."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
from typing import Any

_PROGRAM = ("gunicorn.app.wsgiapp", "server.app.wiring", "server.app.cli")
_LOOK_S = 0.05


def main() -> None:
    for module in (*_PROGRAM, *_interfaces()):
        importlib.import_module(module)
    running: dict[int, str] = {}
    waiting = b""
    gc.freeze()
    while True:
        for pid in list(running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _say(id=running.pop(pid), ended=os.waitstatus_to_exitcode(status))
        if not select.select([0], [], [], _LOOK_S)[0]:
            continue
        read = os.read(0, 65536)
        if not read:
            break
        *lines, waiting = (waiting + read).split(b"\n")
        for line in lines:
            order = json.loads(line)
            pid = os.fork()
            if pid == 0:
                return _become(order)
            # Here as well as there: whoever reads the number may kill the group at once.
            os.setpgid(pid, pid)
            running[pid] = order["id"]
            _say(id=order["id"], pid=pid)
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _interfaces() -> list[str]:
    """The modules of the interface, but for those that look at the environment while they are read (prometheus_client)."""
    from server.app import blueprints

    return [module for module in (*blueprints.MODULES, *blueprints.PAGES) if not module.startswith("server.app.")]


def _say(**words: object) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    """Never the one that takes orders again: whatever this raises or returns ends the process."""
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = _to(order["log"])
    for here, there in ((nothing, 0), (_to(order["out"]) if "out" in order else log, 1), (log, 2)):
        os.dup2(here, there)
    os.environ.clear()
    os.environ.update(order["env"])
    module, *arguments = order["argv"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _to(file: str) -> int:
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


if __name__ == "__main__":
    main()
