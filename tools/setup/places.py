"""Where things are, all relative to the checkout."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PWA = ROOT / "pwa"
DIST = PWA / "dist"
VENV = ROOT / ".venv"
DATA = ROOT / "data"
STATE = ROOT / ".suijian"
LOGS = STATE / "logs"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")


def child_env() -> dict[str, str]:
    """The environment of our programs: the venv's programs first, UTF-8 whatever the locale."""
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([str(SCRIPTS), env.get("PATH", "")])
    # Our modules are found from any working directory: file names on the command line stay the caller's.
    env["PYTHONPATH"] = str(ROOT)
    env["PYTHONUTF8"] = "1"
    env["VIRTUAL_ENV"] = str(VENV)
    env.pop("PYTHONHOME", None)
    # Every start of the server would compile three hundred modules anew: a second of processor time each.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    if not os.access(Path.home(), os.W_OK):
        # Accounts without a home of their own (services, containers) still need caches.
        env["npm_config_cache"] = str(STATE / "npm-cache")
        env["PIP_CACHE_DIR"] = str(STATE / "pip-cache")
        env["HOME"] = str(STATE / "home")
        (STATE / "home").mkdir(parents=True, exist_ok=True)
    return env
