"""One pass over an extract: the objects that matter, with tags and geometry, nothing decided yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from gis.readers.osm.files import as_input, own_id
from gis.readers.osm.naming import values_of

EDUCATION = ("school", "kindergarten", "college")
_KEYS = (
    "name",
    "name:zh",
    "name:en",
    "amenity",
    "highway",
    "entrance",
    "barrier",
    "place",
    "addr:housenumber",
    "building",
)


@dataclass(frozen=True)
class Features:
    """Nodes and areas: arrays of one length, in the order of the file.

    Attributes
    ----------
    osm_id
        ``node/1``, ``way/2`` or ``relation/3``.
    tags
        One dictionary each.
    geometry
        Points, or MultiPolygons of areas.
    """

    osm_id: list[str]
    tags: list[dict[str, str]]
    geometry: NDArray[np.object_]


@dataclass(frozen=True)
class Line:
    """A way as it was drawn; ``hex_wkb`` is None where nodes of it are missing in the file."""

    osm_id: str
    tags: dict[str, str]
    node_ids: list[int]
    hex_wkb: str | None


@dataclass(frozen=True)
class Group:
    """A relation about a school: its tags and members (type ``n``, ``w`` or ``r``, number, role)."""

    osm_id: str
    tags: dict[str, str]
    members: list[tuple[str, int, str]]


@dataclass
class Scan:
    """What one pass found."""

    features: Features
    highways: list[Line] = field(default_factory=list)
    school_ways: list[Line] = field(default_factory=list)
    school_relations: list[Group] = field(default_factory=list)
    broken: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    cut_ways: int = 0
    has_objects: bool = True


def is_education(tags: dict[str, str]) -> bool:
    """Return whether a thing is tagged as a school, kindergarten or college."""
    return any(value in EDUCATION for value in values_of(tags.get("amenity", "")))


def scan_file(path: Path, premises_keys: frozenset[str]) -> Scan:
    """Read the objects that matter out of an extract.

    Parameters
    ----------
    path
        An extract with nodes before ways; see :func:`gis.readers.osm.files.ordered_copy`.
    premises_keys
        The keys that make something a premises.
    """
    keys = osmium.filter.KeyFilter(*_KEYS, *sorted(premises_keys))
    processor = osmium.FileProcessor(as_input(path)).with_areas(keys).with_filter(keys)
    collector = _Collector()
    for thing in processor:
        kind = thing.type_str()
        if kind == "n":
            collector.node(thing)
        elif kind == "w":
            collector.way(thing)
        elif kind == "a":
            collector.area(thing)
        else:
            collector.relation(thing)
    scan = collector.finish()
    if not (scan.features.osm_id or scan.highways or scan.school_ways):
        scan.has_objects = any(True for _ in osmium.FileProcessor(as_input(path)))
    return scan


def read_ways(path: Path, numbers: set[int]) -> list[Line]:
    """Return the ways with these numbers, tagged or not; those that the file lacks are left out."""
    if not numbers:
        return []
    chosen = osmium.filter.IdFilter(numbers).enable_for(osmium.osm.WAY)
    only_ways = osmium.filter.EntityFilter(osmium.osm.WAY)
    factory = osmium.geom.WKBFactory()
    processor = osmium.FileProcessor(as_input(path)).with_locations().with_filter(only_ways).with_filter(chosen)
    return [_line(way, dict(way.tags), factory) for way in processor]


def _line(way: Any, tags: dict[str, str], factory: Any) -> Line:
    nodes = [own_id(node.ref) for node in way.nodes]
    try:
        drawn = factory.create_linestring(way)
    except (osmium.InvalidLocationError, RuntimeError):
        drawn = None
    return Line(f"way/{own_id(way.id)}", tags, nodes, drawn)


class _Collector:
    def __init__(self) -> None:
        self.factory = osmium.geom.WKBFactory()
        self.point_ids: list[str] = []
        self.point_tags: list[dict[str, str]] = []
        self.lon: list[float] = []
        self.lat: list[float] = []
        self.area_ids: list[str] = []
        self.area_tags: list[dict[str, str]] = []
        self.area_wkb: list[str] = []
        self.highways: list[Line] = []
        self.school_ways: list[Line] = []
        self.school_relations: list[Group] = []
        self.broken: list[tuple[str, dict[str, str]]] = []
        self.cut_ways = 0

    def node(self, node: Any) -> None:
        place = node.location
        if place.valid():
            self.point_ids.append(f"node/{own_id(node.id)}")
            self.point_tags.append(dict(node.tags))
            self.lon.append(place.lon)
            self.lat.append(place.lat)

    def way(self, way: Any) -> None:
        tags = dict(way.tags)
        school = is_education(tags)
        if not school and "highway" not in tags:
            if not all(node.location.valid() for node in way.nodes):
                self.cut_ways += 1
            return
        line = _line(way, tags, self.factory)
        if school:
            self.school_ways.append(line)
        elif line.hex_wkb is None:
            self.cut_ways += 1
        else:
            self.highways.append(line)

    def area(self, area: Any) -> None:
        number = own_id(area.orig_id())
        osm_id = f"way/{number}" if area.from_way() else f"relation/{number}"
        tags = dict(area.tags)
        try:
            drawn = self.factory.create_multipolygon(area)
        except (RuntimeError, osmium.InvalidLocationError):
            self.broken.append((osm_id, tags))
            return
        self.area_ids.append(osm_id)
        self.area_tags.append(tags)
        self.area_wkb.append(drawn)

    def relation(self, relation: Any) -> None:
        tags = dict(relation.tags)
        if is_education(tags):
            members = [(member.type, own_id(member.ref), member.role) for member in relation.members]
            self.school_relations.append(Group(f"relation/{own_id(relation.id)}", tags, members))

    def finish(self) -> Scan:
        points = shapely.points(np.array(self.lon, dtype=float), np.array(self.lat, dtype=float))
        areas = shapely.from_wkb(np.array(self.area_wkb, dtype=object))
        geometry = np.concatenate([np.asarray(points, dtype=object), np.asarray(areas, dtype=object)])
        features = Features(self.point_ids + self.area_ids, self.point_tags + self.area_tags, geometry)
        return Scan(features, self.highways, self.school_ways, self.school_relations, self.broken, self.cut_ways, True)
