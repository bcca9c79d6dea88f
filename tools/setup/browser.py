"""The system programs the tests need beside Python and Node: Chromium, a Chinese font, pdftotext."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tools.setup import say

# Chromium without its windows and bars does the same to a page with a fifth less of the processor: taken first.
SHELL = "chromium-headless-shell"
CHROMIUM_NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk", "poppler-utils")


def chromium() -> str | None:
    given = os.environ.get("CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found is not None:
            return found
    return None


def missing() -> list[str]:
    """Debian names of the packages whose programs are not there."""
    found = []
    if chromium() is None:
        found.append("chromium")
    if not _chinese_font():
        found.append("fonts-noto-cjk")
    if shutil.which("pdftotext") is None:
        found.append("poppler-utils")
    return found


def _chinese_font() -> bool:
    lister = shutil.which("fc-list")
    if lister is None:
        return False
    answer = subprocess.run([lister, ":lang=zh-cn"], capture_output=True, check=False)
    return bool(answer.stdout.strip())


@contextlib.contextmanager
def beside() -> Iterator[None]:
    """Install what is missing while the block does something else. A fault is told by the ``ensure`` that follows."""
    with ThreadPoolExecutor(1) as pool:
        installed = pool.submit(ensure)
        yield
    installed.exception()


def ensure() -> str:
    """Path of Chromium; installs what is missing when it may, else says which packages to install."""
    if _may_install() and (missing() or _slow()):
        try:
            _install()
        except say.SetupError as fault:
            # What is there already may do; what is still missing is said below.
            say.warn(str(fault))
    wanted = missing()
    path = chromium()
    if wanted or path is None:
        raise say.SetupError(
            "浏览器测试缺少系统软件: " + " ".join(wanted)
            + "\n    Debian/Ubuntu: sudo apt-get install -y " + " ".join(PACKAGES)
            + "\n    其他系统: 安装 Chromium、中文字体与 pdftotext，或用环境变量 CHROMIUM 指明浏览器"
        )
    return path


def _may_install() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _slow() -> bool:
    """The browser found is the whole one, and nobody has asked for it by name."""
    return "CHROMIUM" not in os.environ and shutil.which(SHELL) is None and _offered(SHELL)


def _offered(package: str) -> bool:
    """Whether this distribution has it, as far as its lists on this machine say."""
    return subprocess.run(["apt-cache", "show", package], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def _install() -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say.command("更新系统软件目录 (apt-get update)", ["apt-get", "update"], env=env)
    packages = [SHELL if name == "chromium" and _offered(SHELL) else name for name in missing()]
    if _slow() and SHELL not in packages:
        packages.append(SHELL)
    say.command("安装 " + " ".join(packages), ["apt-get", "install", "-y", "--no-install-recommends", *packages], env=env)
