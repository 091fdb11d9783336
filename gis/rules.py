"""Distance rules: which premises lie too near to a school, with the evidence.

What comes out is a lead (疑似线索), never a finding: only the department in charge confirms it. "Within" includes the
limit itself. A rule without metres, a walk that nobody measured, or a position too coarse give ``undetermined``,
never a clean bill. The table with its legal bases is ``gis/rules_table.csv``; the sources are named in each row.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.errors import GisError
from gis.geodesic import distance_m, nearest_on_boundaries, pairs_within

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shapes = NDArray[np.object_]
Measure = Literal["boundary", "gate", "walk", "township_polygon", "none", "road"]

INSIDE, OUTSIDE, BORDERLINE, UNDETERMINED = "inside", "outside", "borderline", "undetermined"
LEAD_NOTICE = {
    "zh": "疑似线索，非认定结论；以执法部门现场核查为准。",
    "en": "A lead, not a finding: the department in charge confirms it on the spot.",
}
BASIS_STATUS = {
    "L": {"zh": "已核对条文", "en": "statute text read"},
    "S": {"zh": "据公开资料", "en": "from a public source"},
    "R": {"zh": "待核实", "en": "to be verified"},
    "V": {"zh": "已计算", "en": "computed"},
    "I": {"zh": "推断", "en": "our inference"},
}
NO_LIMIT_SEARCH_M = 200.0
_TOWNSHIP_REACH_M = 2_000.0
_CITY_REACH_M = 50_000.0
_LISTS = ("stages",)
_DATES = ("valid_from", "valid_to")


@dataclass(frozen=True)
class Rule:
    """One version of one rule.

    Attributes
    ----------
    target
        The premises category that it is about.
    limit_m
        Metres; None where none are stated.
    measure
        ``boundary`` (straight line from any point of the campus boundary), ``gate`` (from the nearest gate), ``walk``
        (on foot, gate to door), ``township_polygon`` (the area that the township drew, else by boundary), ``none``
        (no distance), ``road`` (not about premises).
    stages
        The school stages it protects; a school of unknown stage is taken as protected, and marked.
    basis_status
        How well the basis is known: see ``BASIS_STATUS``.
    """

    rule_id: str
    version: int
    target: str
    title_zh: str
    title_en: str
    limit_m: float | None
    measure: Measure
    stages: tuple[str, ...]
    enforced_by_zh: str
    enforced_by_en: str
    basis_zh: str
    basis_en: str
    basis_status: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    note_zh: str
    note_en: str

    def title(self, language: str) -> str:
        """Return the title in Chinese ("zh") or English."""
        return self.title_zh if language == "zh" else self.title_en

    def basis(self, language: str) -> str:
        """Return the legal basis."""
        return self.basis_zh if language == "zh" else self.basis_en

    def enforced_by(self, language: str) -> str:
        """Return the departments in charge."""
        return self.enforced_by_zh if language == "zh" else self.enforced_by_en

    def note(self, language: str) -> str:
        """Return the note."""
        return self.note_zh if language == "zh" else self.note_en


@dataclass(frozen=True)
class SchoolSet:
    """The schools that premises are held against.

    Attributes
    ----------
    boundaries, boundary_school, boundary_error_m
        Campus polygons in WGS 84, the school of each (its position below), and how far off each may be in metres.
    stages, opened_on, district
        For each school: stage codes, opening day or None, township code or None.
    gates, gate_school
        Gate points in WGS 84, and the school of each.
    """

    boundaries: Shapes
    boundary_school: Integers
    boundary_error_m: Floats
    stages: tuple[tuple[str, ...], ...]
    opened_on: tuple[dt.date | None, ...]
    district: tuple[str | None, ...]
    gates: Shapes
    gate_school: Integers


def rule_of(row: Mapping[str, Any]) -> Rule:
    """Return a rule of a row of the table, or of what an administrator kept of it; texts are turned into values.

    Raises
    ------
    GisError
        Where a column is missing or cannot be read.
    """
    values = dict(row)
    try:
        for name in _LISTS:
            if isinstance(values[name], str):
                values[name] = tuple(part for part in values[name].split(";") if part)
        for name in _DATES:
            if isinstance(values[name], str):
                values[name] = dt.date.fromisoformat(values[name]) if values[name] else None
        values["limit_m"] = None if values["limit_m"] in ("", None) else float(values["limit_m"])
        values["version"] = int(values["version"])
        return Rule(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise GisError(f"the distance rule {values.get('rule_id', '?')!r} cannot be read: {error}") from None


def load_rules() -> tuple[Rule, ...]:
    """Return the rules of ``gis/rules_table.csv``."""
    text = resources.files("gis").joinpath("rules_table.csv").read_text(encoding="utf-8")
    return tuple(rule_of(row) for row in csv.DictReader(text.splitlines()))


def rules_at(rules: Iterable[Rule], on: dt.date) -> tuple[Rule, ...]:
    """Return the newest version of each rule that is in force on a day."""
    newest: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda r: r.version):
        if (rule.valid_from is None or rule.valid_from <= on) and (rule.valid_to is None or on <= rule.valid_to):
            newest[rule.rule_id] = rule
    return tuple(newest.values())


def screen(
    places: pd.DataFrame,
    schools: SchoolSet,
    rules: Iterable[Rule],
    *,
    on: dt.date,
    walking_m: Mapping[tuple[Any, int], float] | None = None,
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
        Walking distances that are known, metres: (place id, school position) → distance.
    township_areas
        ``district``, ``boundary`` (polygon in WGS 84), ``valid_from``, ``valid_to``.
    search_m
        How far around a school places are reported under rules without metres.

    Returns
    -------
    pandas.DataFrame
        One row a place, rule and school whose verdict is not ``outside``: place, rule_id, school (position), verdict,
        measure, distance_m (the one that decides), limit_m, margin_m (limit − distance), error_m,
        boundary_distance_m, gate_distance_m (NaN without a gate), walk_distance_m (NaN unless known), line (the
        measured line, or None), existing (licensed before the school opened or the rule came), licence_expires, notes.

    Notes
    -----
    The error of a distance is the sum of the place's and the boundary's error (the worst case). A place is
    ``borderline`` where the distance lies closer to the limit than that.
    """
    active = [rule for rule in rules_at(rules, on) if rule.measure != "road"]
    by_target = _positions_by_target(places)
    wanted = [rule for rule in active if rule.target in by_target]
    reach = max([rule.limit_m or search_m for rule in wanted], default=0.0)
    pairs = _pairs(places, schools, reach, with_errors=True)
    parts = [
        _judge(places, schools, rule, pairs, by_target[rule.target], on, walking_m, township_areas, search_m)
        for rule in wanted
    ]
    found = _joined(parts)
    return found[found["verdict"] != OUTSIDE].reset_index(drop=True)


