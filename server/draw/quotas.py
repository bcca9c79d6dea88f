"""How many units of each stratum a draw takes (draw.md 3.3a step 5). Pure, integers only.

Strata that must be visited within the year get ceil(still owed / months left) each, even beyond `n` (001 art. 14);
what remains, and at least the general share, is spread over the others by largest remainder."""

from __future__ import annotations

from collections.abc import Mapping

from server.draw.domain import Rule


def quotas(rule: Rule, eligible: Mapping[str, int]) -> dict[str, int]:
    """{stratum: places} from {stratum: eligible units}; strata of `must` are listed even when empty."""
    found = {name: _ceil(eligible.get(name, 0), rule.months_left) for name in sorted(rule.must)}
    others = {name: count for name, count in sorted(eligible.items()) if count and name not in rule.must}
    pool = sum(others.values())
    share = _ceil(rule.general_min_permille * rule.n, 1000)
    left = min(max(share, rule.n - sum(found.values())), pool)
    return found | largest_remainder(left, others)


def largest_remainder(places: int, counts: Mapping[str, int]) -> dict[str, int]:
    """`places` in proportion to `counts`; ties of the remainder go to the lower name."""
    pool = sum(counts.values())
    if not pool:
        return {}
    found = {name: places * count // pool for name, count in counts.items()}
    order = sorted(counts, key=lambda name: (-(places * counts[name] % pool), name))
    for name in order[: places - sum(found.values())]:
        found[name] += 1
    return found


def _ceil(value: int, parts: int) -> int:
    return -(-value // parts)
