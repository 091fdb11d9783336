"""Premises by tags, after the table ``gis/readers/osm_premises.csv``.

Each row of the table says that ``key=value`` makes a premises of a category. ``*`` stands for any value but ``no``; a
condition (``key=value`` or ``key!=value``, several joined by ``;``) must hold besides.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.readers.osm.naming import Tags, address_of, clean_text, is_closed_down, name_of, values_of
from gis.readers.osm.scan import Features

COLUMNS = ["osm_id", "name", "categories", "matched", "address", "opening_hours", "geometry", "footprint"]
_WGS84 = "EPSG:4326"
_CONDITION = re.compile(r"(?P<key>[^=!]+)(?P<sign>!?=)(?P<value>.+)")


@dataclass(frozen=True)
class PremisesTag:
    """One row of the table."""

    category: str
    key: str
    value: str
    conditions: tuple[tuple[str, str, bool], ...]

    def holds(self, tags: Tags) -> bool:
        """Return whether the conditions hold for these tags."""
        return all((_has(tags, key, value)) is wanted for key, value, wanted in self.conditions)


def _has(tags: Tags, key: str, value: str) -> bool:
    found = values_of(tags.get(key, ""))
    return (bool(found) and found != ["no"]) if value == "*" else value in found


@cache
def premises_table() -> Mapping[tuple[str, str], tuple[PremisesTag, ...]]:
    """Return the table by key and value."""
    out: dict[tuple[str, str], tuple[PremisesTag, ...]] = {}
    with resources.files("gis.readers").joinpath("osm_premises.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            conditions = []
            for text in filter(None, row["condition"].split(";")):
                found = _CONDITION.fullmatch(text.strip())
                if found is None:
                    raise ValueError(f"osm_premises.csv: the condition {text!r} is not key=value or key!=value")
                conditions.append((found["key"], found["value"], found["sign"] == "="))
            tag = PremisesTag(row["category"], row["key"], row["value"], tuple(conditions))
            out[tag.key, tag.value] = (*out.get((tag.key, tag.value), ()), tag)
    return out


@cache
def premises_keys() -> frozenset[str]:
    """Return the keys that the table looks at."""
    return frozenset(key for key, _ in premises_table())


def categories_of(tags: Tags) -> tuple[list[str], list[str]]:
    """Return the categories that tags make a premises of, and the tags that say so.

    What is disused, abandoned or vacant belongs to none: such tags bear a prefix (``disused:shop``) or a tag of their
    own (``abandoned=yes``).

    Examples
    --------
    >>> categories_of({"shop": "kiosk"})
    (['tobacco_outlet', 'publications_outlet'], ['shop=kiosk'])
    >>> categories_of({"amenity": "fast_food", "street_vendor": "yes"})
    (['food_stall'], ['amenity=fast_food'])
    >>> categories_of({"disused:shop": "tobacco"})
    ([], [])
    """
    table = premises_table()
    categories: dict[str, None] = {}
    matched: dict[str, None] = {}
    for key in premises_keys().intersection(tags):
        for value in values_of(tags[key]):
            rows = table.get((key, value), ()) + (table.get((key, "*"), ()) if value != "no" else ())
            for row in rows:
                if row.holds(tags):
                    categories[row.category] = None
                    matched[f"{key}={value}"] = None
    if not categories or is_closed_down(tags):
        return [], []
    return sorted(categories, key=_category_order().__getitem__), sorted(matched)


@cache
def _category_order() -> Mapping[str, int]:
    names = dict.fromkeys(row.category for rows in premises_table().values() for row in rows)
    return {name: number for number, name in enumerate(names)}


def find_premises(features: Features) -> gpd.GeoDataFrame:
    """Return the premises among nodes and areas.

    A node that stands in the footprint of a premises of the same name and a category in common is that premises
    mapped twice: it is left out.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``osm_id``, ``name``, ``categories`` (list of codes), ``matched`` (list of ``key=value``), ``address``,
        ``opening_hours``, ``geometry`` (a point, for areas one inside), ``footprint`` (MultiPolygon or None); WGS 84.
    """
    rows = []
    keys = premises_keys()
    for index, tags in enumerate(features.tags):
        if keys.isdisjoint(tags):
            continue
        categories, matched = categories_of(tags)
        if categories:
            hours = clean_text(tags.get("opening_hours", ""))
            rows.append((features.osm_id[index], name_of(tags), categories, matched, address_of(tags), hours, index))
    frame = pd.DataFrame(rows, columns=[*COLUMNS[:6], "index"])
    shapes = features.geometry[frame.pop("index").to_numpy(dtype=np.int64)]
    is_area = shapely.get_type_id(shapes) != shapely.GeometryType.POINT
    footprint = np.where(is_area, shapes, None)
    frame["geometry"] = shapely.point_on_surface(shapes)
    frame["footprint"] = gpd.GeoSeries(footprint, crs=_WGS84)
    out = gpd.GeoDataFrame(frame, geometry="geometry", crs=_WGS84)[COLUMNS]
    return out[~_mapped_twice(out)].reset_index(drop=True)


def _mapped_twice(premises: gpd.GeoDataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    twice = np.zeros(len(premises), dtype=bool)
    areas = np.flatnonzero(premises["footprint"].notna())
    nodes = np.flatnonzero(premises["footprint"].isna())
    if not len(areas) or not len(nodes):
        return twice
    tree = shapely.STRtree(premises.geometry.to_numpy()[nodes])
    area, node = tree.query(premises["footprint"].to_numpy()[areas], predicate="intersects")
    names, categories = premises["name"].to_numpy(), premises["categories"].to_numpy()
    for one, other in zip(areas[area], nodes[node], strict=True):
        if names[one] == names[other] and set(categories[one]) & set(categories[other]):
            twice[other] = True
    return twice
