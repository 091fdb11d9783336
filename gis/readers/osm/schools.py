"""Campuses of schools: their outlines, which of them belong to one school, and what is mapped twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gis.gazetteer import fold
from gis.readers.osm.naming import (
    Tags,
    address_of,
    chinese_name_of,
    english_name_of,
    is_closed_down,
    name_of,
    values_of,
)
from gis.readers.osm.nearness import near_pairs
from gis.readers.osm.outlines import outline_problem, ring_of
from gis.readers.osm.scan import EDUCATION, Group, Line, Scan, is_education, read_ways
from gis.readers.osm.stages import stages_of
from gis.readers.report import RowProblem

COLUMNS = [
    "osm_id", "school_key", "n", "amenity", "name", "name_zh", "name_en", "stages", "address", "outline", "geometry",
]  # fmt: skip
SAME_SCHOOL_M = 300.0
_COVERED = 0.9  # share of an area that must lie inside another to be part of it
_NOT_GROUND = frozenset(["entrance", "main_entrance", "label", "sign", "street", "bus_stop", "parking"])

# Names so common that two bearers side by side are not one school.
_GENERIC = frozenset(
    [
        "school",
        "schule",
        "grundschule",
        "primaryschool",
        "elementaryschool",
        "highschool",
        "kindergarten",
        "kita",
        "nursery",
        "preschool",
        "ecole",
        "学校",
        "小学",
        "中学",
        "初中",
        "高中",
        "幼儿园",
        "幼稚园",
        "中心小学",
        "中心幼儿园",
    ]
)


@dataclass
class _Campus:
    osm_id: str
    tags: dict[str, str]
    geometry: shapely.Geometry
    key: str  # campuses with the same key belong to one school
    outline: str

    @property
    def amenity(self) -> str:
        return next(value for value in values_of(self.tags["amenity"]) if value in EDUCATION)

    @property
    def name(self) -> str:
        return name_of(self.tags)


def find_schools(scan: Scan, path: Path) -> tuple[gpd.GeoDataFrame, list[RowProblem]]:
    """Return the campuses of schools, kindergartens and colleges, and what is wrong with others.

    Parameters
    ----------
    scan
        What :func:`gis.readers.osm.scan.scan_file` found.
    path
        The extract, read once more only where a relation's member ways bear no tags of their own.

    Returns
    -------
    schools : geopandas.GeoDataFrame
        One row per campus: ``osm_id``, ``school_key`` (the same for all campuses of a school), ``n`` (1, 2, … within
        it), ``amenity``, ``name``, ``name_zh``, ``name_en``, ``stages`` (list of codes), ``address``, ``outline``
        (``ground``, ``building`` where only the building is drawn, ``point`` where nothing is), ``geometry`` (Polygon
        or Point, WGS 84). ``school_key`` and ``n`` together are unique.
    problems : list of RowProblem
        Schools refused, mended or doubtful, by their id.
    """
    campuses, problems = _mapped_campuses(scan)
    found, more = _drawn_otherwise(scan, campuses)
    campuses += found
    problems += more
    found, more = _of_sites(scan, campuses, path)
    campuses += found
    problems += more
    campuses, more = _without_doubles(campuses)
    problems += more
    return _frame(campuses), problems


def _mapped_campuses(scan: Scan) -> tuple[list[_Campus], list[RowProblem]]:
    campuses: list[_Campus] = []
    problems: list[RowProblem] = []
    features = scan.features
    for osm_id, tags, shape in zip(features.osm_id, features.tags, features.geometry, strict=True):
        if not is_education(tags):
            continue
        if is_closed_down(tags):
            problems.append(outline_problem("closed_down", osm_id, tags))
            continue
        parts = shapely.get_parts(shape)
        parts = parts[np.lexsort(shapely.get_coordinates(shapely.centroid(parts)).T[::-1])]
        outline = "point" if osm_id.startswith("node/") else "building" if _is_building(tags) else "ground"
        campuses += [_Campus(osm_id, dict(tags), part, osm_id, outline) for part in parts]
    return campuses, problems


def _is_building(tags: Tags) -> bool:
    return tags.get("building", "no") != "no"


def _drawn_otherwise(scan: Scan, campuses: list[_Campus]) -> tuple[list[_Campus], list[RowProblem]]:
    """Look after the schools that made no area: open, crossing themselves, or cut off at the extract's edge."""
    made = {campus.osm_id for campus in campuses}
    broken = {osm_id for osm_id, _ in scan.broken}
    members = {f"way/{ref}" for group in scan.school_relations for kind, ref, _ in group.members if kind == "w"}
    found: list[_Campus] = []
    problems: list[RowProblem] = []
    for line in scan.school_ways:
        if line.osm_id in made or is_closed_down(line.tags):
            continue
        ring, code = ring_of(line)
        if ring is not None:
            outline = "building" if _is_building(line.tags) else "ground"
            found.append(_Campus(line.osm_id, dict(line.tags), ring, line.osm_id, outline))
        if code and not (code == "open_outline" and line.osm_id in members):
            problems.append(outline_problem(code, line.osm_id, line.tags))
    for group in scan.school_relations:
        if group.osm_id in made or is_closed_down(group.tags) or not _is_multipolygon(group):
            continue
        code = "broken_outline" if group.osm_id in broken else "cut_at_edge"
        problems.append(outline_problem(code, group.osm_id, group.tags))
    return found, problems


