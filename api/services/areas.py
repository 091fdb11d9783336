"""The area of a city, read from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from api.errors import BadInputError
from gis import crs as crs_module
from gis.readers.files import read_file


def read_area(path: Path, crs: str | None) -> shapely.Geometry:
    """Return the polygons of a file as one area in WGS 84.

    Raises
    ------
    BadInputError
        Where the file holds no polygon, or no CRS is known.
    """
    table = read_file(path, crs=crs)
    source = crs if crs is not None else table.crs
    if source is None:
        raise BadInputError(f"{path.name} does not say which coordinate reference system it is in; say so with --crs")
    shapes = np.empty(0, dtype=object) if table.geometry is None else table.geometry
    polygons = shapes[np.isin(shapely.get_type_id(shapes), (3, 6))]
    if not len(polygons):
        raise BadInputError(f"{path.name} holds no polygon")
    return shapely.union_all(shapely.make_valid(crs_module.geometries_to_wgs84(polygons, source)))
