"""What reading a file gives: a table, and what was wrong with it, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Severity = Literal["refused", "warning", "mended"]


@dataclass(frozen=True)
class RowProblem:
    """One thing that is wrong with one row of a file.

    Attributes
    ----------
    row
        The number as a person sees it: spreadsheet row with the header counted, line of a CSV file, feature from 1.
        None where the whole file is meant.
    field
        The field or column, ``"geometry"`` for the shape; None where the whole row is meant.
    code
        Stable name of what is wrong, for translations and tests.
    detail
        What is wrong, in English, with the text that was found.
    severity
        ``refused`` (cannot be used), ``warning`` (was used, but should be looked at), ``mended`` (was put right).
    """

    row: int | None
    field: str | None
    code: str
    detail: str
    severity: Severity


@dataclass(frozen=True)
class Table:
    """Rows of a file as they stand in it; a row that cannot be used is there too, with a ``refused`` problem.

    Attributes
    ----------
    frame
        Raw attributes (texts, numbers, booleans, dates; None, NaN or ``""`` where empty); the index is the number
        of the row as a person sees it in the file. Column names are unique.
    geometry
        One shape a row in the file's own CRS, None where there is none that can be read. None for plain tables,
        whose positions stand in columns.
    crs
        ``wgs84``, ``cgcs2000``, ``EPSG:n``, another authority's ``NAME:code`` or WKT; None where the file carries none.
    encoding
        The encoding of the texts, where there was one to find out.
    layer
        The layer, sheet or member that was read, where the file may have several.
    problems
        What was wrong or mended.
    """

    frame: pd.DataFrame
    geometry: NDArray[np.object_] | None = None
    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    problems: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True)
class Limits:
    """How much is read before a file is refused as too large.

    Attributes
    ----------
    rows
        Rows or features of one file.
    size
        Bytes of the file, and of everything that is unpacked from it.
    vertices
        Vertices of one shape.
    """

    rows: int = 2_000_000
    size: int = 500_000_000
    vertices: int = 1_000_000


def shorten(text: object, longest: int = 60) -> str:
    r"""Return a text on one line and not longer than is good to read in a message.

    >>> shorten("first\nsecond")
    'first second'
    """
    flat = " ".join(str(text).split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
