"""The normal law and Student's: from ``scipy.special``, for ``scipy.stats`` alone takes as long to load as a start."""

from __future__ import annotations

import math

from scipy import special


def quantile(share: float, free: float = math.inf) -> float:
    """Return the value that a share of cases lies below, for Student's law with ``free`` degrees of freedom.

    Examples
    --------
    >>> round(quantile(0.975), 3), round(quantile(0.975, 10), 3)
    (1.96, 2.228)
    """
    return float(special.ndtri(share) if math.isinf(free) else special.stdtrit(free, share))


def two_sided_p(value: float, free: float = math.inf) -> float:
    """Return the chance of a value as far from nought or farther.

    Examples
    --------
    >>> round(two_sided_p(-1.96), 3), round(two_sided_p(2.228, 10), 3)
    (0.05, 0.05)
    """
    below = -abs(value)
    return 2 * float(special.ndtr(below) if math.isinf(free) else special.stdtr(free, below))