def check(
    places: pd.DataFrame,
    schools: SchoolSet,
    rules: Iterable[Rule],
    *,
    on: dt.date,
    walking_m: Mapping[tuple[Any, int], float] | None = None,
    township_areas: pd.DataFrame | None = None,
    search_m: float = NO_LIMIT_SEARCH_M,
) -> pd.DataFrame:
    """Hold a few places against all rules of their categories; a rule that reaches no school shows the nearest one.

    Parameters and result are those of :func:`screen`; ``outside`` rows are there for the nearest school of each rule.
    """
    active = [rule for rule in rules_at(rules, on) if rule.measure != "road"]
    by_target = _positions_by_target(places)
    pairs = _pairs(places, schools, _CITY_REACH_M, with_errors=False)
    parts = []
    for rule in active:
        if rule.target not in by_target:
            continue
        judged = _judge(places, schools, rule, pairs, by_target[rule.target], on, walking_m, township_areas, search_m)
        matters = judged["verdict"] != OUTSIDE
        silent = ~judged["place"].isin(judged.loc[matters, "place"])
        nearest = judged[silent].sort_values("boundary_distance_m").drop_duplicates("place")
        parts.append(pd.concat([judged[matters], nearest]).sort_values(["place", "boundary_distance_m"]))
    return _joined(parts).reset_index(drop=True)


