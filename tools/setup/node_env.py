"""Node, npm packages and the build of the PWA."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.setup import places, python_env, say, stamps

LOCK = places.ROOT / "requirements-node.txt"
PACKAGES = [places.PWA / name for name in ("package.json", "package-lock.json", ".npmrc")]
SOURCES = [places.PWA / name for name in ("src", "public", "assets", "build", "index.html", "desk.html",
                                          "vite.config.ts", "tsconfig.json", "package-lock.json")]


@dataclass(frozen=True)
class Node:
    """The programs to call and the version they answered."""

    node: Path
    npm: Path
    version: str


def accepted(version: str) -> bool:
    """What Vite runs on: 20.19 and later of 20, 22.12 and later, 23 and newer lines."""
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+).*", version.strip())
    if found is None:
        return False
    major, minor = int(found.group(1)), int(found.group(2))
    return (major == 20 and minor >= 19) or (major == 22 and minor >= 12) or major >= 23


def _version(program: Path) -> str:
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, encoding="utf-8",
                                stdin=subprocess.DEVNULL, env=places.child_env(), check=False)
    except OSError:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _on_path(search: str | None) -> Node | None:
    node, npm = shutil.which("node", path=search), shutil.which("npm", path=search)
    if node is None or npm is None:
        return None
    version = _version(Path(node))
    return Node(Path(node), Path(npm), version) if accepted(version) and _version(Path(npm)) else None


def ensure_node() -> Node:
    """Node from PATH when it is new enough, else the hashed wheel inside ``.venv``."""
    found = _on_path(None)
    if found is not None:
        return found
    wanted = stamps.fingerprint([LOCK], str(places.VENV))
    inside = _on_path(str(places.SCRIPTS))
    if inside is None or not stamps.fresh("node_wheel", wanted):
        python_env.install(LOCK, "没有合适的 Node（需要 20.19 以上），装入 .venv")
        stamps.write(node_wheel=wanted)
        inside = _on_path(str(places.SCRIPTS))
    if inside is None:
        raise say.SetupError("Node 装好了却不能启动；请自行安装 Node 20.19 或更新版本后再试")
    return inside


@contextlib.contextmanager
def packages_beside() -> Iterator[None]:
    """Fetch the npm packages while the block does something else, mostly pip: both wait for the network.

    Nothing happens without a Node of the machine's own: the one from the wheel comes by pip. A fault is not told here
    but by the ``ensure_packages`` that follows, which tries once more."""
    if _on_path(None) is None:
        yield
        return
    with ThreadPoolExecutor(1) as beside:
        fetched = beside.submit(ensure_packages)
        yield
    fetched.exception()


def ensure_packages() -> Node:
    """``npm ci`` when the lock or the Node line changed. Scripts of packages are not run."""
    node = ensure_node()
    wanted = stamps.fingerprint(PACKAGES, node.version.split(".")[0], str(places.PWA))
    if not stamps.fresh("npm", wanted) or not (places.PWA / "node_modules" / "vite").is_dir():
        stamps.write(npm=None)
        npm(node, f"安装前端依赖 (npm ci, Node {node.version})", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        stamps.write(npm=wanted)
    return node


def npm(node: Node, what: str, *arguments: str) -> None:
    say.command(what, [node.npm, *arguments], env=node_env(node), cwd=places.PWA)


def node_env(node: Node) -> dict[str, str]:
    """The environment in which ``node`` and the packages' programs are found."""
    env = places.child_env()
    env["PATH"] = os.pathsep.join([str(node.node.parent), env["PATH"]])
    env["NO_UPDATE_NOTIFIER"] = "1"
    return env


def ensure_build(*, force: bool = False) -> None:
    """``pwa/dist`` from the present sources; Node is not touched while nothing changed."""
    if not force and not stale():
        return
    node = ensure_packages()
    stamps.write(build=None)
    npm(node, "编译前端 (pwa/dist)", "run", "build")
    stamps.write(build=stamps.fingerprint(_sources()))


def stale() -> bool:
    """Whether ``pwa/dist`` is missing or older than its sources."""
    return not stamps.fresh("build", stamps.fingerprint(_sources())) or not (places.DIST / "index.html").is_file()


def _sources() -> list[Path]:
    return [path for path in stamps.files(SOURCES) if not path.name.endswith(".test.ts")]
