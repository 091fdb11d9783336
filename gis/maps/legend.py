"""Classes and colours for counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

RAMP = ("#fde49b", "#fdc25c", "#fb923c", "#ef5f2c", "#cf2a20", "#7f0d24")
"""From few to many, after ColorBrewer's YlOrRd: lightness falls steadily, so it reads without red or green too."""

_NICE = (1, 1.5, 2, 3, 4, 5, 6, 8)


def class_breaks(values: ArrayLike, k: int, *, classes: int = len(RAMP)) -> list[int]:
    """Return the lowest count of each class, rising from ``k``.

    Counts of incidents are spread very unevenly, so the classes widen in equal ratios (a geometric
    progression), rounded to numbers that are easy to read. The last class starts at the 99th percentile at
    the latest, so that one extreme cell does not wash out the others.

    Parameters
    ----------
    values
        Shown counts; those below ``k`` are left out.
    k
        The smallest count that is shown.
    classes
        The most classes.

    Examples
    --------
    >>> class_breaks([3, 3, 4, 5], 3)
    [3, 4, 5]
    >>> class_breaks(range(3, 400), 3)
    [3, 8, 20, 60, 150]
    >>> class_breaks([], 3)
    []
    """
    value = np.asarray(values, dtype=np.float64).ravel()
    value = value[value >= k]
    if not value.size:
        return []
    most = int(value.max())
    if most - k < classes:
        return list(range(k, most + 1))
    top = max(float(np.percentile(value, 99)), k + 1.0)
    ideal = k * (top / k) ** (np.arange(1, classes) / (classes - 1 if top < most else classes))
    breaks = [k]
    for at in ideal:
        nice = _nearest_nice(float(at))
        if breaks[-1] < nice <= most:
            breaks.append(nice)
    return breaks


def ramp(classes: int) -> list[str]:
    """Return one colour per class; the ends of the ramp are always used, the strongest first when there is one class."""
    if classes == 1:
        return [RAMP[2]]
    return [RAMP[round(i * (len(RAMP) - 1) / (classes - 1))] for i in range(classes)]


def _nearest_nice(value: float) -> int:
    power = 10.0 ** np.floor(np.log10(value))
    candidates = [step * scale for scale in (power, 10 * power) for step in _NICE if float(step * scale).is_integer()]
    return int(min(candidates, key=lambda nice: abs(np.log(nice / value))))


DIVERGING = ("#2166ac", "#67a9cf", "#c4dff0", "#fbd2bb", "#ef8a62", "#b2182b")
"""From much less to much more, after ColorBrewer's RdBu, which colour-blind people can tell apart."""


def value_breaks(values: ArrayLike, *, classes: int = len(RAMP)) -> list[float]:
    """Return the lowest value of each class of a density or rate, rising in equal ratios, easy to read.

    The first class starts at the least value, the last one at the 99th percentile at the latest.

    Examples
    --------
    >>> value_breaks([0.5, 1, 2, 4, 8, 16])
    [0.5, 1.0, 2.0, 4.0, 8.0, 15.0]
    >>> value_breaks([3.0, 3.0]), value_breaks([])
    ([3.0], [])
    """
    value = np.asarray(values, dtype=np.float64).ravel()
    value = value[np.isfinite(value) & (value > 0)]
    if not value.size:
        return []
    least, top = float(value.min()), float(np.percentile(value, 99))
    if top <= least * 1.001:
        return [_rounded(least)]
    breaks = [_rounded(least)]
    for at in least * (top / least) ** (np.arange(1, classes) / (classes - 1)):
        nice = _rounded(float(at))
        if nice > breaks[-1]:
            breaks.append(nice)
    return breaks


def difference_breaks(values: ArrayLike) -> list[float]:
    """Return two sizes of change that part little, middling and large, from the sizes that there are.

    Examples
    --------
    >>> difference_breaks([-1, 2, 4, 10, -40])
    [3.0, 15.0]
    """
    size = np.abs(np.asarray(values, dtype=np.float64).ravel())
    size = size[np.isfinite(size) & (size > 0)]
    if not size.size:
        return []
    low, high = (_rounded(float(np.percentile(size, part))) for part in (40, 80))
    return [low, high] if high > low else [low]


def _rounded(value: float) -> float:
    """Return a value with one digit, or with 1.5 at the front."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(
        min((step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10)), key=lambda nice: abs(np.log(nice / value)))
    )
