"""The door to draws: one line per use case; each lives in the file that changes for its reason."""

from __future__ import annotations

from server.draw.alliance import Partner, join, partners, propose_joint
from server.draw.ceremony import announce, attend, commit, drawn_of, on_drawn, reveal, roll, testify
from server.draw.districts import submit
from server.draw.explain import Fate, Feasibility, fates, feasibility
from server.draw.lending import lent
from server.draw.overview import Draw, list_for, listing, row_for, row_seen, view
from server.draw.photos import keep_photo, photo_for
from server.draw.pooling import loads_from, visits_from
from server.draw.proposing import change, discard, propose
from server.draw.publishing import (
    opening,
    public_draw,
    public_draws,
    public_transcript,
    publish_after_visits,
    publish_transcript,
    transcript_for,
    visits_over_by,
)  # fmt: skip
from server.draw.results import Drawn, DrawnUnit
from server.draw.snapshot import freeze
from server.draw.substitution import Leaving, counts, next_unit, propose_replacement
from server.draw.voiding import CAUSES, ask, decide, on_void, waiting_for
from server.draw.wish import Named, Wish, wish_from

__all__ = [
    "CAUSES", "Draw", "Drawn", "DrawnUnit", "Fate", "Feasibility", "Leaving", "Named", "Partner", "Wish", "announce", "ask", "attend", "change", "commit", "counts", "decide",
    "discard", "drawn_of", "fates", "feasibility", "freeze", "keep_photo", "lent", "list_for", "join", "listing", "loads_from", "next_unit", "on_drawn", "on_void", "opening", "partners",
    "photo_for", "propose", "propose_joint", "propose_replacement", "public_draw", "public_draws", "public_transcript", "publish_after_visits", "publish_transcript",
    "reveal", "roll", "row_for", "row_seen", "submit", "testify", "transcript_for", "view", "visits_from", "visits_over_by", "waiting_for", "wish_from",
]
