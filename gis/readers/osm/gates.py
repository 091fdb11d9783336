"""Gates on the boundaries of campuses."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gis.readers.osm.naming import Tags, name_of
from gis.readers.osm.nearness import near_pairs
from gis.readers.osm.scan import Features

COLUMNS = ["osm_id", "school_osm_id", "school_key", "campus_n", "kind", "name", "distance_m", "geometry"]
ON_BOUNDARY_M = 3.0
_BARRIERS = frozenset(
    [
        "gate",
        "lift_gate",
        "swing_gate",
        "sliding_gate",
        "sliding_beam",
        "wicket_gate",
        "kissing_gate",
        "hampshire_gate",
        "entrance",
        "turnstile",
        "full-height_turnstile",
        "security_control",
    ]
)
_ENTRANCES = {"main": "main", "main_entrance": "main", "service": "service", "delivery": "service", "garage": "service",
              "emergency": "emergency", "fire_exit": "emergency", "exit": "exit"}  # fmt: skip


def gate_kind(tags: Tags) -> str | None:
    """Return what kind of gate tags speak of; None where of none.

    Examples
    --------
    >>> gate_kind({"entrance": "main"}), gate_kind({"barrier": "lift_gate"}), gate_kind({"barrier": "bollard"})
    ('main', 'gate', None)
    """
    said = tags.get("entrance", "no")
    if said != "no":
        return _ENTRANCES.get(said, "gate" if tags.get("barrier") in _BARRIERS else "entrance")
    return "gate" if tags.get("barrier") in _BARRIERS else None


def find_gates(features: Features, schools: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the gates within 3 m of a campus boundary; one on a boundary between two campuses is a gate of both.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``osm_id``, ``school_osm_id``, ``school_key``, ``campus_n`` (the ``n`` of the campus), ``kind`` (``main``,
        ``service``, ``emergency``, ``exit``, ``gate``, ``entrance``), ``name``, ``distance_m`` (from the boundary, 0 for
        a node of the outline), ``geometry`` (Point, WGS 84).
    """
    nodes = [
        (index, kind)
        for index, (osm_id, tags) in enumerate(zip(features.osm_id, features.tags, strict=True))
        if ("entrance" in tags or "barrier" in tags) and osm_id.startswith("node/") and (kind := gate_kind(tags))
    ]
    index = np.array([number for number, _ in nodes], dtype=np.intp)
    campus = np.flatnonzero(schools["outline"] != "point")
    boundaries = shapely.get_exterior_ring(schools.geometry.to_numpy()[campus])
    gate, of, apart = near_pairs(features.geometry[index], boundaries, ON_BOUNDARY_M)
    row = campus[of]
    columns = {
        "osm_id": [features.osm_id[i] for i in index[gate]],
        "school_osm_id": schools["osm_id"].to_numpy()[row],
        "school_key": schools["school_key"].to_numpy()[row],
        "campus_n": schools["n"].to_numpy()[row],
        "kind": [nodes[g][1] for g in gate],
        "name": [name_of(features.tags[i]) for i in index[gate]],
        "distance_m": np.round(apart, 3),
    }
    return gpd.GeoDataFrame(columns, geometry=features.geometry[index[gate]], crs="EPSG:4326")[COLUMNS]