def _is_multipolygon(group: Group) -> bool:
    return group.tags.get("type") in {"multipolygon", "boundary"}


def _of_sites(scan: Scan, campuses: list[_Campus], path: Path) -> tuple[list[_Campus], list[RowProblem]]:
    """Tie the campuses of site relations together, and draw those whose ways bear no tags."""
    sites = [group for group in scan.school_relations if not _is_multipolygon(group) and not is_closed_down(group.tags)]
    by_id: dict[str, list[_Campus]] = {}
    for campus in campuses:
        by_id.setdefault(campus.osm_id, []).append(campus)
    kinds = {"n": "node", "w": "way", "r": "relation"}
    wanted: dict[str, set[int]] = {}
    for site in sites:
        members = [(kinds[kind], ref, role) for kind, ref, role in site.members]
        known = [campus for kind, ref, _ in members for campus in by_id.get(f"{kind}/{ref}", [])]
        for campus in known:
            campus.key = site.osm_id
            campus.tags = site.tags | campus.tags
        if not any(campus.outline != "point" for campus in known):
            wanted[site.osm_id] = {ref for kind, ref, role in members if kind == "way" and role not in _NOT_GROUND}
    lines = {line.osm_id: line for line in read_ways(path, set().union(*wanted.values()))}
    found: list[_Campus] = []
    problems: list[RowProblem] = []
    for site in sites:
        if site.osm_id not in wanted:
            continue
        drawn = _site_grounds(site, [lines[f"way/{r}"] for r in sorted(wanted[site.osm_id]) if f"way/{r}" in lines])
        found += drawn
        if not drawn and not any(campus.key == site.osm_id for campus in campuses):
            problems.append(outline_problem("no_outline", site.osm_id, site.tags))
    return found, problems


def _site_grounds(site: Group, lines: list[Line]) -> list[_Campus]:
    rings = [(line, ring_of(line)[0]) for line in lines if "highway" not in line.tags and "barrier" not in line.tags]
    closed = [(line, ring) for line, ring in rings if ring is not None]
    grounds = [(line, ring) for line, ring in closed if not _is_building(line.tags)] or closed
    return [
        _Campus(line.osm_id, dict(site.tags), ring, site.osm_id, "building" if _is_building(line.tags) else "ground")
        for line, ring in grounds
    ]


