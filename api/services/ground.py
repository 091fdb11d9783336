"""The base of the map as vector tiles, drawn from the imported streets, buildings and names: no tile server is asked."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.store import ground
from api.store.spatial import to_shapes
from gis.tiles import TileLayer, tile_bounds, vector_tile

_PATHS = ("footway", "path", "cycleway", "steps", "bridleway", "corridor")
_DRIVES = ("service", "track")
_HOMES = ("residential", "living_street", "unclassified", "road", "pedestrian")
_LINKS = ("tertiary", "tertiary_link")
_CROSS = ("secondary", "secondary_link")
# the level from which each group of streets is drawn
_FROM = ((15, _PATHS), (14, _DRIVES), (13, _HOMES), (11, _LINKS), (9, _CROSS))
_FIRST_STREETS, _FIRST_PLACES, _FIRST_BUILDINGS, _FIRST_NAMES = 6, 10, 14, 15


def tile(session: Session, z: int, x: int, y: int) -> bytes:
    """Return a vector tile with layers ``buildings``, ``streets`` and ``names``.

    Parameters
    ----------
    z, x, y
        Level, column and row in the pyramid of Web Mercator.

    Raises
    ------
    BadCoordinatesError
        Where there is no such tile.
    """
    bounds = tile_bounds(z, x, y)
    layers = {}
    if z >= _FIRST_BUILDINGS:
        found = ground.buildings(session, bounds)
        layers["buildings"] = TileLayer(to_shapes(row.outline for row in found), [{}] * len(found))
    if z >= _FIRST_STREETS:
        without = [kind for level, kinds in _FROM if z < level for kind in kinds]
        found = ground.streets(session, bounds, without)
        properties = [{"highway": row.highway, "name": row.name} for row in found]
        layers["streets"] = TileLayer(to_shapes(row.line for row in found), properties)
    if z >= _FIRST_PLACES:
        found = ground.names(session, bounds, None if z >= _FIRST_NAMES else ["place"])
        properties = [{"name": row.name, "kind": row.kind} for row in found]
        layers["names"] = TileLayer(to_shapes(row.location for row in found), properties)
    return vector_tile(layers, z, x, y)


def version(session: Session) -> int:
    """Return a number that grows with every import; it stands in the tiles' addresses, so that they can be kept."""
    return ground.version(session)


def from_osm(session: Session) -> bool:
    """Return whether anything of the ground comes from OpenStreetMap, whose licence asks for a credit."""
    return ground.from_osm(session)
