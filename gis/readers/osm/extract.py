"""Read an OpenStreetMap extract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from gis.errors import EmptyInputError
from gis.readers.osm.buildings import find_buildings
from gis.readers.osm.files import file_format, is_ordered, ordered_copy, plain_errors
from gis.readers.osm.gates import find_gates
from gis.readers.osm.naming import is_closed_down
from gis.readers.osm.outlines import outline_problem
from gis.readers.osm.places import find_places
from gis.readers.osm.premises import categories_of, find_premises, premises_keys
from gis.readers.osm.scan import Scan, is_education, scan_file
from gis.readers.osm.schools import find_schools
from gis.readers.osm.streets import find_streets
from gis.readers.report import RowProblem


@dataclass(frozen=True)
class OsmExtract:
    """What an extract holds for the inspection of campus surroundings; all geometry in WGS 84.

    Attributes
    ----------
    schools
        Campuses, one a row; see :func:`gis.readers.osm.schools.find_schools`.
    gates
        Gates on their boundaries; see :func:`gis.readers.osm.gates.find_gates`.
    premises
        Premises by the table ``osm_premises.csv``; see :func:`gis.readers.osm.premises.find_premises`.
    streets
        Ways for walking and driving; see :func:`gis.readers.osm.streets.find_streets`.
    places
        Names and addresses; see :func:`gis.readers.osm.places.find_places`.
    buildings
        Footprints; see :func:`gis.readers.osm.buildings.find_buildings`.
    problems
        What was refused, mended or doubtful, each with the id of the object in its text.
    """

    schools: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    premises: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    problems: tuple[RowProblem, ...]


def read_osm(path: str | Path) -> OsmExtract:
    """Return schools, gates, premises, streets, places and buildings of an OpenStreetMap extract.

    Parameters
    ----------
    path
        A file ``.osm``, ``.osm.gz``, ``.osm.bz2`` or ``.osm.pbf``.

    Returns
    -------
    OsmExtract
        Frames in WGS 84; any of them may be empty.

    Raises
    ------
    UnreadableFileError
        Where the file is missing, cut off, broken, or not what its name says.
    EmptyInputError
        Where the extract holds no object at all.

    Notes
    -----
    Two passes over the file (relations, then all) by pyosmium; only objects with a key that matters come to Python.
    """
    source = Path(path)
    kind = file_format(source)
    with plain_errors(source):
        scan = scan_file(source, premises_keys())
        # only XML is ever out of order, and then ways or outlines are cut; the usual file pays nothing for the look
        ordered = kind == "pbf" or not _lacks_nodes(scan) or is_ordered(source)
    if ordered:
        return _extract(scan, source, source.name)
    with ordered_copy(source) as copy:
        return _extract(scan_file(copy, premises_keys()), copy, source.name)


def _lacks_nodes(scan: Scan) -> bool:
    return scan.cut_ways > 0 or any(line.hex_wkb is None for line in scan.school_ways)


def _extract(scan: Scan, path: Path, name: str) -> OsmExtract:
    if not scan.has_objects:
        msg = f"{name}: the extract is empty; export an area with something in it"
        raise EmptyInputError(msg)
    schools, problems = find_schools(scan, path)
    streets = find_streets(scan.highways)
    return OsmExtract(
        schools=schools,
        gates=find_gates(scan.features, schools),
        premises=find_premises(scan.features),
        streets=streets,
        places=find_places(scan.features, streets),
        buildings=find_buildings(scan.features),
        problems=(*problems, *_broken_premises(scan), *_cut(scan)),
    )


def _broken_premises(scan: Scan) -> list[RowProblem]:
    return [
        outline_problem("broken_footprint", osm_id, tags)
        for osm_id, tags in scan.broken
        if not is_education(tags) and not is_closed_down(tags) and categories_of(tags)[0]
    ]


def _cut(scan: Scan) -> list[RowProblem]:
    if not scan.cut_ways:
        return []
    ways = "1 way was" if scan.cut_ways == 1 else f"{scan.cut_ways} ways were"
    detail = f"{ways} left out because nodes of them lie outside this extract; nothing is wrong with the others"
    return [RowProblem(row=None, field="geometry", code="ways_cut_at_edge", detail=detail, severity="warning")]
