"""The virtual environment and its hashed packages."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tools.setup import places, say, stamps

RUNTIME = places.ROOT / "requirements.txt"
DEVELOPMENT = places.ROOT / "requirements-dev.txt"
APT_LINE = "apt-get install -y python3-venv python3-pip"


def ensure(*, development: bool) -> None:
    """Make ``.venv`` hold exactly the packages of the lock; the development lock includes the other."""
    facts = (platform.python_version(), platform.machine(), str(places.VENV))
    runtime = stamps.fingerprint([RUNTIME], *facts)
    full = stamps.fingerprint([DEVELOPMENT], *facts)
    current = places.PYTHON.exists() and stamps.fresh("python", runtime)
    if current and (not development or stamps.fresh("python_full", full)):
        return
    _ensure_venv()
    lock = DEVELOPMENT if development else RUNTIME
    stamps.write(python=None, python_full=None)
    install(lock, f"安装 Python 依赖 ({lock.name}，校验哈希)")
    stamps.write(python=runtime, python_full=full if development else None)


def install(lock: Path, what: str) -> None:
    """Install one hashed lock file; mirrors and proxies of the user's pip settings apply.

    Byte code is left to whoever imports a module first: most of what lies in the packages nobody ever does."""
    say.command(
        what,
        [places.PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
         "--root-user-action=ignore", "--no-compile", "--require-hashes", "-r", lock],
        env=places.child_env(),
    )


def _ensure_venv() -> None:
    if _works():
        return
    if places.VENV.exists():
        say.step("旧的 .venv 不能用（Python 版本或目录变了），重建")
        shutil.rmtree(places.VENV)
    stamps.write(python=None, python_full=None, node_wheel=None)
    say.step(f"建立 Python 环境 .venv (Python {platform.python_version()})")
    if _quiet(sys.executable, "-m", "venv", str(places.VENV)) and _works():
        say.done(".venv")
        return
    # Debian ships Python without ensurepip: an empty environment, then pip from outside.
    shutil.rmtree(places.VENV, ignore_errors=True)
    if _quiet(sys.executable, "-m", "venv", "--without-pip", str(places.VENV)):
        for pip in _outside_pips():
            if _quiet(*pip, "--python", str(places.PYTHON), "install", "--disable-pip-version-check", "pip"):
                break
        if _works():
            say.done(".venv（pip 由系统的 pip 装入）")
            return
    shutil.rmtree(places.VENV, ignore_errors=True)
    raise say.SetupError(f"这个 Python 没有 venv 与 pip，请先安装: {APT_LINE}")


def _outside_pips() -> list[list[str]]:
    found = [[sys.executable, "-m", "pip"]]
    found += [[path] for path in (shutil.which("pip3"), shutil.which("pip")) if path is not None]
    return found


def _works() -> bool:
    """The environment starts, has this Python's version, lies here and has pip."""
    if not places.PYTHON.exists():
        return False
    asked = f"import sys, pip; print(sys.version_info[:2] == {sys.version_info[:2]!r}, sys.prefix)"
    answer = subprocess.run(
        [str(places.PYTHON), "-c", asked], capture_output=True, encoding="utf-8", env=places.child_env(),
        check=False,
    )
    if answer.returncode != 0:
        return False
    same, _, prefix = answer.stdout.strip().partition(" ")
    return same == "True" and Path(prefix).resolve() == places.VENV.resolve()


def _quiet(*arguments: str) -> bool:
    try:
        return subprocess.run(
            list(arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False,
        ).returncode == 0
    except OSError:
        return False
