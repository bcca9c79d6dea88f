"""The virtual environment and its hashed packages."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tools.setup import places, say, stamps

RUNTIME = places.ROOT / "requirements.txt"
DEVELOPMENT = places.ROOT / "requirements-dev.txt"
INSTALLER = places.ROOT / "requirements-uv.txt"
# Names of settings: pip's and uv's.
PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
             "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE"}
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
    """Install one hashed lock file by uv, or by pip where uv cannot do it (docs/adr/0015-uv-installs.md).

    Byte code is left to whoever imports a module first: most of what lies in the packages nobody ever does."""
    try:
        uv = _uv()
        say.command(
            what,
            [uv, "pip", "install", "--python", places.PYTHON, "--require-hashes", "--system-certs",
             # The hash decides, not which of several sources has it first; as pip has it.
             "--index-strategy", "unsafe-best-match", "-r", lock],
            env=places.child_env() | _as_pip_is_told(),
        )
    except say.SetupError as fault:
        say.warn(f"uv 没有装成，改用 pip。{fault}")
        _by_pip(lock, what)


def _by_pip(lock: Path, what: str) -> None:
    say.command(
        what,
        [places.PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
         "--root-user-action=ignore", "--no-compile", "--require-hashes", "-r", lock],
        env=places.child_env(),
    )


def _uv() -> Path:
    """The program of the lock, brought by pip. Raises SetupError."""
    program = places.SCRIPTS / ("uv.exe" if os.name == "nt" else "uv")
    wanted = stamps.fingerprint([INSTALLER], str(places.VENV))
    if not program.exists() or not stamps.fresh("uv", wanted):
        _by_pip(INSTALLER, "取得安装程序 uv")
        stamps.write(uv=wanted)
    return program


def _as_pip_is_told() -> dict[str, str]:
    """A mirror is the user's pip setting: the same for uv. ``pip config list`` prints ``global.index-url='…'``; the
    environment comes last, as it counts most."""
    asked = subprocess.run([str(places.PYTHON), "-m", "pip", "config", "list"], capture_output=True, encoding="utf-8",
                           stdin=subprocess.DEVNULL, env=places.child_env(), check=False)
    told: dict[str, str] = {}
    for line in sorted(asked.stdout.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        known = PIP_TO_UV.get(name.rpartition(".")[2])
        if known is not None:
            # Several are set apart by spaces there, by commas here for links.
            told[known] = (" " if known != "UV_FIND_LINKS" else ",").join(value.strip("'").split())
    return told


def _ensure_venv() -> None:
    if _works():
        return
    if places.VENV.exists():
        say.step("旧的 .venv 不能用（Python 版本或目录变了），重建")
        shutil.rmtree(places.VENV)
    stamps.write(python=None, python_full=None, node_wheel=None, uv=None)
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