def explain(row: Any, rule: Rule, language: str, *, school_name: str = "") -> str:
    """Return one sentence for a row of :func:`screen` or :func:`check`, in Chinese ("zh") or English."""
    chinese = language == "zh"
    away = "—" if not np.isfinite(row.distance_m) else f"{row.distance_m:.1f}"
    limit = _limit_words(rule, chinese)
    measured = "gate" if row.measure == "walk" and not np.isfinite(row.walk_distance_m) else row.measure
    how = _HOW[measured][0 if chinese else 1]
    verdict = _VERDICT[row.verdict][0 if chinese else 1]
    status = BASIS_STATUS[rule.basis_status][language]
    extra = [words[0 if chinese else 1] for code, words in _NOTES.items() if code in row.notes.split()]
    if chinese:
        more = f"（{'；'.join(extra)}）" if extra else ""
        return (
            f"{rule.title_zh}：{how}“{school_name}”{away} 米，{limit}，{verdict}{more}。"
            f"依据：{rule.basis_zh}（{status}）；主管：{rule.enforced_by_zh}。"
        )
    more = f" ({'; '.join(extra)})" if extra else ""
    return (
        f"{rule.title_en}: {away} m {how} {school_name!r}, {limit}: {verdict}{more}. "
        f"Basis: {rule.basis_en} ({status}); in charge: {rule.enforced_by_en}."
    )


_HOW = {
    "boundary": ("距校园边界", "from the campus boundary of"),
    "gate": ("直线距最近校门", "in a straight line from the nearest gate of"),
    "walk": ("自校门步行至", "on foot from the gate of"),
    "township_polygon": ("按乡镇划定范围，距校园边界", "(area drawn by the township) from the campus boundary of"),
    "none": ("距校园边界", "from the campus boundary of"),
}
_VERDICT = {
    INSIDE: ("在限制距离内", "inside"),
    OUTSIDE: ("在限制距离外", "outside"),
    BORDERLINE: ("临界（小于定位误差）", "borderline (closer than the position error)"),
    UNDETERMINED: ("待确定", "to be determined"),
}
_NOTES = {
    "stage_unknown": ("学校学段未知", "the school's stage is not known"),
    "no_metres": ("规定未写米数", "the rule states no metres"),
    "position_too_coarse": ("位置过粗", "the position is too coarse"),
    "no_gate": ("学校尚无校门位置", "no gate of the school is known"),
    "walk_not_measured": ("步行距离未测", "the walk was not measured"),
    "walk_cannot_be_shorter": ("步行不会短于直线", "a walk is never shorter than the straight line"),
    "township_area": ("乡镇已划定范围", "the township drew an area"),
    "existing": ("历史存量：早于学校或规定", "existing: licensed before the school or the rule"),
}


def _limit_words(rule: Rule, chinese: bool) -> str:
    if rule.limit_m is None:
        return "限值待确定" if chinese else "limit to be determined"
    return f"限 {rule.limit_m:g} 米" if chinese else f"limit {rule.limit_m:g} m"


def _positions_by_target(places: pd.DataFrame) -> dict[str, Integers]:
    """Return for each category the positions of the places that have it."""
    found: dict[str, list[int]] = {}
    for at, categories in enumerate(places["categories"]):
        for code in categories:
            found.setdefault(code, []).append(at)
    return {code: np.array(at, dtype=np.int64) for code, at in found.items()}


@dataclass(frozen=True)
class _Pairs:
    """Places and schools near each other, with the boundary's foot, its error, and the nearest gate."""

    place: Integers
    school: Integers
    boundary_m: Floats
    boundary_error_m: Floats
    foot: Floats
    gate_m: Floats
    gate: Integers

    def only(self, keep: NDArray[Any]) -> _Pairs:
        return _Pairs(
            self.place[keep],
            self.school[keep],
            self.boundary_m[keep],
            self.boundary_error_m[keep],
            self.foot[keep],
            self.gate_m[keep],
            self.gate[keep],
        )


def _pairs(places: pd.DataFrame, schools: SchoolSet, reach: float, *, with_errors: bool) -> _Pairs:
    """Return the pairs within reach: of several campuses the nearest counts."""
    lon, lat = places["lon"].to_numpy(dtype=float), places["lat"].to_numpy(dtype=float)
    slack = places["position_error_m"].to_numpy(dtype=float).clip(max=2_000.0).max(initial=0.0) if with_errors else 0.0
    limit = reach + slack + schools.boundary_error_m
    near = pairs_within(np.array(shapely.points(lon, lat), dtype=object), schools.boundaries, limit)
    school = schools.boundary_school[near.boundary_index]
    order = np.lexsort((near.distance_m, school, near.point_index))
    first = np.ones(len(order), dtype=bool)
    place, school = near.point_index[order], school[order]
    first[1:] = (place[1:] != place[:-1]) | (school[1:] != school[:-1])
    chosen = order[first]
    pairs = _Pairs(
        near.point_index[chosen],
        schools.boundary_school[near.boundary_index[chosen]],
        near.distance_m[chosen],
        schools.boundary_error_m[near.boundary_index[chosen]],
        np.column_stack([near.lon[chosen], near.lat[chosen]]),
        np.full(len(chosen), np.nan),
        np.full(len(chosen), -1, dtype=np.int64),
    )
    return _with_gates(pairs, schools, lon, lat)