def _without_doubles(campuses: list[_Campus]) -> tuple[list[_Campus], list[RowProblem]]:
    """Merge what stands inside a campus of the same kind and name into it.

    A node with another name inside a campus is another school on the same ground, and gets its outline.
    """
    problems: list[RowProblem] = []
    areas = [campus for campus in campuses if campus.outline != "point"]
    if not areas:
        return campuses, problems
    shapes = np.array([campus.geometry for campus in campuses], dtype=object)
    grounds = np.array([campus.geometry for campus in areas], dtype=object)
    size = shapely.area(shapes)
    gone: set[int] = set()
    merged: set[int] = set()
    pairs = shapely.STRtree(grounds).query(shapes, predicate="intersects").T
    order = np.argsort(-shapely.area(grounds)[pairs[:, 1]], kind="stable")  # the widest ground takes all
    for inner, outer in pairs[order]:
        small, large = campuses[inner], areas[outer]
        if small is large or small.amenity != large.amenity or inner in gone or id(large) in merged:
            continue
        if size[inner] and not _is_part(shapes[inner], grounds[outer]):
            continue
        if _alike(small.name, large.name):
            large.tags = small.tags | large.tags
            gone.add(int(inner))
            merged.add(id(small))
        elif small.outline == "point":
            problems.append(outline_problem("shared_ground", small.osm_id, small.tags, other=large.osm_id))
            small.geometry, small.outline = large.geometry, large.outline
    return [campus for index, campus in enumerate(campuses) if index not in gone], problems


def _is_part(small: shapely.Geometry, large: shapely.Geometry) -> bool:
    size = shapely.area(small)
    if size > shapely.area(large):
        return False
    return bool(shapely.area(shapely.intersection(small, large)) >= _COVERED * size)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", fold(name))


def _alike(one: str, other: str) -> bool:
    if not one or not other:
        return True
    if sorted(re.split(r"[\W_]+", fold(one))) == sorted(re.split(r"[\W_]+", fold(other))):
        return True
    first, second = _plain(one), _plain(other)
    return first in second or second in first


def _school_keys(campuses: list[_Campus]) -> NDArray[np.int32]:
    shapes = np.array([campus.geometry for campus in campuses], dtype=object)
    names = [_plain(campus.name) for campus in campuses]
    pairs: list[tuple[int, int]] = []
    first_of: dict[str, int] = {}
    for index, campus in enumerate(campuses):
        pairs.append((first_of.setdefault(campus.key, index), index))
    named = np.array([i for i, name in enumerate(names) if name and name not in _GENERIC], dtype=np.intp)
    one, other, _ = near_pairs(shapes[named], shapes[named], SAME_SCHOOL_M)
    for i, j in zip(named[one], named[other], strict=True):
        if i < j and names[i] == names[j] and campuses[i].amenity == campuses[j].amenity:
            pairs.append((int(i), int(j)))
    return _components(pairs, len(campuses))


def _components(pairs: Iterable[tuple[int, int]], size: int) -> NDArray[np.int32]:
    rows, columns = np.array(list(pairs), dtype=np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


def _rank(osm_id: str) -> tuple[int, int]:
    kind, _, number = osm_id.partition("/")
    return ("relation", "way", "node").index(kind), int(number)


def _frame(campuses: list[_Campus]) -> gpd.GeoDataFrame:
    group = _school_keys(campuses) if campuses else np.zeros(0, dtype=np.int32)
    members: dict[int, list[_Campus]] = {}
    for label, campus in zip(group.tolist(), campuses, strict=True):
        members.setdefault(label, []).append(campus)
    rows = []
    for together in members.values():
        key = min((campus.key for campus in together), key=_rank)
        together.sort(key=lambda campus: _rank(campus.osm_id))  # stable: parts of one relation stay west to east
        name = next((campus.name for campus in together if campus.name), "")
        for number, campus in enumerate(together, start=1):
            tags = campus.tags
            own = campus.name or name
            rows.append(
                (campus.osm_id, key, number, campus.amenity, own, chinese_name_of(tags), english_name_of(tags),
                 stages_of(tags, own), address_of(tags), campus.outline, campus.geometry)
            )  # fmt: skip
    rows.sort(key=lambda row: (_rank(row[1]), row[2]))
    frame = gpd.GeoDataFrame(rows, columns=COLUMNS, geometry="geometry", crs="EPSG:4326")
    return frame.astype({"n": "int64"})
