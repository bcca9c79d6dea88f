"""Who visits a drawn unit (draw.md 3.3a step 7). Pure.

Fewer visits this year means more tickets, up to `bal_max`: over a year everybody comes to about the same number
(002 ch. 6: 77). Recusals stand in the snapshot, so that nobody can be made unavailable after the seed is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from server.draw import tickets
from server.draw.domain import Choice, Person, Unit


class Roster:
    """The people of one draw with their loads, which grow as teams are made."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = sorted(people, key=lambda person: person.raw)
        self._loads = {person.pid: person.load for person in people}

    def candidates(self, unit: Unit, without: Collection[str] = ()) -> list[Person]:
        """People who may visit the unit: qualified, not recused, below their cap; sorted by id."""
        return [
            person for person in self._people
            if unit.need in person.q and person.pid not in unit.recuse and person.pid not in without
            and self._loads[person.pid] < person.cap
        ]  # fmt: skip

    def pick(self, key: bytes, unit: Unit, size: int, bal_max: int, without: Collection[str] = ()) -> Choice:
        """A team of `size` for the unit from stream `key`; empty when there are fewer candidates."""
        found = self.candidates(unit, without)
        if len(found) < size:
            return Choice(unit, (), len(found))
        most = max((self._loads[person.pid] for person in found), default=0)
        own = tickets.tagged("team", key, unit.raw)
        ordered = sorted(
            (tickets.best(own, person.raw, min(bal_max, 1 + most - self._loads[person.pid])), person.raw, person.pid)
            for person in found
        )
        team = tuple(pid for _, _, pid in ordered[:size])
        for pid in team:
            self._loads[pid] += 1
        return Choice(unit, team, len(found))