def _with_gates(pairs: _Pairs, schools: SchoolSet, lon: Floats, lat: Floats) -> _Pairs:
    if not len(schools.gates) or not len(pairs.place):
        return pairs
    xy = shapely.get_coordinates(schools.gates)
    pool = pd.DataFrame({"school": schools.gate_school, "gate": np.arange(len(xy))})
    both = pd.DataFrame({"pair": np.arange(len(pairs.place)), "school": pairs.school}).merge(pool, on="school")
    pair, gate = both["pair"].to_numpy(dtype=np.int64), both["gate"].to_numpy(dtype=np.int64)
    place = pairs.place[pair]
    away = distance_m(lon[place], lat[place], xy[gate, 0], xy[gate, 1])
    order = np.lexsort((away, pair))
    pair, gate, away = pair[order], gate[order], away[order]
    first = np.ones(len(pair), dtype=bool)
    first[1:] = pair[1:] != pair[:-1]
    gate_m, nearest = pairs.gate_m.copy(), pairs.gate.copy()
    gate_m[pair[first]], nearest[pair[first]] = away[first], gate[first]
    return replace(pairs, gate_m=gate_m, gate=nearest)


def _judge(
    places: pd.DataFrame,
    schools: SchoolSet,
    rule: Rule,
    pairs: _Pairs,
    having: Integers,
    on: dt.date,
    walking_m: Mapping[tuple[Any, int], float] | None,
    township_areas: pd.DataFrame | None,
    search_m: float,
) -> pd.DataFrame:
    """Return the verdict of one rule on every pair that it is about."""
    covered, unknown = _covered(schools, rule)
    of_target = np.zeros(len(places), dtype=bool)
    of_target[having] = True
    pairs = pairs.only(of_target[pairs.place] & covered[pairs.school])
    if rule.measure == "township_polygon":
        pairs = _with_township_pairs(places, schools, rule, pairs, having, covered, on, township_areas)
    place_error = places["position_error_m"].to_numpy(dtype=float)[pairs.place]
    error = place_error + pairs.boundary_error_m
    notes = np.where(unknown[pairs.school], "stage_unknown ", "").astype(object)
    walk = _walks(places, pairs, walking_m)
    if rule.limit_m is None:
        near = pairs.boundary_m <= search_m + error
        verdict = np.where(near, UNDETERMINED, OUTSIDE).astype(object)
        notes[near] += "no_metres "
        distance = pairs.gate_m if rule.measure in {"gate", "walk"} else pairs.boundary_m
        distance = np.where(np.isnan(distance), pairs.boundary_m, distance)
        line_to = "gate" if rule.measure in {"gate", "walk"} else "boundary"
    else:
        verdict, distance, line_to = _measured(rule, pairs, place_error, error, walk, notes)
    if rule.measure == "township_polygon":
        _by_township(places, schools, pairs, verdict, place_error, notes, on, township_areas)
    return _rows(places, schools, rule, pairs, verdict, distance, error, walk, notes, line_to)


