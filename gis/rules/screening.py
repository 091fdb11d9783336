"""Premises against schools: every lead of a city, or all that can be said of one place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import shapely

from gis.geodesic import RESOLUTION_M
from gis.rules.pairs import (
    Booleans,
    Floats,
    Integers,
    Pairs,
    Places,
    SchoolSet,
    Shapes,
    days,
    first_of_each,
    nearest_pairs,
    pairs_near,
    places_of,
)
from gis.rules.table import Rule, rules_at
from gis.rules.townships import Area, areas_in_force
from gis.rules.verdicts import BIT, NAMES, OUT, Verdicts, Walk, judge, note_texts, protected

NO_LIMIT_SEARCH_M = 200.0
_COLUMNS: Sequence[str] = (
    "place", "rule_id", "school", "verdict", "measure", "distance_m", "limit_m", "margin_m", "error_m",
    "boundary_distance_m", "gate_distance_m", "walk_distance_m", "gate", "foot_lon", "foot_lat", "line", "existing",
    "licence_expires", "notes",
)  # fmt: skip


def screen(
    places: pd.DataFrame,
    schools: SchoolSet,
    rules: Iterable[Rule],
    *,
    on: dt.date,
    walking_m: Mapping[tuple[Any, int], float | Walk] | None = None,
    township_areas: pd.DataFrame | None = None,
    search_m: float = NO_LIMIT_SEARCH_M,
) -> pd.DataFrame:
    """Hold every place against every rule of its categories and every school that is near enough to matter.

    Parameters
    ----------
    places
        ``id``, ``lon``, ``lat`` (WGS 84 degrees), ``categories`` (list of codes), ``position_error_m``,
        ``licensed_from`` and ``licence_expires`` (days or None).
    schools
        The schools.
    rules
        The table; the versions in force on ``on`` are used.
    on
        The day of the screening.
    walking_m
        Walking distances that are known: (place id, school position) → :class:`Walk`, or metres estimated on a street
        network.
    township_areas
        ``district``, ``boundary`` (polygon in WGS 84), ``valid_from``, ``valid_to``.
    search_m
        How far around a school places are reported under rules without metres.

    Returns
    -------
    pandas.DataFrame
        One row a place, rule and school whose verdict is not ``outside``: place, rule_id, school (position), verdict,
        measure, distance_m (the one that decides), limit_m, margin_m (limit − distance), error_m,
        boundary_distance_m, gate_distance_m (NaN without a gate), walk_distance_m (NaN unless known), gate (position
        of the nearest, −1 without), foot_lon, foot_lat and line (the end of the measured line, and the line or None
        where it has no length), existing (licensed before the school opened or the rule came), licence_expires, notes.

    Raises
    ------
    GisError
        Where a place has no position, or a position error that is not a number of metres.

    Notes
    -----
    The error of a distance is the sum of the place's and the boundary's error (the worst case). A place is
    ``borderline`` where the distance lies closer to the limit than that. Where the township drew an area, the
    distance is that to the area (0 inside), and the margin is that to its edge.
    """
    case = _Case(places, schools, _active(rules, on), areas_in_force(township_areas, on), walking_m, search_m)
    near = case.pairs_near()
    at = near.place[first_of_each(near.place)]  # of all places only these few, and those in an area, are looked at
    for area in case.areas.values():
        at = np.union1d(at, area.places_in_or_near(case.lon, case.lat, case.error_m))
    some, pairs = places_of(places, at), replace(near, place=np.searchsorted(at, near.place))
    by_target = _having(places["categories"].to_numpy(dtype=object)[at])
    parts = [
        (rule, case.judge(rule, case.about(rule, pairs, some, by_target[rule.target]), some))
        for rule in case.rules
        if rule.target in by_target
    ]
    return _table(parts, some, schools, keep_outside=False)


def check(
    places: pd.DataFrame,
    schools: SchoolSet,
    rules: Iterable[Rule],
    *,
    on: dt.date,
    walking_m: Mapping[tuple[Any, int], float | Walk] | None = None,
    township_areas: pd.DataFrame | None = None,
    search_m: float = NO_LIMIT_SEARCH_M,
) -> pd.DataFrame:
    """Hold a few places against all rules of their categories; a rule that reaches no school shows the nearest one.

    Parameters and result are those of :func:`screen`, with a row for the nearest school of each rule that reaches none:
    ``outside``, or ``undetermined`` under a rule without metres. A rule that protects none of the schools has no row.
    """
    case = _Case(places, schools, _active(rules, on), areas_in_force(township_areas, on), walking_m, search_m)
    pairs, some = case.pairs_near(), places_of(places, np.arange(len(places)))
    by_target = _having(places["categories"].to_numpy(dtype=object))
    nearest: dict[tuple[str, ...], Pairs] = {}  # rules for the same stages have the same nearest schools
    parts = []
    for rule in case.rules:
        if rule.target not in by_target:
            continue
        having = by_target[rule.target]
        judged = case.judge(rule, case.about(rule, pairs, some, having), some)
        silent = having.copy()
        silent[judged.pairs.place[judged.verdict != OUT]] = False
        if rule.stages not in nearest:
            campuses = case.protected[rule.stages][0][schools.boundary_school]
            nearest[rule.stages] = nearest_pairs(case.lon, case.lat, schools.campuses(campuses))
        others = nearest[rule.stages].only(silent[nearest[rule.stages].place])
        parts += [(rule, judged.only(judged.verdict != OUT)), (rule, case.judge(rule, others, some))]
    return _table(parts, some, schools, keep_outside=True)


@dataclass(frozen=True)
class _Case:
    """What is held against what."""

    places: pd.DataFrame
    schools: SchoolSet
    rules: tuple[Rule, ...]
    areas: Mapping[str, Area]
    walking_m: Mapping[tuple[Any, int], float | Walk] | None
    search_m: float

    @property
    def lon(self) -> Floats:
        return self.places["lon"].to_numpy(dtype=float)

    @property
    def lat(self) -> Floats:
        return self.places["lat"].to_numpy(dtype=float)

    @property
    def error_m(self) -> Floats:
        return self.places["position_error_m"].to_numpy(dtype=float)

    @cached_property
    def protected(self) -> dict[tuple[str, ...], tuple[Booleans, Booleans]]:
        return {stages: protected(self.schools, stages) for stages in {rule.stages for rule in self.rules}}

    def pairs_near(self) -> Pairs:
        reach = max((rule.limit_m or self.search_m for rule in self.rules), default=0.0)
        return pairs_near(self.lon, self.lat, self.error_m, self.schools, reach)

    def about(self, rule: Rule, pairs: Pairs, places: Places, having: Booleans) -> Pairs:
        """Return the pairs that a rule is about, of places that have its category."""
        schools = self.protected[rule.stages][0]
        mine = pairs.only(having[pairs.place] & schools[pairs.school])
        if rule.limit_m is None:
            reach = self.search_m + places.error_m[mine.place] + mine.boundary_error_m
            mine = mine.only(mine.boundary_m <= reach + RESOLUTION_M)
        if rule.measure == "township_polygon":
            mine = _with_township(mine, places, self.schools, having, schools, self.areas)
        return mine

    def judge(self, rule: Rule, pairs: Pairs, places: Places) -> Verdicts:
        return judge(
            rule,
            pairs,
            places,
            self.schools,
            stage_unknown=self.protected[rule.stages][1],
            walking_m=self.walking_m,
            areas=self.areas,
        )


def _active(rules: Iterable[Rule], on: dt.date) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules_at(rules, on) if rule.measure != "road")


def _having(categories: Shapes) -> dict[str, Booleans]:
    """Return for each category which places have it."""
    codes = list(chain.from_iterable(categories))
    place = np.repeat(np.arange(len(categories)), [len(some) for some in categories])
    number, names = pd.factorize(np.array(codes, dtype=object))
    out = {}
    for at, code in enumerate(names):
        out[str(code)] = np.zeros(len(categories), dtype=bool)
        out[str(code)][place[number == at]] = True
    return out


def _with_township(
    pairs: Pairs, places: Places, schools: SchoolSet, having: Booleans, protected: Booleans, areas: Mapping[str, Area]
) -> Pairs:
    """Add, for places in a township's area that are near none of its schools, the nearest one."""
    for code, area in areas.items():
        of_township = np.array([district == code for district in schools.district], dtype=bool) & protected
        campuses = schools.campuses(of_township[schools.boundary_school])
        at = area.places_in_or_near(places.lon, places.lat, places.error_m)
        at = at[having[at] & ~np.isin(at, pairs.place[of_township[pairs.school]])]
        if len(at) and len(campuses.boundaries):
            more = nearest_pairs(places.lon[at], places.lat[at], campuses)
            pairs = pairs.beside(replace(more, place=at[more.place]))
    return pairs


