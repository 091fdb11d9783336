"""What a rule says of places and campuses that are near each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.geodesic import RESOLUTION_M
from gis.rules.pairs import Booleans, Floats, Integers, Pairs, Places, SchoolSet
from gis.rules.table import Rule
from gis.rules.townships import Area

INSIDE, BORDERLINE, UNDETERMINED, OUTSIDE = "inside", "borderline", "undetermined", "outside"
NAMES = np.array([INSIDE, BORDERLINE, UNDETERMINED, OUTSIDE], dtype=object)
IN, NEAR, OPEN, OUT = range(4)  # positions in NAMES, the gravest first

NOTES = (
    "stage_unknown", "no_metres", "no_gate", "walk_not_measured", "walk_cannot_be_shorter", "walk_estimated",
    "walk_measured", "position_too_coarse", "township_area", "existing",
)  # fmt: skip
BIT = {name: 1 << at for at, name in enumerate(NOTES)}


@dataclass(frozen=True)
class Walk:
    """A walk from gate to door: metres, how far off they may be, and whether an officer measured them on the spot.

    Measured, it stands for itself. Estimated on a street network, it starts and ends where the map has gate and place,
    so that their errors are added.
    """

    distance_m: float
    measured: bool
    error_m: float = 0.0


@dataclass(frozen=True)
class Verdicts:
    """What one rule says of pairs: positions in ``NAMES``, the deciding distances, their errors, notes as bits."""

    pairs: Pairs
    verdict: NDArray[np.int8]
    distance_m: Floats
    limit_m: Floats
    margin_m: Floats
    error_m: Floats
    walk_m: Floats
    foot: Floats
    notes: Integers

    def only(self, keep: Integers | Booleans) -> Verdicts:
        """Return what is said of some of the pairs."""
        keep = np.flatnonzero(keep) if keep.dtype == bool else keep
        arrays = {name: getattr(self, name)[keep] for name in _ARRAYS}
        return Verdicts(self.pairs.only(keep), **arrays)

    def beside(self, *more: Verdicts) -> Verdicts:
        """Return what these and others say, one after the other."""
        arrays = {name: np.concatenate([getattr(part, name) for part in (self, *more)]) for name in _ARRAYS}
        return Verdicts(self.pairs.beside(*(part.pairs for part in more)), **arrays)


_ARRAYS = tuple(field.name for field in fields(Verdicts) if field.name != "pairs")


def judge(
    rule: Rule,
    pairs: Pairs,
    places: Places,
    schools: SchoolSet,
    *,
    stage_unknown: Booleans,
    walking_m: Mapping[tuple[Any, int], float | Walk] | None,
    areas: Mapping[str, Area],
) -> Verdicts:
    """Return what a rule says of pairs that it is about, one for each place and school: the gravest of its campuses.

    ``stage_unknown`` are the schools that are protected only because nobody knows their stage.

    The error of a distance is the sum of the place's and the wall's or gate's error, the worst case.
    """
    place_error = places.error_m[pairs.place]
    notes = np.where(stage_unknown[pairs.school], BIT["stage_unknown"], 0).astype(np.int64)
    walk = np.full(len(pairs.place), np.nan)
    to_gate = rule.measure in {"gate", "walk"} and ~np.isnan(pairs.gate_m)
    error = place_error + np.where(to_gate, pairs.gate_error_m, pairs.boundary_error_m)
    straight = np.where(to_gate, pairs.gate_m, pairs.boundary_m)
    foot = np.where(np.reshape(to_gate, (-1, 1)), _gate_places(pairs, schools), pairs.foot)
    if rule.limit_m is None:
        notes |= BIT["no_metres"]  # never outside: what is near enough is for others to say
        verdict, distance = np.full(len(straight), OPEN, dtype=np.int8), straight
        limit = np.full(len(straight), np.nan)
    else:
        limit = np.full(len(straight), rule.limit_m)
        distance, measured = straight, np.zeros(len(straight), dtype=bool)
        if rule.measure == "walk":
            distance, walk, error, measured = _walked(pairs, places, straight, error, walking_m, notes)
        verdict = _against(distance, rule.limit_m, error)
        if rule.measure == "walk":
            unknown = np.isnan(walk)
            far = unknown & (straight > rule.limit_m + error + RESOLUTION_M)
            _note(verdict, notes, unknown & ~far, "walk_not_measured")
            notes |= np.where(far, BIT["walk_cannot_be_shorter"], 0)
        if rule.measure == "gate":
            _note(verdict, notes, np.isnan(pairs.gate_m) & (verdict != OUT), "no_gate")
        coarse = (place_error > rule.limit_m) & (distance <= rule.limit_m + error + RESOLUTION_M) & ~measured
        _note(verdict, notes, coarse, "position_too_coarse")
    judged = Verdicts(pairs, verdict, distance, limit, limit - distance, error, walk, foot, notes)
    if rule.measure == "township_polygon":
        judged = _by_township(judged, places, schools, areas)
    return _of_schools(judged)


def protected(schools: SchoolSet, stages: tuple[str, ...]) -> tuple[Booleans, Booleans]:
    """Return which schools a rule for these stages protects, and which of them only as their stage is not known."""
    wanted = set(stages)
    named = np.array([not wanted.isdisjoint(known) for known in schools.stages], dtype=bool)
    unknown = np.array([not known or "unknown" in known for known in schools.stages], dtype=bool) & ~named
    return named | unknown, unknown


def note_texts(notes: Integers) -> NDArray[np.object_]:
    """Return the codes that are set, joined by spaces."""
    distinct, which = np.unique(notes, return_inverse=True)
    texts = [" ".join(name for name in NOTES if bits & BIT[name]) for bits in distinct.tolist()]
    return np.array(texts, dtype=object)[which.ravel()] if len(notes) else np.empty(0, dtype=object)


def _against(distance: Floats, limit: float, error: Floats) -> NDArray[np.int8]:
    """Return verdicts; within includes the limit, and what no measurement tells from it."""
    verdict = np.where(distance <= limit + RESOLUTION_M, IN, OUT).astype(np.int8)
    verdict[np.abs(distance - limit) < error] = NEAR
    return verdict


def _note(verdict: NDArray[np.int8], notes: Integers, where: Booleans, name: str) -> None:
    verdict[where] = OPEN
    notes[where] |= BIT[name]


def _gate_places(pairs: Pairs, schools: SchoolSet) -> Floats:
    if not len(schools.gates):
        return pairs.foot
    return np.asarray(shapely.get_coordinates(schools.gates)[pairs.gate], dtype=float)  # −1: not used


def _walked(
    pairs: Pairs,
    places: Places,
    straight: Floats,
    error: Floats,
    walking_m: Mapping[tuple[Any, int], float | Walk] | None,
    notes: Integers,
) -> tuple[Floats, Floats, Floats, Booleans]:
    """Return the deciding distances, the walks (NaN where not known), their errors, and which were measured."""
    distance, error = straight.copy(), error.copy()
    walk, measured = np.full(len(straight), np.nan), np.zeros(len(straight), dtype=bool)
    if walking_m:
        for at, key in enumerate(zip(places.identity[pairs.place].tolist(), pairs.school.tolist(), strict=True)):
            given = walking_m.get(key)
            if given is None:
                continue
            known = given if isinstance(given, Walk) else Walk(float(given), measured=False)
            # No way is shorter than the straight line: an estimate that is must have missed the gate or the door.
            walk[at] = known.distance_m if known.measured else max(known.distance_m, straight[at])
            error[at] = known.error_m if known.measured else error[at] + known.error_m
            measured[at] = known.measured
            notes[at] |= BIT["walk_measured" if known.measured else "walk_estimated"]
    return np.where(np.isnan(walk), distance, walk), walk, error, measured


def _by_township(judged: Verdicts, places: Places, schools: SchoolSet, areas: Mapping[str, Area]) -> Verdicts:
    """Let the area that the school's township drew decide, where there is one."""
    pairs = judged.pairs
    for code, area in areas.items():
        of_township = np.array([district == code for district in schools.district], dtype=bool)
        here = np.flatnonzero(of_township[pairs.school])
        if not len(here):
            continue
        place = pairs.place[here]
        edge = area.measure(places.lon[place], places.lat[place])
        error = places.error_m[place]
        judged.verdict[here] = np.where(edge.inside, IN, OUT)
        judged.verdict[here[edge.edge_m < error]] = NEAR
        judged.distance_m[here] = np.where(edge.inside, 0.0, edge.edge_m)
        judged.limit_m[here] = np.nan
        judged.margin_m[here] = np.where(edge.inside, edge.edge_m, -edge.edge_m)
        judged.error_m[here] = error
        own = np.column_stack([places.lon[place], places.lat[place]])
        judged.foot[here] = np.where(edge.inside[:, None], own, edge.foot)
        judged.notes[here] = judged.notes[here] & BIT["stage_unknown"] | BIT["township_area"]
    return judged


def _of_schools(judged: Verdicts) -> Verdicts:
    """Return one row for each place and school: of its campuses the one with the gravest verdict, then the nearest."""
    place, school = judged.pairs.place, judged.pairs.school
    if (np.diff(place * (school.max(initial=0) + 1) + school) > 0).all():
        return judged  # each school once, and in order: the usual case
    order = np.lexsort((judged.pairs.boundary_m, judged.verdict, school, place))
    place, school = place[order], school[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (place[1:] != place[:-1]) | (school[1:] != school[:-1])
    return judged.only(order[first])