def _covered(schools: SchoolSet, rule: Rule) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which schools a rule protects, and which of them only because their stage is not known."""
    protected = set(rule.stages)
    named = np.array([bool(protected & set(stages)) for stages in schools.stages], dtype=bool)
    unknown = np.array(["unknown" in stages or not stages for stages in schools.stages], dtype=bool) & ~named
    return named | unknown, unknown


def _walks(places: pd.DataFrame, pairs: _Pairs, walking_m: Mapping[tuple[Any, int], float] | None) -> Floats:
    if not walking_m:
        return np.full(len(pairs.place), np.nan)
    ids = places["id"].to_numpy()
    return np.array(
        [walking_m.get((ids[p], int(s)), np.nan) for p, s in zip(pairs.place, pairs.school, strict=True)], dtype=float
    )


def _against(distance: Floats, limit: float, error: Floats) -> NDArray[np.object_]:
    verdict = np.where(distance <= limit, INSIDE, OUTSIDE).astype(object)
    verdict[np.abs(distance - limit) < error] = BORDERLINE
    return verdict


def _measured(
    rule: Rule, pairs: _Pairs, place_error: Floats, error: Floats, walk: Floats, notes: NDArray[np.object_]
) -> tuple[NDArray[np.object_], Floats, str]:
    """Return verdicts, the distances that decide, and where the measured line goes."""
    limit = rule.limit_m
    assert limit is not None  # noqa: S101 - the caller has seen to it
    line_to = "boundary"
    if rule.measure in {"gate", "walk"}:
        no_gate = np.isnan(pairs.gate_m)
        straight = np.where(no_gate, pairs.boundary_m, pairs.gate_m)
        line_to = "gate"
        if rule.measure == "gate":
            verdict, distance = _against(straight, limit, error), straight
            unsure = no_gate & (verdict != OUTSIDE)
            verdict[unsure] = UNDETERMINED
            notes[unsure] += "no_gate "
        else:
            known = ~np.isnan(walk)
            distance = np.where(known, walk, straight)
            verdict = _against(distance, limit, error)
            far = ~known & (straight > limit + error)
            verdict[~known & ~far] = UNDETERMINED
            notes[~known & ~far] += "walk_not_measured "
            notes[far] += "walk_cannot_be_shorter "
    else:
        distance = pairs.boundary_m
        verdict = _against(distance, limit, error)
    coarse = (place_error > limit) & (distance <= limit + error)
    verdict[coarse] = UNDETERMINED
    notes[coarse] += "position_too_coarse "
    return verdict, distance, line_to


def _areas_in_force(township_areas: pd.DataFrame | None, on: dt.date) -> dict[str, Shapes]:
    """Return for each township the areas that it drew and that are in force."""
    out: dict[str, list[Any]] = {}
    if township_areas is not None:
        row: Any
        for row in township_areas.itertuples():
            begun = row.valid_from is None or pd.isna(row.valid_from) or row.valid_from <= on
            ended = row.valid_to is not None and not pd.isna(row.valid_to) and row.valid_to < on
            if begun and not ended:
                out.setdefault(str(row.district), []).append(row.boundary)
    return {district: np.array(shapes, dtype=object) for district, shapes in out.items()}


def _with_township_pairs(
    places: pd.DataFrame,
    schools: SchoolSet,
    rule: Rule,
    pairs: _Pairs,
    having: Integers,
    covered: NDArray[np.bool_],
    on: dt.date,
    township_areas: pd.DataFrame | None,
) -> _Pairs:
    """Add places in a township's area that are further from its schools than the usual limit reaches."""
    areas = _areas_in_force(township_areas, on)
    if not areas:
        return pairs
    lon, lat = places["lon"].to_numpy(dtype=float), places["lat"].to_numpy(dtype=float)
    inside = {
        district: having[shapely.intersects_xy(shapely.union_all(shapes), lon[having], lat[having])]
        for district, shapes in areas.items()
    }
    some = np.unique(np.concatenate(list(inside.values())))
    if not len(some):
        return pairs
    far = _pairs(places.iloc[some], schools, _TOWNSHIP_REACH_M, with_errors=False)
    place = some[far.place]
    have = set(zip(pairs.place.tolist(), pairs.school.tolist(), strict=True))
    keep = np.array(
        [
            covered[s] and p in inside.get(str(schools.district[s]), ()) and (p, s) not in have
            for p, s in zip(place.tolist(), far.school.tolist(), strict=True)
        ],
        dtype=bool,
    )
    more = replace(far, place=place).only(keep)
    return _Pairs(
        *(
            np.concatenate([getattr(pairs, name), getattr(more, name)])
            for name in ("place", "school", "boundary_m", "boundary_error_m", "foot", "gate_m", "gate")
        )
    )


