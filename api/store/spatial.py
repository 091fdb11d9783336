"""Geometry between the database and ``gis``: narrowing by bounding box, and WKB in and out.

SpatiaLite never uses its R-tree by itself, and PostGIS and SpatiaLite measure differently: so the database only
narrows by bounding box here, and ``gis`` measures (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from geoalchemy2 import WKBElement
from numpy.typing import NDArray
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.visitors import InternalTraversal

from api.store.models.base import SRID

Bounds = tuple[float, float, float, float]


class meets_bbox(ColumnElement[bool]):  # noqa: N801 - it reads as a function in a query
    """True where the bounding box of a geometry column meets ``bounds`` (west, south, east, north; degrees).

    It uses the spatial index of either database. R-tree coordinates are floats of 32 bits, rounded outwards:
    what comes back may lie just outside, and whoever needs it exact refines it.
    """

    inherit_cache = True
    type = sa.Boolean()
    west: ColumnElement[float]
    south: ColumnElement[float]
    east: ColumnElement[float]
    north: ColumnElement[float]
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own way of naming what the statement cache looks at
        ("column", InternalTraversal.dp_clauseelement),
        ("west", InternalTraversal.dp_clauseelement),
        ("south", InternalTraversal.dp_clauseelement),
        ("east", InternalTraversal.dp_clauseelement),
        ("north", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: Any, bounds: Sequence[float]) -> None:
        self.column = sa.inspect(column).expression if not isinstance(column, sa.Column) else column
        corners: list[Any] = [sa.literal(float(value), sa.Double()) for value in bounds]
        self.west, self.south, self.east, self.north = corners

    def self_group(self, against: Any = None) -> Any:
        """Stay as it is: an appended ``= 1`` would turn the index search into a full scan."""
        return self


@compiles(meets_bbox, "postgresql")
def _meets_bbox_postgis(element: meets_bbox, compiler: Any, **options: Any) -> str:
    # Our own columns are wrapped in ST_AsEWKB when selected, so the bare name is written here.
    corners = ", ".join(
        compiler.process(v, **options) for v in (element.west, element.south, element.east, element.north)
    )
    return f"{_name(element, compiler)} && ST_MakeEnvelope({corners}, {SRID})"


@compiles(meets_bbox, "sqlite")
def _meets_bbox_spatialite(element: meets_bbox, compiler: Any, **options: Any) -> str:
    west, south, east, north = (
        compiler.process(v, **options) for v in (element.west, element.south, element.east, element.north)
    )
    table, column = element.column.table.name, element.column.name
    quote = compiler.preparer.quote
    index = compiler.preparer.quote_identifier(f"idx_{table}_{column}")
    return (
        f"{quote(table)}.ROWID IN (SELECT pkid FROM {index} "  # noqa: S608 - our own names
        f"WHERE xmax >= {west} AND xmin <= {east} AND ymax >= {south} AND ymin <= {north})"
    )


def _name(element: meets_bbox, compiler: Any) -> str:
    quote = compiler.preparer.quote
    return f"{quote(element.column.table.name)}.{quote(element.column.name)}"


def to_element(geometry: shapely.Geometry) -> WKBElement:
    """Return a geometry as a value for a mapped column."""
    return WKBElement(shapely.to_wkb(geometry), srid=SRID)


def to_shape(value: WKBElement | bytes) -> Any:
    """Return the value of a geometry column, or raw WKB, as a geometry."""
    return shapely.from_wkb(_wkb(value))


def _wkb(value: WKBElement | bytes) -> Any:
    if isinstance(value, bytes):
        return value
    return value.data if isinstance(value.data, str) else bytes(value.data)  # text on SpatiaLite, bytes on PostGIS


def to_shapes(elements: Iterable[WKBElement | bytes | None]) -> NDArray[np.object_]:
    """Return many values of a geometry column as an array of geometries; None stays None."""
    data = [None if element is None else _wkb(element) for element in elements]
    out: NDArray[np.object_] = shapely.from_wkb(np.array(data, dtype=object)) if data else np.empty(0, dtype=object)
    return out


def as_multipolygon(geometry: Any) -> Any:
    """Return a polygon as the multipolygon that the tables keep."""
    return shapely.MultiPolygon([geometry]) if geometry.geom_type == "Polygon" else geometry


def as_multipolygons(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons as multipolygons; the others stay."""
    out = np.array(geometries, dtype=object, copy=True)
    single = shapely.get_type_id(out) == 3
    if single.any():
        out[single] = shapely.multipolygons(out[single], indices=np.arange(int(single.sum())))
    return out
