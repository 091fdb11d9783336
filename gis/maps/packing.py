"""Many small whole numbers as a short text, for pages that must stay small."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pack(values: ArrayLike) -> str:
    """Return whole numbers of 0 or more as text; the page's ``unpack`` is the inverse.

    Each number takes as many nibbles as it needs, three bits in each, the lowest first; the fourth bit says
    that another nibble follows. So 0 … 7 take half a byte, 8 … 63 a whole one. The nibbles are filled up to
    whole bytes, the first one in the high half, and written as base64.

    Examples
    --------
    >>> pack([1, 2, 8])
    'EoE='
    """
    number = np.asarray(values, dtype=np.int64).ravel()
    if not number.size:
        return ""
    groups = np.ones(number.size, dtype=np.int64)
    rest = number >> 3
    while rest.any():
        groups += rest > 0
        rest >>= 3
    start = np.cumsum(groups) - groups
    place = np.arange(int(groups.sum())) - np.repeat(start, groups)
    nibble = (np.repeat(number, groups) >> (3 * place)) & 7
    nibble |= np.where(place < np.repeat(groups, groups) - 1, 8, 0)
    if nibble.size % 2:
        nibble = np.append(nibble, 8)  # a number that goes on and never ends: nothing
    pairs = nibble.reshape(-1, 2)
    return base64.b64encode(((pairs[:, 0] << 4) | pairs[:, 1]).astype(np.uint8).tobytes()).decode("ascii")


def zigzag(values: ArrayLike) -> NDArray[np.int64]:
    """Return whole numbers as numbers of 0 or more: 0, −1, 1, −2 become 0, 1, 2, 3."""
    number = np.asarray(values, dtype=np.int64)
    return (number << 1) ^ (number >> 63)


def gaps(indexes: ArrayLike) -> NDArray[np.int64]:
    """Return rising whole numbers as steps from the one before, the first from −1, less one each."""
    index = np.concatenate([np.array([-1]), np.asarray(indexes, dtype=np.int64)])
    steps: NDArray[np.int64] = index[1:] - index[:-1] - 1
    return steps
