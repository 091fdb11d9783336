"""Buildings, to find one's way on the map."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.readers.osm.naming import Tags, name_of
from gis.readers.osm.scan import Features

COLUMNS = ["osm_id", "name", "levels", "geometry"]
_NONE = frozenset(["", "no", "proposed", "construction", "demolished", "razed"])
_NUMBER = re.compile(r"\d{1,3}(?:\.\d+)?")


def is_building(tags: Tags) -> bool:
    """Return whether a thing is a building that stands above the ground.

    Examples
    --------
    >>> is_building({"building": "yes"}), is_building({"building": "no"}), is_building({"amenity": "school"})
    (True, False, False)
    """
    return tags.get("building", "") not in _NONE and tags.get("location") != "underground"


def levels_of(tags: Tags) -> float:
    """Return the number of storeys above the ground; NaN where it is not said."""
    said = tags.get("building:levels", "").strip()
    return float(said) if _NUMBER.fullmatch(said) else np.nan


def find_buildings(features: Features) -> gpd.GeoDataFrame:
    """Return the buildings of an extract.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``osm_id``, ``name``, ``levels`` (float, NaN where unknown), ``geometry`` (MultiPolygon, WGS 84).
    """
    index = [
        number
        for number, (osm_id, tags) in enumerate(zip(features.osm_id, features.tags, strict=True))
        if not osm_id.startswith("node/") and is_building(tags)
    ]
    rows = [(features.osm_id[n], name_of(features.tags[n]), levels_of(features.tags[n])) for n in index]
    frame = pd.DataFrame(rows, columns=COLUMNS[:-1]).astype({"levels": float})
    return gpd.GeoDataFrame(frame, geometry=features.geometry[np.array(index, dtype=np.intp)], crs="EPSG:4326")
