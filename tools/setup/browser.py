"""The system programs the tests need beside Python and Node: Chromium, a Chinese font, pdftotext."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from tools.setup import say

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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


def ensure() -> str:
    """Path of Chromium; installs what is missing when it may, else says which packages to install."""
    wanted = missing()
    if wanted and _may_install():
        _install(wanted)
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


def _install(packages: Sequence[str]) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say.command("更新系统软件目录 (apt-get update)", ["apt-get", "update"], env=env)
    say.command(
        "安装 " + " ".join(packages),
        ["apt-get", "install", "-y", "--no-install-recommends", *packages],
        env=env,
    )
