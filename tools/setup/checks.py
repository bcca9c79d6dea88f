"""``manage.py test`` and ``manage.py lint``: every suite, one summary, one exit code."""

from __future__ import annotations

import contextlib
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.setup import browser, node_env, places, python_env, say

REPORTS = places.STATE / "reports"


@dataclass(frozen=True)
class Outcome:
    """What one suite counted; ``failed`` is at least 1 when its program failed."""

    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float


def lint() -> int:
    python_env.ensure(development=True)
    began = time.monotonic()
    return _summarise([*_python_read(), _eslint(node_env.ensure_packages())], time.monotonic() - began)


def test(only: str | None, pytest_arguments: Sequence[str]) -> int:
    """Set up and run; ``pytest_arguments`` narrow the run to Python tests."""
    began = time.monotonic()
    if pytest_arguments and only is None:
        only = "python"
    outcomes: list[Outcome] = []
    with contextlib.ExitStack() as beside:
        if only is None:
            # Whatever else a machine lacks comes while Python's part does what it can alone.
            beside.enter_context(node_env.packages_beside())
            beside.enter_context(browser.beside())
        python_env.ensure(development=True)
        if only in (None, "lint"):
            outcomes += _python_read()
        if only is None:
            _collected_once()
    suites: list[Callable[[], list[Outcome]]] = []
    if only is None:
        suites.append(lambda: _without_a_server(node_env.ensure_packages()))
    if only == "lint":
        suites.append(lambda: [_eslint(node_env.ensure_packages())])
    if only == "ts":
        suites.append(lambda: [run(node_env.ensure_packages()) for run in (_types, _vitest)])
    if only in (None, "python"):
        suites.append(lambda: [_python(node_env.ensure_packages(), pytest_arguments)])
    if only in (None, "browser"):
        suites.append(_browser)
    for suite in suites:
        try:
            outcomes += suite()
        except say.SetupError as fault:
            # A suite that cannot start is a failure, and the others still run.
            say.line(f"✗ {fault}")
            outcomes.append(Outcome("set-up", 0, 1, 0, 0))
    return _summarise(outcomes, time.monotonic() - began)


def _python_read() -> list[Outcome]:
    """What reads the sources and needs no Node."""
    python, env = str(places.PYTHON), places.child_env()
    return [_run(name, command, env=env) for name, command in (
        ("ruff", [python, "-m", "ruff", "check", "."]),
        ("mypy --strict", [python, "-m", "mypy"]),
        ("import contracts", [str(places.SCRIPTS / "lint-imports")]),
        ("checklists", [python, "-m", "server.rules.cli", "check"]),
    )]


def _collected_once() -> None:
    """One process reads and compiles all modules and tests; the three that run them would each do it at the same time."""
    subprocess.run([str(places.PYTHON), "-m", "pytest", "--collect-only", "-qq"], cwd=places.ROOT, env=places.child_env(),
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _eslint(node: node_env.Node) -> Outcome:
    return _run("eslint", [str(node.npm), "run", "--silent", "lint"], cwd=places.PWA, env=node_env.node_env(node))


def _without_a_server(node: node_env.Node) -> list[Outcome]:
    """All that reads the PWA's sources, and its tests. What keeps one core busy goes beside: its types, then the build that the scenarios want."""
    with ThreadPoolExecutor(1) as beside:
        types = beside.submit(_types, node, aside=True)
        beside.submit(_build)
        return [_eslint(node), _vitest(node), types.result()]


def _build() -> None:
    """A build that fails is said by the suite that needs it."""
    with contextlib.suppress(say.SetupError):
        node_env.ensure_build()


def _types(node: node_env.Node, *, aside: bool = False) -> Outcome:
    return _run("types (vue-tsc)", [str(node.npm), "run", "--silent", "types"], cwd=places.PWA, env=node_env.node_env(node), aside=aside)


def _vitest(node: node_env.Node) -> Outcome:
    report = _report("vitest")
    return _run("vitest", [str(node.npm), "run", "--silent", "test", "--", "--reporter=default", "--reporter=junit",
                           f"--outputFile.junit={report}"], cwd=places.PWA, env=node_env.node_env(node), report=report)


def _python(node: node_env.Node, arguments: Sequence[str]) -> Outcome:
    """pytest; some tests ask the programs of the PWA, so Node is on their PATH too."""
    report = _report("pytest")
    # One more than the two cores: a test also waits, for PostgreSQL or for a process it has started.
    workers = [] if arguments else ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    return _run("pytest", [str(places.PYTHON), "-m", "pytest", "-q", f"--junitxml={report}", *workers, *arguments],
                env=node_env.node_env(node), report=report)


def _browser() -> list[Outcome]:
    env_chromium = browser.ensure()
    node_env.ensure_build()
    node = node_env.ensure_packages()
    report = _report("playwright")
    env = node_env.node_env(node)
    env |= {"CHROMIUM": env_chromium, "PLAYWRIGHT_JUNIT_OUTPUT_FILE": str(report), "SUIJIAN_PYTHON": str(places.PYTHON)}
    command = [str(node.node), str(places.PWA / "node_modules" / "@playwright" / "test" / "cli.js"), "test",
               "--config", str(places.PWA / "playwright.config.ts")]
    return [_run("browser (Playwright, Chromium)", command, cwd=places.PWA, env=env, report=report)]


def _report(name: str) -> Path:
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = REPORTS / f"{name}.xml"
    path.unlink(missing_ok=True)
    return path


def _run(name: str, command: Sequence[str], *, env: dict[str, str], cwd: Path = places.ROOT,
         report: Path | None = None, aside: bool = False) -> Outcome:
    """Run one suite with its output on the screen and count its report. ``aside``: beside another, its output afterwards."""
    started = time.monotonic()
    if aside:
        ran = subprocess.run(list(command), cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", check=False)
        code = ran.returncode
        say.step(name)
        say.line(ran.stdout.rstrip())
    else:
        say.step(name)
        code = subprocess.run(list(command), cwd=cwd, env=env, stdin=subprocess.DEVNULL, check=False).returncode
    seconds = time.monotonic() - started
    passed, failed, skipped = (0, 0, 0) if report is not None else (1, 0, 0)
    if report is not None and report.is_file():
        passed, failed, skipped = _counts(report)
    if code != 0 and failed == 0:
        passed, failed = (0 if report is None else passed), 1
    if report is not None and code == 0 and passed == 0:
        # A suite that found nothing to run has proved nothing.
        failed = 1
    return Outcome(name, passed, failed, skipped, seconds)


def _counts(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases of a JUnit file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def _summarise(outcomes: Sequence[Outcome], seconds: float) -> int:
    say.line()
    for each in outcomes:
        mark = "✗" if each.failed else "✓"
        counts = f"{each.passed} passed, {each.failed} failed, {each.skipped} skipped"
        say.line(f"{mark} {each.name:<32} {counts:<40} {each.seconds:6.1f} s")
    passed, failed = sum(each.passed for each in outcomes), sum(each.failed for each in outcomes)
    skipped = sum(each.skipped for each in outcomes)
    say.line(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "") + f" in {seconds:.0f} s, set-up included")
    return 1 if failed or not outcomes else 0
