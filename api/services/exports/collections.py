"""What can be exported, as frames: one for each collection, with columns that an import would know again.

Incidents leave as cells of released groups alone (``gis.release``), and of these only those with at least five: what
is sealed has no way into a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.services.cellcounts import cell_counts
from api.services.questions import Question
from api.settings import Settings
from api.store import cities, exports
from api.store.models import City
from api.store.spatial import Bounds
from gis.lattice import cell_codes, cell_polygons

K_EXPORTED = 5
"""Fewest incidents of a cell that may stand in a file (k ≥ 5 in meeting views and exports)."""
MOST_ROWS = 300_000


@dataclass(frozen=True)
class Wanted:
    """What of a collection is wanted; ``of_inspector`` limits hazards to those of a person's cells and reports."""

    city: City
    bounds: Bounds | None = None
    categories: Sequence[str] = ()
    statuses: Sequence[str] = ()
    heat: Question = field(default_factory=Question)
    of_inspector: int | None = None


def frame_of(session: Session, settings: Settings, collection: str, wanted: Wanted) -> pd.DataFrame:
    """Return a collection: its columns, and ``geometry`` in WGS 84.

    Raises
    ------
    BadInputError
        Where it has more rows than a file takes.
    """
    if collection == "incidents":
        return _incident_cells(session, settings, wanted)
    frame = _STORED[collection](session, wanted)
    if len(frame) > MOST_ROWS:
        raise BadInputError(f"there are more than {MOST_ROWS} rows; ask for a part of them with bbox")
    for name in ("stages", "categories"):
        if name in frame:
            frame[name] = [";".join(values) for values in frame[name]]
    if "intervals_days" in frame:
        frame["intervals_days"] = [";".join(f"{key} {n}" for key, n in own.items()) for own in frame["intervals_days"]]
    if "id" in frame:  # what names a record in its source; what we made up to name it means nothing elsewhere
        frame["id"] = [None if key is None or key.startswith("=") else key for key in frame["id"]]
    return frame


def _incident_cells(session: Session, settings: Settings, wanted: Wanted) -> pd.DataFrame:
    lattice = cities.lattice_of(wanted.city)
    counts: Mapping[tuple[int, int], int] = {}
    if lattice is not None:
        counts = cell_counts(session, settings, wanted.heat, sealed=False)
    shown = {cell: count for cell, count in sorted(counts.items()) if count >= max(K_EXPORTED, settings.k_anonymity)}
    frame = pd.DataFrame({"code": [], "count": [], "geometry": []}, dtype=object)
    if shown and lattice is not None:
        column, row = (np.array(part, dtype=np.int64) for part in zip(*shown, strict=True))
        frame = pd.DataFrame(
            {
                "code": [str(code) for code in cell_codes(wanted.city.code, column, row, lattice)],
                "count": list(shown.values()),
                "geometry": cell_polygons(column, row, lattice),
            }
        )
    if wanted.bounds is not None and len(frame):
        frame = frame[shapely.intersects(shapely.box(*wanted.bounds), frame["geometry"].to_numpy(dtype=object))]
    return frame


def _hazards(session: Session, wanted: Wanted) -> pd.DataFrame:
    return exports.hazards_frame(
        session,
        wanted.city,
        wanted.bounds,
        categories=wanted.categories,
        statuses=wanted.statuses,
        of_inspector=wanted.of_inspector,
        limit=MOST_ROWS + 1,
    )


def _plain(name: str) -> Callable[[Session, Wanted], pd.DataFrame]:
    def read(session: Session, wanted: Wanted) -> pd.DataFrame:
        return exports.frame(session, name, wanted.city, wanted.bounds, limit=MOST_ROWS + 1)

    return read


_STORED: dict[str, Callable[[Session, Wanted], pd.DataFrame]] = {
    **{name: _plain(name) for name in ("schools", "gates", "perimeters", "cells", "premises", "districts")},
    "hazards": _hazards,
}
COLLECTIONS = (*_STORED, "incidents")
