"""Fixtures of the tests of the agencies' rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from server.draw import pooling
from tests.draw.agencies import Opened
from tests.draw.office import a_ceremony


@pytest.fixture
def open_office(ctx: Flask, repository: Path) -> Opened:
    return lambda agency: a_ceremony(agency, repository / "checklists")


@pytest.fixture
def visited(ctx: Flask) -> Iterator[dict[str, int]]:
    """``visited[unit] = 2``: how often a unit was visited this year, as plans would say."""
    counted: dict[str, int] = {}
    before = list(pooling._visits)
    pooling.visits_from(lambda _agency, units, _year: {unit: counted.get(unit, 0) for unit in units})
    yield counted
    pooling._visits[:] = before
