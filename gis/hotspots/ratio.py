"""The greatest log likelihood ratio among many windows or cylinders, looked for in many arrangements."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDING = 1e-4  # more than single precision loses
_NEVER = 1e30  # expected where nothing is looked for


class GreatestRatio:
    """Windows or cylinders among which the greatest ratio is looked for.

    A log likelihood ratio is at most Pearson's chi square, which is cheap (as the Kullback-Leibler divergence is at most
    that of chi square). So it need only be worked out where chi square is above the ratio of its own maximum.

    Parameters
    ----------
    expected, spread
        How much each is expected to hold, and the variance by which chi square is measured, arrays of one shape; where
        either is not finite, or there is no spread, nothing is looked for.
    least
        One that holds no more than this does not count, whatever is expected; nor does one that holds no more than that.
    ratio
        The ratios of what some hold and what they are expected to hold.
    """

    def __init__(
        self, expected: Floats, spread: Floats, least: float, ratio: Callable[[Floats, Floats], Floats]
    ) -> None:
        self._expected, self._ratio = expected.ravel(), ratio
        spread = spread.ravel()
        used = np.isfinite(self._expected) & np.isfinite(spread) & (spread > 0)
        root = np.sqrt(np.divide(1.0 + _ROUNDING, spread, out=np.zeros_like(spread), where=used))
        self._root = root.astype(np.float32)
        self._fair = np.where(used, self._expected, _NEVER).astype(np.float32)
        self._least = np.maximum(self._fair, np.float32(least))

    def of(self, held: Floats) -> Floats:
        """Return the greatest ratio of each arrangement, 0 where none counts; ``held`` has shape ``(many, …)``."""
        held = held.reshape(len(held), -1)
        chi = held - self._fair
        chi *= self._root
        chi *= held > self._least
        top = chi.argmax(axis=1)
        best = self._ratio(held[np.arange(len(top)), top], self._expected[top])
        row, column = np.divmod(
            np.flatnonzero(chi > np.sqrt(best).astype(np.float32)[:, None]), chi.shape[1]
        )  # faster than of two axes
        np.maximum.at(best, row, self._ratio(held[row, column], self._expected[column]))
        return best
