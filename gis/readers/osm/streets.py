"""Ways that people travel on."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.readers.osm.naming import Tags, clean_text, name_of, other_names_of
from gis.readers.osm.scan import Line

COLUMNS = [
    "osm_id", "name", "alt_names", "highway", "oneway", "foot", "car", "maxspeed_kmh", "bridge", "tunnel", "layer", "node_ids",
    "geometry",
]  # fmt: skip

# Defaults after the wiki page "OSM tags for routing/Access restrictions" (world-wide column).
_CAR = frozenset(
    [
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "service",
        "road",
    ]
)
_NO_FOOT = frozenset(["motorway", "motorway_link", "busway"])
_FOOT_ONLY = frozenset(["pedestrian", "footway", "path", "steps", "cycleway", "bridleway", "track", "corridor"])
_REFUSED = frozenset(
    ["no", "private", "military", "forestry", "agricultural", "emergency", "delivery", "use_sidepath", "permit"]
)
_MPH = 1.609344
_SPEED = re.compile(r"(?:[A-Z]{2}:)?(?:zone:?)?(\d+(?:\.\d+)?)\s*(mph|km/?h|kph)?", re.IGNORECASE)


def speed_kmh(text: str) -> float | None:
    """Return a ``maxspeed`` in km/h; None where it is not a number (``none``, ``walk``, ``DE:urban``).

    Examples
    --------
    >>> speed_kmh("30"), round(speed_kmh("20 mph"), 1), speed_kmh("DE:zone:30"), speed_kmh("none")
    (30.0, 32.2, 30.0, None)
    """
    found = _SPEED.fullmatch(text.strip())
    if found is None:
        return None
    return float(found[1]) * (_MPH if (found[2] or "").lower() == "mph" else 1.0)


def oneway_of(tags: Tags) -> int:
    """Return 1 along the way, −1 against it, 0 both ways (for vehicles)."""
    said = tags.get("oneway", "")
    if said in {"yes", "1", "true"}:
        return 1
    if said in {"-1", "reverse"}:
        return -1
    if not said and (
        tags.get("junction") in {"roundabout", "circular"} or tags.get("highway") in {"motorway", "motorway_link"}
    ):
        return 1
    return 0


def _may(tags: Tags, default: bool, *keys: str) -> bool:
    allowed = default
    for key in keys:  # from the widest to the narrowest: the narrowest that is said counts
        if said := tags.get(key):
            allowed = said not in _REFUSED
    return allowed


def may_walk(tags: Tags) -> bool:
    """Return whether a person on foot may go along."""
    kind = tags.get("highway", "")
    if kind not in _CAR and kind not in _FOOT_ONLY and kind not in _NO_FOOT:
        return False  # proposed, under construction, or no way at all
    default = kind not in _NO_FOOT and tags.get("motorroad") != "yes"
    return _may(tags, default, "access", "foot")


def may_drive(tags: Tags) -> bool:
    """Return whether a motor car may go along."""
    kind = tags.get("highway", "")
    if kind in _CAR:
        return _may(tags, True, "access", "vehicle", "motor_vehicle", "motorcar")
    return kind in {"track", "pedestrian"} and _may(tags, False, "motor_vehicle", "motorcar")


def find_streets(highways: list[Line]) -> gpd.GeoDataFrame:
    """Return the ways that may be walked or driven.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``osm_id``, ``name``, ``alt_names`` (list), ``highway``, ``oneway`` (−1, 0, 1), ``foot``, ``car``,
        ``maxspeed_kmh`` (NaN where unknown), ``bridge``, ``tunnel``, ``layer``, ``node_ids`` (list of int, the nodes of the way in order),
        ``geometry`` (LineString, WGS 84).
    """
    rows, drawn = [], []
    for line in highways:
        tags = line.tags
        foot, car = may_walk(tags), may_drive(tags)
        if not (foot or car):
            continue
        speed = speed_kmh(tags.get("maxspeed", ""))
        rows.append(
            (
                line.osm_id,
                name_of(tags),
                other_names_of(tags),
                clean_text(tags["highway"]),
                oneway_of(tags),
                foot,
                car,
                np.nan if speed is None else speed,
                tags.get("bridge", "no") != "no",
                tags.get("tunnel", "no") != "no",
                _layer(tags.get("layer", "")),
                line.node_ids,
            )
        )
        drawn.append(line.hex_wkb)
    geometry = shapely.from_wkb(np.array(drawn, dtype=object))
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=COLUMNS[:-1]), geometry=geometry, crs="EPSG:4326")
    kinds = {"oneway": "int8", "foot": bool, "car": bool, "maxspeed_kmh": float, "bridge": bool, "tunnel": bool}
    return frame.astype(kinds | {"layer": "int8"})[COLUMNS]


def _layer(text: str) -> int:
    return max(-100, min(100, int(text))) if re.fullmatch(r"[+-]?\d{1,3}", text) else 0
