"""What came of a draw, as other capabilities hear it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DrawnUnit:
    """One drawn unit with its team in ticket order; an empty team says that there were too few candidates."""

    unit_id: str
    stratum: str
    team: tuple[str, ...]
    candidates: int
    premises: tuple[str, ...] = ()
    """All premises of the entity in the pool, where the agency draws entities (D-2); planning chooses among them."""
    item_codes: tuple[str, ...] = ()
    entity_id: str = ""


@dataclass(frozen=True)
class Drawn:
    """What came of a draw, for plans. ``purpose`` replacement carries the assignment in ``reference``."""

    draw_id: str
    number: str
    title: str
    purpose: str
    item_codes: tuple[str, ...]
    rows: tuple[DrawnUnit, ...]
    period: str = ""
    section: str = ""
    reference: str = ""
    late: bool = False
