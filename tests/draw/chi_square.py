"""How surprising a count is: the upper tail of the chi-square distribution, without a statistics library."""

from __future__ import annotations

import math
from collections.abc import Sequence


def p_value(q: float, freedom: int) -> float:
    """P(chi-square with `freedom` degrees exceeds `q`): the regularised upper incomplete gamma function."""
    a, x = freedom / 2, q / 2
    if x <= 0:
        return 1.0
    front = math.exp(-x + a * math.log(x) - math.lgamma(a)) if x < 700 + a else 0.0
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-15:
            n += 1
            term *= x / n
            total += term
        return 1 - total * front
    # Lentz's continued fraction.
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, 500):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return front * h


def statistic(observed: Sequence[int], expected: Sequence[float]) -> float:
    """Pearson's Q for cells that are filled once per trial."""
    return sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))
