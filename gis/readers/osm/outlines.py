"""Outlines that make no area, and how that is said."""

from __future__ import annotations

import numpy as np
import shapely

from gis.readers.osm.naming import Tags, name_of
from gis.readers.osm.scan import Line
from gis.readers.report import RowProblem, Severity

# An outline that crosses itself by a slip of the hand leaves a sliver; where more than this share lies in other
# pieces, nobody knows which piece was meant.
_SLIVER = 0.01

_SAYS: dict[str, tuple[Severity, str]] = {
    "open_outline": ("refused", "its outline is not closed; close it in OpenStreetMap or draw the campus by hand"),
    "crossing_outline": ("refused", "its outline crosses itself; mend it in OpenStreetMap or draw the campus by hand"),
    "crossing_mended": ("mended", "its outline crosses itself in a sliver, which was cut off; look at the outline"),
    "broken_outline": (
        "refused",
        "its rings are open or cross each other; mend it in OpenStreetMap or draw the campus by hand",
    ),
    "cut_at_edge": ("refused", "part of its outline lies outside this extract; take a larger extract"),
    "no_outline": ("refused", "none of its members has an outline or a place in this extract; draw the campus by hand"),
    "closed_down": ("refused", "it is tagged as disused or abandoned"),
    "shared_ground": ("warning", "it stands in {other}, which has another name: it was given that outline"),
    "broken_footprint": ("refused", "its outline is broken, so its place is not known; mend it in OpenStreetMap"),
}


def outline_problem(code: str, osm_id: str, tags: Tags, *, other: str = "") -> RowProblem:
    """Return what is wrong with one object, by its id and name."""
    severity, text = _SAYS[code]
    name = name_of(tags)
    called = f"{osm_id} ({name})" if name else osm_id
    detail = f"{called}: {text.format(other=other)}"
    return RowProblem(row=None, field="geometry", code=code, detail=detail, severity=severity)


def ring_of(line: Line) -> tuple[shapely.Polygon | None, str]:
    """Return the area inside a way, and what is wrong with the way.

    Returns
    -------
    polygon : shapely.Polygon or None
        None where the way cannot be used.
    code : str
        Empty where nothing is wrong, else a key of the table of problems.
    """
    if line.hex_wkb is None:
        return None, "cut_at_edge"
    drawn = shapely.from_wkb(line.hex_wkb)
    if not drawn.is_closed or len(drawn.coords) < 4:
        return None, "open_outline"
    polygon = shapely.Polygon(drawn.coords)
    if polygon.is_valid:
        return polygon, ""
    parts = shapely.get_parts(shapely.make_valid(polygon, method="structure", keep_collapsed=False))
    sizes = np.array([part.area if isinstance(part, shapely.Polygon) else 0.0 for part in parts])
    if not len(parts) or sizes.max() <= (1 - _SLIVER) * sizes.sum():
        return None, "crossing_outline"
    return parts[int(sizes.argmax())], "crossing_mended"