def _by_township(
    places: pd.DataFrame,
    schools: SchoolSet,
    pairs: _Pairs,
    verdict: NDArray[np.object_],
    place_error: Floats,
    notes: NDArray[np.object_],
    on: dt.date,
    township_areas: pd.DataFrame | None,
) -> None:
    """Let the area that the school's township drew decide, where there is one."""
    lon, lat = places["lon"].to_numpy(dtype=float), places["lat"].to_numpy(dtype=float)
    district = np.array([str(schools.district[s]) for s in pairs.school], dtype=object)
    for code, shapes in _areas_in_force(township_areas, on).items():
        here = np.flatnonzero(district == code)
        if not len(here):
            continue
        area = shapely.union_all(shapes)
        points = np.array(shapely.points(lon[pairs.place[here]], lat[pairs.place[here]]), dtype=object)
        edge = nearest_on_boundaries(points, np.full(len(here), shapely.boundary(area), dtype=object)).distance_m
        verdict[here] = np.where(shapely.intersects(area, points), INSIDE, OUTSIDE)
        verdict[here[edge < place_error[here]]] = BORDERLINE
        notes[here] += "township_area "


def _rows(
    places: pd.DataFrame,
    schools: SchoolSet,
    rule: Rule,
    pairs: _Pairs,
    verdict: NDArray[np.object_],
    distance: Floats,
    error: Floats,
    walk: Floats,
    notes: NDArray[np.object_],
    line_to: str,
) -> pd.DataFrame:
    existing = _existing(places, schools, rule, pairs)
    notes = notes + np.where(existing, "existing ", "").astype(object)
    keep = np.arange(len(pairs.place))
    return pd.DataFrame(
        {
            "place": places["id"].to_numpy()[pairs.place],
            "rule_id": rule.rule_id,
            "school": pairs.school,
            "verdict": verdict,
            "measure": rule.measure,
            "distance_m": distance,
            "limit_m": np.nan if rule.limit_m is None else rule.limit_m,
            "margin_m": np.nan if rule.limit_m is None else rule.limit_m - distance,
            "error_m": error,
            "boundary_distance_m": pairs.boundary_m,
            "gate_distance_m": pairs.gate_m,
            "walk_distance_m": walk,
            "line": _lines(places, schools, pairs, line_to, verdict),
            "existing": existing,
            "licence_expires": places["licence_expires"].to_numpy(dtype=object)[pairs.place],
            "notes": [text.strip() for text in notes[keep]],
        }
    )


def _existing(places: pd.DataFrame, schools: SchoolSet, rule: Rule, pairs: _Pairs) -> NDArray[np.bool_]:
    """Return which places were licensed before their school opened, or before the rule came (历史存量)."""
    licensed = _days(places["licensed_from"])[pairs.place]
    opened = _days(schools.opened_on)[pairs.school]
    before: NDArray[np.bool_] = ~np.isnat(licensed) & ~np.isnat(opened) & (licensed < opened)
    if rule.valid_from is not None:
        before |= ~np.isnat(licensed) & (licensed < np.datetime64(rule.valid_from))
    return before


def _days(days: Iterable[dt.date | None]) -> NDArray[np.datetime64]:
    return np.array([None if day is None or pd.isna(day) else day for day in days], dtype="datetime64[D]")


def _lines(
    places: pd.DataFrame, schools: SchoolSet, pairs: _Pairs, line_to: str, verdict: NDArray[np.object_]
) -> Shapes:
    """Return the measured line of each pair, from the place to the boundary's foot or the nearest gate."""
    out = np.full(len(pairs.place), None, dtype=object)
    start = np.column_stack(
        [places["lon"].to_numpy(dtype=float)[pairs.place], places["lat"].to_numpy(dtype=float)[pairs.place]]
    )
    end = pairs.foot.copy()
    if line_to == "gate" and len(schools.gates):
        gate = pairs.gate >= 0
        end[gate] = shapely.get_coordinates(schools.gates)[pairs.gate[gate]]
    apart = (start != end).any(axis=1) & (verdict != OUTSIDE) | (start != end).any(axis=1) & (len(places) < 100)
    if apart.any():
        out[apart] = shapely.linestrings(np.stack([start[apart], end[apart]], axis=1))
    return out


_COLUMNS: Sequence[str] = (
    "place", "rule_id", "school", "verdict", "measure", "distance_m", "limit_m", "margin_m", "error_m",
    "boundary_distance_m", "gate_distance_m", "walk_distance_m", "line", "existing", "licence_expires", "notes",
)  # fmt: skip


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=list(_COLUMNS))
