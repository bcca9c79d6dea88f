"""The result of a draw finds its place: next month's plan, the people of fixed objects, or an empty chair."""

from __future__ import annotations

from server.plans import monthly, replacing, undrawn

TARGETS = {"month": monthly.add_draw, "fixed": undrawn.people_drawn, "replacement": replacing.drawn}


def take(agency_id: str, drawn: monthly.DrawResult) -> None:
    """Called inside the draw's unit of work; a second delivery does nothing."""
    monthly.take(agency_id, drawn, TARGETS)
