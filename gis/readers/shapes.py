"""Geometries as they come out of files: looked at before anybody computes with them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import parse_crs
from gis.errors import UnknownCrsError
from gis.readers.report import RowProblem, shorten

_HIGHEST_PLAIN_TYPE = 7  # Point … GeometryCollection; above stand circular strings, curve polygons and the like


def check_shapes(
    geometry: NDArray[np.object_], rows: NDArray[np.int64], *, most_vertices: int
) -> tuple[NDArray[np.object_], list[RowProblem]]:
    """Take out shapes that nobody can compute with: too many vertices, coordinates not finite, curves.

    Parameters
    ----------
    geometry
        Shapes or None, shape ``(n,)``.
    rows
        The number of each row as a person sees it, shape ``(n,)``.
    most_vertices
        Vertices that one shape may have.

    Returns
    -------
    geometry, problems
        A copy with None where a shape was refused.
    """
    out = geometry.copy()
    problems: list[RowProblem] = []

    def refuse(which: NDArray[np.bool_], code: str, details: list[str]) -> None:
        for at, detail in zip(np.flatnonzero(which), details, strict=True):
            problems.append(RowProblem(int(rows[at]), "geometry", code, detail, "refused"))
        out[which] = None

    curved = shapely.get_type_id(out) > _HIGHEST_PLAIN_TYPE
    refuse(curved, "curved_geometry", [f"a {g.geom_type} has curves; save it with straight lines" for g in out[curved]])
    counts = shapely.get_num_coordinates(out)
    large = counts > most_vertices
    refuse(
        large,
        "too_many_vertices",
        [f"{count:,} vertices are more than the {most_vertices:,} allowed; simplify it" for count in counts[large]],
    )
    finite = np.ones(len(out), dtype=bool)
    coordinates, owner = shapely.get_coordinates(out, return_index=True)
    finite[owner[~np.isfinite(coordinates).all(axis=1)]] = False
    refuse(~finite, "not_finite", ["a coordinate is infinite or not a number"] * int((~finite).sum()))
    return out, problems


def file_crs(text: str | None, *, asked: str | None) -> tuple[str | None, list[RowProblem]]:
    """Return the canonical name of the CRS that a file carries, or None with a warning where it is not known.

    Parameters
    ----------
    text
        Name or WKT in the file.
    asked
        The CRS that the person named; then a CRS that is not known needs no warning.
    """
    if not text or not text.strip():
        return None, []
    try:
        return parse_crs(text), []
    except UnknownCrsError:
        if asked:
            return None, []
        detail = f"the file's coordinate reference system is not known: {shorten(text)}"
        return None, [RowProblem(None, None, "unknown_crs", detail, "warning")]
