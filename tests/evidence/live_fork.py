"""Starts gunicorn as often as it is told to, and imports the server's modules once: they are most of a restart.

Nothing but imports is shared. Every server is forked off before an application is built or a connection opened, and
builds its own from what lies in the data folder. Words on stdin, answers on stdout: ``start`` answers the id of the
new process group, ``wait`` answers when the process has gone."""

from __future__ import annotations

import importlib
import os
import sys

from gunicorn.app.wsgiapp import WSGIApplication

# First of the server's modules: it tells the metrics where the processes share them.
from server.app import gunicorn_conf


def main() -> None:
    importlib.import_module("server.app.factory")

    pid = 0
    for word in sys.stdin:
        if word == "wait\n":
            os.waitpid(pid, 0)
            print("gone", flush=True)
            continue
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            serve()
        os.setpgid(pid, pid)
        print(pid, flush=True)


def serve() -> None:
    """Be ``gunicorn -c gunicorn_conf.py live_wsgi:app``, with stdout in the log and nothing on stdin."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.argv = ["gunicorn", "-c", gunicorn_conf.__file__, "tests.evidence.live_wsgi:app"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()


if __name__ == "__main__":
    main()
