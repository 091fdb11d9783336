"""The cells of a city's perimeters, in which hot spots and risk are looked for, with the names of what lies there.

Outside them nobody is asked to look, and empty country would make every town a hot spot.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.services.memory import Answers
from api.services.questions import cell_keys
from api.store import cities, grids, schools
from api.store.models import City
from gis import crs
from gis.hotspots import Weights, kernel_neighbours, queen_neighbours
from gis.lattice import Lattice

BANDWIDTH_CELLS = 1.5  # of the kernel density that is held against chance
GATE_M = 300.0  # a cell lies "around a gate" within so many metres of its centre


@dataclass(frozen=True, eq=False)
class StudyCells:
    """The cells of the perimeters of a city.

    Attributes
    ----------
    lattice
        The lattice that they belong to.
    column, row
        Indexes of the cells, shape ``(cells,)``.
    codes
        Their codes.
    schools
        Names of the schools whose perimeters reach into each, Chinese and English.
    places
        What each lies around: a gate of a school, or the school, Chinese and English.
    version
        What it was made of.
    answers
        What was worked out for exactly these cells.
    """

    lattice: Lattice
    column: NDArray[np.int64]
    row: NDArray[np.int64]
    codes: tuple[str, ...]
    schools: tuple[tuple[tuple[str, str], ...], ...]
    places: tuple[tuple[str, str], ...]
    version: Hashable
    answers: Answers = field(default_factory=lambda: Answers(most=64))

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """One number for each cell."""
        return cell_keys(self.column, self.row)

    @cached_property
    def _ranked(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.keys)
        return order, self.keys[order]

    @cached_property
    def neighbours(self) -> Weights:
        """Cells that share a side or a corner."""
        return queen_neighbours(self.column, self.row)

    @cached_property
    def around(self) -> Weights:
        """Cells within reach of the kernel of a density, with its weights."""
        cell_m = self.lattice.cell_m
        return kernel_neighbours(self.column, self.row, cell_m, BANDWIDTH_CELLS * cell_m)

    def index_of(self, column: NDArray[np.integer], row: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the index of cells among those of the area, −1 outside it."""
        (order, ranked), wanted = self._ranked, cell_keys(column, row)
        at = np.minimum(np.searchsorted(ranked, wanted), len(self) - 1)
        return np.where(ranked[at] == wanted, order[at], -1)

    def school_names(self, at: int) -> list[str]:
        """Return the Chinese names of the schools of a cell."""
        return [name for name, _ in self.schools[at]]

    def named(self, cells: Iterable[int]) -> dict[str, list[str]]:
        """Return the names of the schools of some cells as properties: ``schools`` in Chinese, ``schools_en``."""
        pairs = sorted({pair for at in cells for pair in self.schools[at]})
        return {"schools": [zh for zh, _ in pairs], "schools_en": [en for _, en in pairs]}


_known: dict[Hashable, StudyCells] = {}


def study_cells(session: Session, city: City) -> StudyCells:
    """Return the cells of a city's perimeters; they are read anew only when schools, gates or perimeters change.

    Raises
    ------
    NotFoundError
        Where the schools have no perimeters yet.
    """
    lattice = cities.lattice_of(city)
    version = (*grids.area_version(session, city), city.lattice_meridian_deg, city.cell_m)
    key = (str(session.get_bind().engine.url), city.uuid)
    known = _known.get(key)
    if known is not None and known.version == version:
        return known
    cells = grids.area_cells(session, city)
    if lattice is None or not cells:
        raise NotFoundError("the schools have no perimeters yet; build them: campus grid build")
    found = _read(session, city, lattice, cells, version)
    _known[key] = found
    return found


def _read(session: Session, city: City, lattice: Lattice, cells: list[grids.AreaCell], version: Hashable) -> StudyCells:
    table = schools.schools_frame(session, city)
    names = {
        int(identity): (str(name), str(english or name))
        for identity, name, english in zip(table["id"], table["name"], table["name_en"], strict=True)
    }
    of_cell: dict[int, list[int]] = {}
    for cell_id, school in grids.school_cells(session, city):
        of_cell.setdefault(cell_id, []).append(school)
    column = np.array([cell.column for cell in cells], dtype=np.int64)
    row = np.array([cell.row for cell in cells], dtype=np.int64)
    gates = _gates(session, city, lattice, np.column_stack([column, row]))
    places = []
    for at, cell in enumerate(cells):
        gate = gates[at]
        own = of_cell.get(cell.id, [])
        if gate is not None and gate[0] in names:
            zh, en = names[gate[0]]
            places.append((f"{zh}{gate[1]}", f"{gate[2]} of {en}"))
        else:
            places.append(names[own[0]] if own else (cell.code, cell.code))
    return StudyCells(
        lattice=lattice,
        column=column,
        row=row,
        codes=tuple(cell.code for cell in cells),
        schools=tuple(tuple(names[i] for i in of_cell.get(cell.id, []) if i in names) for cell in cells),
        places=tuple(places),
        version=version,
    )


def _gates(
    session: Session, city: City, lattice: Lattice, cells: NDArray[np.int64]
) -> list[tuple[int, str, str] | None]:
    """Return for each cell the school, and the name in both languages, of the gate nearest to its centre, if one is near."""
    table = schools.gates_frame(session, city)
    if table.empty:
        return [None] * len(cells)
    lonlat = shapely.get_coordinates(table["location"].to_numpy(dtype=object))
    plane = np.column_stack(crs.project(lonlat[:, 0], lonlat[:, 1], lattice.crs))
    apart, nearest = KDTree(plane).query((cells + 0.5) * lattice.cell_m, distance_upper_bound=GATE_M)
    owner = table["school_id"].tolist()
    said = [
        (str(name), str(name) if str(name).isascii() and name else "the main gate" if kind == "main" else "a gate")
        for name, kind in zip(table["name"], table["kind"], strict=True)
    ]
    return [
        (int(owner[at]), *said[at]) if np.isfinite(metres) else None
        for metres, at in zip(apart.tolist(), nearest.tolist(), strict=True)
    ]
