"""Whether an action moved incidents elsewhere, or did good beyond its borders.

The weighted displacement quotient compares three areas before and after: A where the action was, B the ring around it,
C a control area apart from both (Bowers and Johnson 2003, J. Quant. Criminol. 19, 275–301)::

    WDQ = (B1/C1 − B0/C0) / (A1/C1 − A0/C0)

The denominator is the success measure, the numerator the displacement measure. Formulas of the net effects, and the
reading of all of them, are those of Guerette (2009), Analyzing Crime Displacement and Diffusion, POP tool guide 10,
appendices B and C. The quotient is read only where the success measure is negative: what did not fall cannot have moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.effects.differences import FEWEST, Floats
from gis.effects.laws import quantile, two_sided_p
from gis.errors import BadCoordinatesError, GisError

_DRAWS = 4999


class Area(Enum):
    """Part that a place has in the comparison."""

    ACTION = "A"
    RING = "B"
    CONTROL = "C"
    NEITHER = "-"


class Spread(Enum):
    """What a quotient says."""

    UNREADABLE = "unreadable"  # the action area did no better than the control area
    DIFFUSION_GREATER = "diffusion greater than the direct effect"  # WDQ > 1
    DIFFUSION_EQUAL = "diffusion equal to the direct effect"  # WDQ = 1
    DIFFUSION_SMALLER = "diffusion smaller than the direct effect"  # 0 < WDQ < 1
    NEITHER = "neither displacement nor diffusion"  # WDQ = 0
    DISPLACEMENT_SMALLER = "displacement smaller than the direct effect"  # −1 < WDQ < 0
    DISPLACEMENT_EQUAL = "displacement equal to the direct effect"  # WDQ = −1
    DISPLACEMENT_GREATER = "displacement greater than the direct effect"  # WDQ < −1


@dataclass(frozen=True)
class Displacement:
    """The quotient, its parts and the net effects.

    Attributes
    ----------
    before, after
        Incidents in A, B and C.
    gross_effect
        ``A0 − A1``: fewer incidents where the action was; negative: more.
    success
        ``A1/C1 − A0/C0``; negative: the action area did better than the control area.
    displacement
        ``B1/C1 − B0/C0``; negative: a possible diffusion of benefit, positive: possible displacement.
    wdq
        Quotient of both; NaN where it cannot be read.
    wdq_low, wdq_high
        Its interval; NaN where the success measure is not surely negative, for the quotient then has no bounds.
    net_effect
        ``[A0 (C1/C0) − A1] + [B0 (C1/C0) − B1]``: incidents prevented in both areas together.
    net_low, net_high
        Its interval.
    spread
        What the quotient says.
    sure
        Whether its whole interval says displacement, or all of it diffusion.
    """

    before: tuple[int, int, int]
    after: tuple[int, int, int]
    gross_effect: int
    success: float
    displacement: float
    wdq: float
    wdq_low: float
    wdq_high: float
    net_effect: float
    net_low: float
    net_high: float
    spread: Spread
    sure: bool

    @property
    def enough(self) -> bool:
        """Whether each area had enough incidents to say anything."""
        a, b, c = self.before
        return min(a, b, c, self.after[2]) >= FEWEST


@dataclass(frozen=True)
class DisplacementDifference:
    """The weighted displacement difference: estimate, standard error, z, p and interval, in incidents."""

    estimate: float
    standard_error: float
    z: float
    p: float
    low: float
    high: float


def areas_by_distance(
    distance_m: ArrayLike, action_m: float, ring_m: float, apart_m: float = 0.0
) -> NDArray[np.object_]:
    """Return the part of each place by its distance to the nearest place of the action.

    Parameters
    ----------
    distance_m
        Metres, shape ``(n,)``.
    action_m
        Radius of the action area; its limit belongs to it.
    ring_m
        Width of the ring around it.
    apart_m
        Width of a strip beyond the ring that belongs to neither, so that the control area is not reached.

    Returns
    -------
    numpy.ndarray
        :class:`Area`, shape ``(n,)``.
    """
    far = np.asarray(distance_m, dtype=np.float64).ravel()
    if not np.isfinite(far).all() or (far < 0).any():
        raise BadCoordinatesError("distances must be finite and not negative")
    if not (action_m >= 0 and ring_m > 0 and apart_m >= 0):
        raise GisError("a ring needs a width")
    edges = np.array([action_m, action_m + ring_m, action_m + ring_m + apart_m])
    kinds = np.array([Area.ACTION, Area.RING, Area.NEITHER, Area.CONTROL], dtype=object)
    out: NDArray[np.object_] = kinds[np.searchsorted(edges, far, side="left")]
    return out


def weighted_displacement(
    before: ArrayLike,
    after: ArrayLike,
    *,
    confidence: float = 0.95,
    draws: int = _DRAWS,
    seed: int = 0,
) -> Displacement:
    """Return the weighted displacement quotient of counts before and after, with intervals by bootstrap.

    The six counts are drawn anew from Poisson distributions; a half is added to each while drawing, so that none is
    stuck at zero. Periods of unlike length need no weights: the control area cancels them.

    Parameters
    ----------
    before, after
        Incidents in A (action), B (ring) and C (control), shape ``(3,)``, or by unit, shape ``(3, units)``, summed.

    Raises
    ------
    GisError
        If counts are not whole and non-negative, or the control area has no incidents before or after.

    Examples
    --------
    >>> found = weighted_displacement([100, 50, 200], [60, 48, 190], draws=99)
    >>> round(found.wdq, 3), found.spread.value
    (-0.014, 'displacement smaller than the direct effect')
    """
    first, last = _three(before), _three(after)
    if not first[2] or not last[2]:
        raise GisError("the control area had no incidents before or none after; choose a larger one")
    if draws < 1 or not 0 < confidence < 1:
        raise GisError("an interval needs draws, and a confidence between 0 and 1")
    success, moved, net = _measures(first, last)
    quotient = float(moved / success) if success < 0 else math.nan
    rng = np.random.default_rng(seed)
    drawn_first = rng.poisson(first[:, None] + 0.5, (3, draws)).astype(np.float64)
    drawn_last = rng.poisson(last[:, None] + 0.5, (3, draws)).astype(np.float64)
    drawn_first[2], drawn_last[2] = np.maximum(drawn_first[2], 0.5), np.maximum(drawn_last[2], 0.5)
    success_drawn, moved_drawn, net_drawn = _measures(drawn_first, drawn_last)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    net_low, net_high = (float(x) for x in np.quantile(net_drawn, tails))
    low = high = math.nan
    if success < 0 and float(np.quantile(success_drawn, tails[1])) < 0:
        fell = success_drawn < 0
        low, high = (float(x) for x in np.quantile(moved_drawn[fell] / success_drawn[fell], tails))
    return Displacement(
        before=(int(first[0]), int(first[1]), int(first[2])),
        after=(int(last[0]), int(last[1]), int(last[2])),
        gross_effect=int(first[0] - last[0]),
        success=float(success),
        displacement=float(moved),
        wdq=quotient,
        wdq_low=low,
        wdq_high=high,
        net_effect=float(net),
        net_low=net_low,
        net_high=net_high,
        spread=spread_of(quotient),
        sure=low > 0 or high < 0,
    )


def spread_of(wdq: float) -> Spread:
    """Return what a quotient says (Guerette 2009, appendix C); NaN cannot be read.

    Examples
    --------
    >>> spread_of(-0.4).value, spread_of(1.7).value
    ('displacement smaller than the direct effect', 'diffusion greater than the direct effect')
    """
    if math.isnan(wdq):
        return Spread.UNREADABLE
    for mark, name in ((1.0, Spread.DIFFUSION_EQUAL), (0.0, Spread.NEITHER), (-1.0, Spread.DISPLACEMENT_EQUAL)):
        if math.isclose(wdq, mark, abs_tol=1e-9):
            return name
    if wdq > 0:
        return Spread.DIFFUSION_GREATER if wdq > 1 else Spread.DIFFUSION_SMALLER
    return Spread.DISPLACEMENT_SMALLER if wdq > -1 else Spread.DISPLACEMENT_GREATER


def displacement_difference(
    treated: ArrayLike,
    control: ArrayLike,
    ring: ArrayLike = (0, 0),
    control_ring: ArrayLike = (0, 0),
    *,
    confidence: float = 0.95,
) -> DisplacementDifference:
    """Return the weighted displacement difference of Wheeler and Ratcliffe (2018, Crime Science 7:11).

    Differences instead of quotients, which small and zero counts do not upset. Periods must be of one length.

    Parameters
    ----------
    treated, control, ring, control_ring
        Incidents before and after, shape ``(2,)``.

    Examples
    --------
    >>> found = displacement_difference((207, 110), (308, 318), (178, 157), (150, 140))  # the paper's example
    >>> found.estimate, round(found.z, 2)
    (-118.0, -2.98)
    """
    parts = np.stack([_whole(part, 2) for part in (treated, control, ring, control_ring)])
    estimate = float(np.array([1, -1, 1, -1]) @ (parts[:, 1] - parts[:, 0]))
    error = math.sqrt(float(parts.sum()))
    if not error:
        return DisplacementDifference(0.0, 0.0, math.nan, math.nan, 0.0, 0.0)
    z, reach = estimate / error, quantile(0.5 + confidence / 2) * error
    return DisplacementDifference(estimate, error, z, two_sided_p(z), estimate - reach, estimate + reach)


def _measures(first: Floats, last: Floats) -> tuple[Floats, Floats, Floats]:
    success = last[0] / last[2] - first[0] / first[2]
    moved = last[1] / last[2] - first[1] / first[2]
    net = (first[0] + first[1]) * (last[2] / first[2]) - last[0] - last[1]
    return success, moved, net


def _three(counts: ArrayLike) -> Floats:
    table = np.asarray(counts, dtype=np.float64)
    return _whole(table.sum(axis=1) if table.ndim == 2 else table, 3)


def _whole(counts: ArrayLike, size: int) -> Floats:
    row = np.asarray(counts, dtype=np.float64).ravel()
    if row.size != size or not np.isfinite(row).all() or (row < 0).any() or (row != np.round(row)).any():
        raise GisError(f"{size} whole numbers of incidents are needed")
    return row