def _table(
    parts: Sequence[tuple[Rule, Verdicts]], places: Places, schools: SchoolSet, *, keep_outside: bool
) -> pd.DataFrame:
    kept = [(rule, judged if keep_outside else judged.only(judged.verdict != OUT)) for rule, judged in parts]
    kept = [(rule, judged) for rule, judged in kept if len(judged.verdict)]
    if not kept:
        return pd.DataFrame(columns=list(_COLUMNS))
    count = [len(judged.verdict) for _, judged in kept]
    found = kept[0][1].beside(*(judged for _, judged in kept[1:]))
    pairs, foot = found.pairs, found.foot
    place, school = pairs.place, pairs.school
    existing = _existing([rule for rule, _ in kept], count, places.licensed_from[place], schools, school)
    return pd.DataFrame(
        {
            "place": places.identity[place],
            "rule_id": _each([rule.rule_id for rule, _ in kept], count),
            "school": school,
            "verdict": NAMES[found.verdict],
            "measure": _each([rule.measure for rule, _ in kept], count),
            "distance_m": found.distance_m,
            "limit_m": found.limit_m,
            "margin_m": found.margin_m,
            "error_m": found.error_m,
            "boundary_distance_m": pairs.boundary_m,
            "gate_distance_m": pairs.gate_m,
            "walk_distance_m": found.walk_m,
            "gate": pairs.gate,
            "foot_lon": foot[:, 0],
            "foot_lat": foot[:, 1],
            "line": _lines(np.column_stack([places.lon[place], places.lat[place]]), foot),
            "existing": existing,
            "licence_expires": places.licence_expires[place],
            "notes": note_texts(found.notes | np.where(existing, BIT["existing"], 0)),
        }
    )


def _each(values: Sequence[str], count: Sequence[int]) -> Any:
    return np.repeat(np.array(values, dtype=object), count)


def _existing(
    rules: Sequence[Rule], count: Sequence[int], licensed: Any, schools: SchoolSet, school: Integers
) -> Booleans:
    """Return which places were licensed before their school opened, or before the rule came (历史存量)."""
    opened = days(schools.opened_on)[school]
    came = np.repeat(days([rule.valid_from for rule in rules]), count)
    before: Booleans = (licensed < opened) | (licensed < came)  # never true of NaT
    return before


def _lines(start: Any, end: Any) -> Shapes:
    """Return the measured lines; None where place and foot are one."""
    out = np.full(len(start), None, dtype=object)
    apart = (start != end).any(axis=1)
    if apart.any():
        out[apart] = shapely.linestrings(np.stack([start[apart], end[apart]], axis=1))
    return out
