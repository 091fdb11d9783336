"""The three things of EXIF that are wanted: which way is up, when it was taken, and in which offset from UTC.

Everything else in it, the position above all, is not even read. A reader of our own, since a general one follows every
entry of a block that may be written to unfold without end; this one looks at a bounded number of entries, and reads a
few bytes of each.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import struct
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_ORIENTATION, _EXIF_FOLDER = 0x0112, 0x8769
_TAKEN, _OFFSET_TAKEN, _OFFSET = 0x9003, 0x9011, 0x9010
_INTEGERS = {3: ("H", 2), 4: ("I", 4)}
_TEXT, _LONGEST_TEXT = 2, 40
_MOST_ENTRIES = 500  # a camera writes some 60


@dataclass(frozen=True)
class Told:
    """What EXIF tells: the orientation (1 to 8; 1 is upright), and the moment as text with its offset as text."""

    orientation: int = 1
    taken: str = ""
    offset: str = ""


def read_exif(block: bytes) -> Told:
    """Return what a block tells; a broken one tells nothing.

    Notes
    -----
    Exif 2.32 (CIPA DC-008): a TIFF structure with a folder of its own for the times.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return Told()
    first = _folder(block, order, _number(block, order, 4))
    inner = _folder(block, order, folder) if isinstance(folder := first.get(_EXIF_FOLDER), int) else {}
    orientation = first.get(_ORIENTATION)
    taken, offset = inner.get(_TAKEN), inner.get(_OFFSET_TAKEN) or inner.get(_OFFSET)
    return Told(
        orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        taken if isinstance(taken, str) else "",
        offset if isinstance(offset, str) else "",
    )


def moment_taken(told: Told, zone: ZoneInfo) -> dt.datetime | None:
    """Return when a photo was taken: by its own offset from UTC, or in the city's zone where it tells none.

    Examples
    --------
    >>> moment_taken(Told(1, "2026:11:03 16:20:00", "+08:00"), ZoneInfo("UTC")).isoformat()
    '2026-11-03T16:20:00+08:00'
    >>> moment_taken(Told(1, "2026:11:03 16:20:00"), ZoneInfo("Asia/Shanghai")).isoformat()
    '2026-11-03T16:20:00+08:00'
    >>> moment_taken(Told(1, "0000:00:00 00:00:00"), ZoneInfo("UTC")) is None
    True
    """
    try:
        moment = dt.datetime.strptime(told.taken, "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None
    with contextlib.suppress(ValueError):  # no offset, or a broken one: the city's zone
        moment = moment.replace(tzinfo=dt.datetime.strptime(told.offset, "%z").tzinfo)
    return moment if 1990 <= moment.year <= 2200 else None


def _number(block: bytes, order: str, at: int, code: str = "I") -> int:
    try:
        (found,) = struct.unpack_from(order + code, block, at)
    except struct.error:
        return 0
    return int(found)


def _folder(block: bytes, order: str, at: int) -> dict[int, int | str]:
    """Return the wanted entries of a folder: whole numbers, and short texts."""
    found: dict[int, int | str] = {}
    for place in range(min(_number(block, order, at, "H") if at else 0, _MOST_ENTRIES)):
        entry = at + 2 + 12 * place
        tag, kind = _number(block, order, entry, "H"), _number(block, order, entry + 2, "H")
        if tag not in {_ORIENTATION, _EXIF_FOLDER, _TAKEN, _OFFSET_TAKEN, _OFFSET}:
            continue
        if kind in _INTEGERS:
            found[tag] = _number(block, order, entry + 8, _INTEGERS[kind][0])
        elif kind == _TEXT:
            length = min(_number(block, order, entry + 4), _LONGEST_TEXT)
            start = entry + 8 if length <= 4 else _number(block, order, entry + 8)
            found[tag] = block[start : start + length].split(b"\0")[0].decode("ascii", errors="replace").strip()
    return found
