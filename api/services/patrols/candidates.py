"""Where a team may stand on a day: gates while they are left, posts, hot and risky cells, hazards that wait for a check.

What a place is worth counts after-school incidents of the last year near it: exact ones for the police, and for
everybody else those of released groups, which anybody may see on the heat map.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError
from api.services.cellcounts import cell_counts
from api.services.hotspots import hot_spots
from api.services.patrols.requests import PlanRequest, clock
from api.services.questions import Question
from api.services.risk import risky_cells
from api.services.school_times import assumed_dismissal_min
from api.settings import Settings
from api.store import cities, patrols, schools
from api.store.models import City
from gis.geodesic import distance_m
from gis.lattice import Lattice, cell_codes, cell_polygons, cells_of
from gis.schooltime import timetable_weekdays

STAY_S = 14 * 60  # 12 to 16 minutes work best in hot spots (Koper 1995, Justice Q. 12, 649–672)
GATE_STAY_S = 15 * 60
HAZARD_STAY_S = 6 * 60
NEAR_M = 200.0  # incidents this near to a gate speak for standing there
ONE_GATE_M = 10.0  # gates of two schools nearer than this are one place
AROUND_M = 800.0  # cells and hazards belong to the chosen schools within this distance of a gate
POST_GRACE_S = 10 * 60  # a team may reach its post so much late
MEMORY_DAYS = 365
MOST_STOPS = 240
MOST_HAZARDS = 60
_RISKY_SHARE = 0.05


@dataclass(frozen=True)
class Candidate:
    """A place where a team may stand.

    Attributes
    ----------
    kind
        ``gate``, ``post``, ``hot`` (a significant hot spot), ``cell`` (at least k incidents), ``risk``, ``hazard`` or
        ``hand`` (put there by the planner).
    key
        What names the place on other days too.
    name, school
        Of the place, and of its school or schools ("" where there is none).
    windows
        Seconds after midnight between which the stay may begin.
    prize
        What standing there is worth; never written out, since it counts incidents.
    required, skill
        Whether it must be manned, and by whom only.
    assumed
        Whether the dismissal is assumed: the school has no timetable for the day.
    overdue
        Whether its school has not been seen for so long that it comes first.
    dismissals
        Grades and minutes after midnight.
    until_s
        When a post's window ends; None for other places.
    """

    kind: str
    key: str
    name: str
    school: str
    lon: float
    lat: float
    stay_s: int
    windows: tuple[tuple[int, int], ...]
    prize: float
    required: bool = False
    skill: str = ""
    assumed: bool = False
    overdue: bool = False
    school_id: int | None = None
    hazard_id: int | None = None
    post_id: int | None = None
    cell: tuple[int, int] | None = None
    dismissals: tuple[tuple[str, int], ...] = field(default=())
    until_s: int | None = None


@dataclass(frozen=True)
class Incidents:
    """After-school incidents of the last year by cell: cells, centres and counts."""

    cells: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    count: NDArray[np.float64]

    def near(self, lon: float, lat: float) -> float:
        """Return how many lie within :data:`NEAR_M`, by the centres of their cells."""
        if not self.count.size:
            return 0.0
        away = distance_m(np.full(self.lon.shape, lon), np.full(self.lat.shape, lat), self.lon, self.lat)
        return float(self.count[away <= NEAR_M].sum())


def school_weekday(session: Session, city: City, day: dt.date) -> int:
    """Return by which weekday's timetable a day runs (1 = Monday).

    Raises
    ------
    BadInputError
        Where the day is no school day.
    """
    weekday = int(timetable_weekdays(np.array([day], dtype="datetime64[D]"), cities.calendar_of(session, city))[0])
    if not weekday:
        raise BadInputError(f"{day} is no school day in {city.name}: a weekend, a holiday, or out of term")
    return weekday


def candidates(session: Session, city: City, settings: Settings, wanted: PlanRequest) -> list[Candidate]:
    """Return the places that a team may stand at on a day, those worth most first, at most :data:`MOST_STOPS`.

    Raises
    ------
    BadInputError
        Where the day is no school day, or there is no place within the hours of duty.
    """
    weekday = school_weekday(session, city, wanted.day)
    past = _past(session, city, settings, wanted)
    gates = _gates(session, city, settings, wanted, weekday, past)
    posts = _posts(session, city, settings, wanted, weekday, past) if "posts" in wanted.sources else []
    around = gates if wanted.schools or wanted.district else None
    found = [*posts, *(_without(gates, posts) if "gates" in wanted.sources else [])]
    lattice = cities.lattice_of(city)
    if lattice is not None:
        found += _cells(session, settings, wanted, city, lattice, past, gates, around)
    if "hazards" in wanted.sources:
        found += _hazards(session, city, wanted, lattice, around)
    if not (gates or posts) and "gates" in wanted.sources:
        first, last = clock(wanted.from_s), clock(wanted.to_s)
        raise BadInputError(f"no school is left between {first} and {last} on {wanted.day}; choose other hours")
    if not found:
        raise BadInputError("there is no place to stand at: look at gates too, or at other sources")
    ordered = sorted(found, key=lambda one: (not one.required, -one.prize, one.lon, one.lat, one.key))
    return ordered[:MOST_STOPS]


def _past(session: Session, city: City, settings: Settings, wanted: PlanRequest) -> Incidents:
    lattice = cities.lattice_of(city)
    last = wanted.day - dt.timedelta(days=1)
    asked = Question(first=wanted.day - dt.timedelta(days=MEMORY_DAYS), last=last, after_school=True, city=city.code)
    counted = cell_counts(session, settings, asked, sealed=wanted.exact)
    if lattice is None or not counted:
        return Incidents(np.empty((0, 2), dtype=np.int64), *np.empty((3, 0)))
    cells = np.array(sorted(counted), dtype=np.int64)
    centres = shapely.centroid(cell_polygons(cells[:, 0], cells[:, 1], lattice))
    lon, lat = shapely.get_coordinates(centres).T
    return Incidents(cells, lon, lat, np.array([counted[column, row] for column, row in cells.tolist()], dtype=float))


def _gates(
    session: Session, city: City, settings: Settings, wanted: PlanRequest, weekday: int, past: Incidents
) -> list[Candidate]:
    known = schools.schools_frame(session, city)
    if wanted.schools:
        known = known[known["uuid"].isin(list(wanted.schools))]
    if wanted.district:
        known = known[known["district_code"] == wanted.district]
    ids = known["id"].tolist()
    shut = patrols.schools_out_of_term(session, city, wanted.day)
    ids = [one for one in ids if one not in shut]
    tables = patrols.dismissals_on(session, city, weekday, wanted.day)
    said = Counter(minute for table in tables.values() for _, minute in table)
    usual = said.most_common(1)[0][0] if said else assumed_dismissal_min(settings)
    names = dict(zip(known["id"], known["name"], strict=True))
    gates = schools.gates_frame(session, city)
    wanted_ids, out = set(ids), []
    columns = ("school_id", "uuid", "name", "kind", "location")
    for school, identity, name, kind, place in zip(*(gates[column] for column in columns), strict=True):
        if school not in wanted_ids or kind == "closed":
            continue
        table = tables.get(school, [])
        windows = _windows([minute for _, minute in table] or [usual], settings, wanted, GATE_STAY_S)
        if windows:
            prize = 1.0 + past.near(place.x, place.y)
            out.append(
                Candidate("gate", f"gate:{identity}", name, names[school], place.x, place.y, GATE_STAY_S, windows, prize,
                          assumed=not table, school_id=school, dismissals=tuple(table))
            )  # fmt: skip
    return _shared(out)


def _shared(gates: list[Candidate]) -> list[Candidate]:
    """Return the gates, those of two schools at one place as one stop: a team that stands there sees both leave."""
    out: list[Candidate] = []
    for gate in gates:
        at = next(
            (n for n, one in enumerate(out) if one.school_id != gate.school_id and _apart_m(one, gate) <= ONE_GATE_M),
            None,
        )
        if at is None:
            out.append(gate)
            continue
        one = out[at]
        out[at] = replace(
            one,
            school=f"{one.school}、{gate.school}",
            windows=_joined([*one.windows, *gate.windows]),
            prize=max(one.prize, gate.prize),
            assumed=one.assumed or gate.assumed,
            dismissals=one.dismissals + gate.dismissals,
        )
    return out


def _apart_m(one: Candidate, other: Candidate) -> float:
    return float(distance_m(one.lon, one.lat, other.lon, other.lat))


def _windows(
    dismissals_min: list[int], settings: Settings, wanted: PlanRequest, stay_s: int
) -> tuple[tuple[int, int], ...]:
    """Return when a stay may begin: within the window of each dismissal and the hours of duty, overlaps joined."""
    spans: list[tuple[int, int]] = []
    for minute in sorted(set(dismissals_min)):
        first = max(wanted.from_s, (minute - settings.after_school_before_min) * 60)
        last = min(wanted.to_s, (minute + settings.after_school_after_min) * 60) - stay_s
        if first <= last:
            spans.append((first, last))
    return _joined(spans)


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    out: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(last, out[-1][1]))
        else:
            out.append((first, last))
    return tuple(out)


def _posts(
    session: Session, city: City, settings: Settings, wanted: PlanRequest, weekday: int, past: Incidents
) -> list[Candidate]:
    """Return the posts that must be manned on the day, for as much of their window as lies within the hours of duty."""
    tables = patrols.dismissals_on(session, city, weekday, wanted.day)
    shut = patrols.schools_out_of_term(session, city, wanted.day)
    out = []
    for post, school, identity, district in patrols.posts_with_schools(session, city.id, active=True):
        if (wanted.schools and identity not in wanted.schools) or (wanted.district and district != wanted.district):
            continue
        if (post.weekdays and str(weekday) not in post.weekdays) or post.school_id in shut:
            continue
        table = tables.get(post.school_id, [])
        begins, ends = post_hours(post.begins_min, post.ends_min, [minute for _, minute in table], settings)
        first, last = max(begins * 60, wanted.from_s), min(ends * 60, wanted.to_s)
        if last - first <= POST_GRACE_S:
            continue
        room = POST_GRACE_S if last + POST_GRACE_S > wanted.to_s else 0
        out.append(
            Candidate("post", f"post:{post.uuid}", post.name, school, post.lon, post.lat, last - first - room,
                      ((first, first + POST_GRACE_S),), 1.0 + past.near(post.lon, post.lat), required=True,
                      skill=post.skill, assumed=post.begins_min is None and not table, school_id=post.school_id,
                      post_id=post.id, dismissals=tuple(table), until_s=last)
        )  # fmt: skip
    return out


def post_hours(
    begins_min: int | None, ends_min: int | None, dismissals_min: list[int], settings: Settings
) -> tuple[int, int]:
    """Return from when to when a post is manned, in minutes after midnight."""
    known = dismissals_min or [assumed_dismissal_min(settings)]
    return (
        min(known) - settings.after_school_before_min if begins_min is None else begins_min,
        max(known) + settings.after_school_after_min if ends_min is None else ends_min,
    )


def _without(gates: list[Candidate], posts: list[Candidate]) -> list[Candidate]:
    """Return the gates at which there is no post."""
    return [gate for gate in gates if all(_apart_m(gate, post) > 3 * ONE_GATE_M for post in posts)]


def _cells(
    session: Session, settings: Settings, wanted: PlanRequest, city: City, lattice: Lattice, past: Incidents,
    gates: list[Candidate], around: list[Candidate] | None,
) -> list[Candidate]:  # fmt: skip
    """Return hot and risky cells, and those with at least k incidents: fewer would give somebody away."""
    if wanted.to_s - STAY_S < wanted.from_s:
        return []
    found: dict[str, Candidate] = {}
    window = ((wanted.from_s, wanted.to_s - STAY_S),)
    least = max(settings.k_anonymity, 1)
    if "cells" in wanted.sources and past.count.size:
        hot = _hot_codes(session, settings, wanted, city)
        codes = cell_codes(city.code, past.cells[:, 0], past.cells[:, 1], lattice)
        for code, (column, row), lon, lat, count in zip(
            codes, past.cells.tolist(), past.lon, past.lat, past.count, strict=True
        ):
            if count >= least:
                kind = "hot" if str(code) in hot else "cell"
                found[str(code)] = Candidate(kind, f"cell:{code}", str(code), "", float(lon), float(lat), STAY_S, window,
                                             float(count), cell=(column, row))  # fmt: skip
    if "risk" in wanted.sources and wanted.exact:
        risky = [one for one in _risky(session, settings, wanted, city) if one[0] not in found]
        columns, rows = np.array([one[1:] for one in risky], dtype=np.int64).reshape(-1, 2).T
        middles = shapely.get_coordinates(shapely.centroid(cell_polygons(columns, rows, lattice)))
        for (code, column, row), (lon, lat) in zip(risky, middles.tolist(), strict=True):
            found[code] = Candidate(
                "risk", f"cell:{code}", code, "", lon, lat, STAY_S, window, float(least), cell=(column, row)
            )
    return [_by_school(one, gates) for one in _near(list(found.values()), around)]


def _by_school(one: Candidate, gates: list[Candidate]) -> Candidate:
    """Return a cell with the name of the school at the nearest gate: a code tells nobody where to go."""
    near = min(gates, key=lambda gate: _apart_m(one, gate), default=None)
    named = near is not None and _apart_m(one, near) <= AROUND_M
    return replace(
        one, school=near.school if near is not None and named else "", name="-".join(one.name.split("-")[-2:])
    )


def _hot_codes(session: Session, settings: Settings, wanted: PlanRequest, city: City) -> set[str]:
    last = wanted.day - dt.timedelta(days=1)
    try:
        document = hot_spots(session, settings, Question(last=last, after_school=True, city=city.code), weeks=52,
                             today=last, sealed=wanted.exact)  # fmt: skip
    except NotFoundError:  # no perimeters yet
        return set()
    return {one["properties"]["code"] for one in document["features"] if one["properties"]["class"] > 0}


def _risky(session: Session, settings: Settings, wanted: PlanRequest, city: City) -> list[tuple[str, int, int]]:
    try:
        return risky_cells(session, settings, city, wanted.day, _RISKY_SHARE)
    except NotFoundError:  # no perimeters yet
        return []


def _hazards(
    session: Session, city: City, wanted: PlanRequest, lattice: Lattice | None, around: list[Candidate] | None
) -> list[Candidate]:
    """Return hazards whose handling waits to be checked, and open ones of the highest severity: any team may pass by."""
    if wanted.to_s - HAZARD_STAY_S < wanted.from_s:
        return []
    out = []
    for hazard, lon, lat, waits in patrols.hazards_to_check(session, city.id, MOST_HAZARDS):
        cell = None
        if lattice is not None:
            column, row = cells_of([lon], [lat], lattice)
            cell = (int(column[0]), int(row[0]))
        out.append(
            Candidate("hazard", f"hazard:{hazard.uuid}", hazard.name or hazard.category, "", lon, lat, HAZARD_STAY_S,
                      ((wanted.from_s, wanted.to_s - HAZARD_STAY_S),), 2.0 if waits else 1.0, hazard_id=hazard.id,
                      cell=cell)
        )  # fmt: skip
    return _near(out, around)


def _near(found: list[Candidate], around: list[Candidate] | None) -> list[Candidate]:
    """Return the places near the gates of the chosen schools; all where none were chosen."""
    if around is None:
        return found
    return [one for one in found if any(_apart_m(one, gate) <= AROUND_M for gate in around)]
