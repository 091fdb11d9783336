"""Where a team may stand on a day: gates while they are left, and hot cells (Koper 1995: stays of 12 to 16 minutes)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.settings import Settings
from api.store import cities, incidents, schools
from api.store.models import City
from gis.geodesic import distance_m
from gis.lattice import cell_codes, cell_polygons
from gis.schooltime import timetable_weekdays

STAY_S = 14 * 60
GATE_STAY_S = 15 * 60
NEAR_M = 200.0  # incidents this near to a gate speak for standing there
USUAL_DISMISSAL_MIN = 16 * 60 + 30  # where no school of the city has a timetable
MEMORY_DAYS = 365
MOST_STOPS = 80


@dataclass(frozen=True)
class Candidate:
    """A place where a team may stand.

    Attributes
    ----------
    kind
        ``gate`` or ``cell``.
    name, school
        Of the gate or cell, and of its school ("" where there is none).
    windows
        Seconds after midnight between which the stay may begin.
    prize
        1, and the incidents of the last year near it; never written out, since it counts incidents.
    assumed
        Whether the dismissal is assumed: the school has no timetable for the day.
    """

    kind: str
    name: str
    school: str
    lon: float
    lat: float
    stay_s: int
    windows: tuple[tuple[int, int], ...]
    prize: float
    assumed: bool = False


def candidates(
    session: Session, city: City, settings: Settings, day: dt.date, duty_s: tuple[int, int]
) -> list[Candidate]:
    """Return the places that a team may stand at on a day, those worth most first, at most :data:`MOST_STOPS`.

    Raises
    ------
    BadInputError
        Where the day is no school day, or no gate is left within the hours of duty.
    """
    weekday = int(timetable_weekdays(np.array([day], dtype="datetime64[D]"), cities.calendar_of(session, city))[0])
    if not weekday:
        raise BadInputError(f"{day} is no school day in {city.name}: a weekend, a holiday, or out of term")
    hot = _past(session, city, settings, day)
    gates = _gates(session, city, settings, weekday, duty_s, hot)
    if not gates:
        first, last = (f"{s // 3600:02}:{s // 60 % 60:02}" for s in duty_s)
        raise BadInputError(f"no school is left between {first} and {last} on {day}; choose other hours")
    return sorted([*gates, *_cells(settings, duty_s, hot)], key=lambda one: (-one.prize, one.lon, one.lat))[:MOST_STOPS]


@dataclass(frozen=True)
class _Past:
    """After-school incidents of the last year by cell: centres and counts."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    count: NDArray[np.float64]
    codes: tuple[str, ...]

    def near(self, lon: float, lat: float) -> float:
        """Return how many lie within :data:`NEAR_M`, by the centres of their cells."""
        if not self.count.size:
            return 0.0
        away = distance_m(np.full(self.lon.shape, lon), np.full(self.lat.shape, lat), self.lon, self.lat)
        return float(self.count[away <= NEAR_M].sum())


def _past(session: Session, city: City, settings: Settings, day: dt.date) -> _Past:
    lattice = cities.lattice_of(city)
    zone = ZoneInfo(city.time_zone)
    until = dt.datetime.combine(day, dt.time(), zone)
    since = until - dt.timedelta(days=MEMORY_DAYS)
    counted: Counter[tuple[int, int]] = Counter(
        (row.lattice_column, row.lattice_row)
        for row in incidents.cells_and_times(session, city)
        if since <= row.occurred_from < until
        and row.minutes_after_dismissal is not None
        and -settings.after_school_before_min <= row.minutes_after_dismissal <= settings.after_school_after_min
    )
    if lattice is None or not counted:
        return _Past(np.empty(0), np.empty(0), np.empty(0), ())
    cells = sorted(counted)
    column, row = np.array(cells, dtype=np.int64).T
    lon, lat = shapely.get_coordinates(shapely.centroid(cell_polygons(column, row, lattice))).T
    codes = tuple(str(code) for code in cell_codes(city.code, column, row, lattice))
    return _Past(lon, lat, np.array([counted[cell] for cell in cells], dtype=float), codes)


def _gates(
    session: Session, city: City, settings: Settings, weekday: int, duty_s: tuple[int, int], past: _Past
) -> list[Candidate]:
    known = schools.schools_frame(session, city)
    gates = schools.gates_frame(session, city)
    tables = schools.dismissals_of(session, known["id"].tolist())
    said = Counter(minute for table in tables.values() for minute in table.get(weekday, []))
    usual = said.most_common(1)[0][0] if said else USUAL_DISMISSAL_MIN
    names = dict(zip(known["id"], known["name"], strict=True))
    out = []
    for school_id, name, place in zip(gates["school_id"], gates["name"], gates["location"], strict=True):
        minutes = tables.get(school_id, {}).get(weekday)
        windows = _windows(minutes or [usual], settings, duty_s, GATE_STAY_S)
        if windows:
            prize = 1.0 + past.near(place.x, place.y)
            out.append(
                Candidate("gate", name, names[school_id], place.x, place.y, GATE_STAY_S, windows, prize, not minutes)
            )
    return out


def _windows(
    dismissals_min: list[int], settings: Settings, duty_s: tuple[int, int], stay_s: int
) -> tuple[tuple[int, int], ...]:
    """Return when a stay may begin: within the window of each dismissal and the hours of duty, overlaps joined."""
    spans: list[tuple[int, int]] = []
    for minute in sorted(set(dismissals_min)):
        first = max(duty_s[0], (minute - settings.after_school_before_min) * 60)
        last = min(duty_s[1], (minute + settings.after_school_after_min) * 60) - stay_s
        if first > last:
            continue
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return tuple(spans)


def _cells(settings: Settings, duty_s: tuple[int, int], past: _Past) -> list[Candidate]:
    """Return the cells with at least k incidents of the last year: fewer would give somebody away."""
    if duty_s[1] - STAY_S < duty_s[0]:
        return []
    window = ((duty_s[0], duty_s[1] - STAY_S),)
    return [
        Candidate("cell", code, "", float(lon), float(lat), STAY_S, window, float(count))
        for code, lon, lat, count in zip(past.codes, past.lon, past.lat, past.count, strict=True)
        if count >= max(settings.k_anonymity, 1)
    ]
