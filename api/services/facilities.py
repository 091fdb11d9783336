"""Counselling rooms and stations: on the map, their use by month, targets with progress, the way to the nearest station.

Counts only. Fewer than five visits of a room in a month are not told, and sums leave them out: they are lower bounds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError, StaleError
from api.schemas.facilities import TargetsIn
from api.schemas.geojson import features
from api.services.atlas import Page
from api.services.cases.indicators import rate
from api.services.cities import today_in
from api.services.meetings.city import meeting_city
from api.store import facilities as store
from api.store import ground, schools
from api.store.models import City, Facility, FacilityTargets
from api.store.models.base import now
from api.store.spatial import Bounds, to_shapes
from gis.geodesic import distance_m
from gis.streets import DETOUR, build_network, for_mode, travel_times
from gis.streets.modes import FOOT

FEWEST = 5  # visits of a room in a month
WALK_M = 1_500
MONTHS = 12
_AROUND_DEG = 0.02
_KMH = 3.6
_FIRST_YEAR = 1970
# the table of the notice 诸教〔2018〕67号, until a city sets its own
TARGETS: tuple[dict[str, Any], ...] = (
    {"zh": "学校心理辅导室达到省标准", "en": "Every school meets the provincial standard", "kind": None,
     "level": "provincial", "goal": None, "due_on": None},
    {"zh": "示范学校", "en": "Demonstration schools", "kind": None, "level": "demonstration", "goal": 30, "due_on": None},
    {"zh": "省一级心理辅导站", "en": "First-class stations of the province", "kind": None, "level": "first_class",
     "goal": 10, "due_on": None},
    {"zh": "全国特色学校", "en": "Schools of national special feature", "kind": None, "level": "special_feature",
     "goal": 1, "due_on": None},
)  # fmt: skip


def facilities_in(session: Session, *, bounds: Bounds | None, after: int, limit: int) -> Page:
    """Return counselling rooms and stations in a box."""
    rows = store.facilities_page(session, bounds=bounds, after=after, limit=limit + 1)
    shown = rows[:limit]
    properties = [
        {
            "name": r.name,
            "kind": r.kind,
            "levels": r.levels,
            "school": None if r.school is None else str(r.school),
            "address": r.address,
            "opened_on": r.opened_on,
            "closed_on": r.closed_on,
            "invented": r.invented,
        }
        for r in shown
    ]
    following = shown[-1].id if len(rows) > limit else None
    return Page(features([r.uuid for r in shown], to_shapes(r.location for r in shown), properties), following)


def show_support(
    session: Session, city_code: str | None = None, *, at: dt.date | None = None, walk_m: int = WALK_M
) -> dict[str, Any]:
    """Return targets with progress, use by month, and the way from each school to the nearest station.

    Parameters
    ----------
    at
        The day that is looked at; None: today.
    walk_m
        Metres on foot beyond which pupils count as having no station near.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city, or the day lies before 1970.
    """
    if at is not None and at.year < _FIRST_YEAR:
        raise BadInputError("the year cannot be right")
    return support_of(session, meeting_city(session, city_code), at=at, walk_m=walk_m)


def support_of(session: Session, city: City, *, at: dt.date | None = None, walk_m: int = WALK_M) -> dict[str, Any]:
    """Return the same of a city; see :func:`show_support`."""
    day = min(at or today_in(city, now()), today_in(city, now()))
    alive = [one for one in store.facilities_of(session, city) if _is_open(one.opened_on, one.closed_on, day)]
    table = schools.schools_frame(session, city)
    known = {
        int(number): {"id": str(uuid), "zh": str(name), "en": str(english or name)}
        for number, uuid, name, english in zip(table["id"], table["uuid"], table["name"], table["name_en"], strict=True)
    }
    own = store.targets(session, city)
    targets = own.targets["rows"] if own is not None else list(TARGETS)
    ways = _nearest(session, city, alive, sorted(known), store.pupils(session, city), known)
    far = [one for one in ways if one["walk_m"] is None or one["walk_m"] > walk_m]
    return {
        "city": city.code,
        "at": day.isoformat(),
        "walk_m": walk_m,
        "fewest": FEWEST,
        "facilities": len(alive),
        "stations": sum(one.kind != "room" for one in alive),
        "version": 0 if own is None else own.version,
        "targets": [one | _progress(one, alive, set(known)) for one in targets],
        "months": _use(session, city, alive, day),
        "schools": ways,
        "beyond": {
            "schools": len(far),
            "pupils": sum(one["pupils"] or 0 for one in far),
            "all_pupils": sum(one["pupils"] or 0 for one in ways),
            "not_counted": sum(one["pupils"] is None for one in far),
        },
    }


def put_targets(session: Session, given: TargetsIn, version: int) -> dict[str, Any]:
    """Set a city's own targets in place of those that are at ``version`` (0: those of the notice).

    Raises
    ------
    StaleError
        Where somebody else set them meanwhile.
    """
    city = meeting_city(session, given.city)
    own = store.targets(session, city)
    if (0 if own is None else own.version) != version:
        raise StaleError("somebody else changed the targets meanwhile; read them again")
    rows = [one.model_dump(mode="json") for one in given.targets]
    if own is None:
        session.add(FacilityTargets(city_id=city.id, targets={"rows": rows}, invented=city.invented))
    else:
        own.targets, own.version = {"rows": rows}, own.version + 1
    session.flush()
    return {"version": version + 1, "targets": rows}


def _is_open(opened: dt.date | None, closed: dt.date | None, day: dt.date) -> bool:
    return (opened is None or opened <= day) and (closed is None or closed > day)


def _progress(target: Mapping[str, Any], alive: Sequence[Facility], known: set[int]) -> dict[str, Any]:
    """Return how many there are of how many; whatever has a level meets the provincial standard too."""
    level, kind = target["level"], target["kind"]
    fits = [
        one for one in alive
        if (kind is None or one.kind == kind)
        and (level is None or level in one.levels or (level == "provincial" and one.levels))
    ]  # fmt: skip
    if target["goal"] is None:
        done = len({one.school_id for one in fits} & known)
        return {"done": done, "of": len(known), "every_school": True}
    return {"done": len(fits), "of": target["goal"], "every_school": False}


def _use(session: Session, city: City, alive: Sequence[Facility], day: dt.date) -> list[dict[str, Any]]:
    """Return the last twelve months: visits, how many rooms said something, and how many of the open ones were used."""
    index = day.year * 12 + day.month - 1
    months = [dt.date(n // 12, n % 12 + 1, 1) for n in range(index - MONTHS + 1, index + 1)]
    open_ids = {one.id for one in alive}
    found: dict[dt.date, dict[int, int]] = {month: {} for month in months}
    for facility, month, visits in store.uses(session, city, months[0], months[-1]):
        if facility in open_ids:
            found[month][facility] = found[month].get(facility, 0) + visits
    out = []
    for month, rows in found.items():
        hidden = any(0 < n < FEWEST for n in rows.values())
        shown = sum(n for n in rows.values() if n >= FEWEST)
        used = sum(n > 0 for n in rows.values())
        out.append({
            "month": f"{month:%Y-%m}", "visits": shown if rows else None, "at_least": hidden, "said": len(rows),
            "used": rate(used, len(rows)),
        })  # fmt: skip
    return out


def _nearest(
    session: Session,
    city: City,
    alive: Sequence[Facility],
    ids: Sequence[int],
    pupils: Mapping[int, int],
    known: Mapping[int, Mapping[str, str]],
) -> list[dict[str, Any]]:
    """Return for each school the nearest station or centre on foot along the streets, the farthest first."""
    stations = [one for one in alive if one.kind != "room"]
    campuses = schools.campuses_frame(session, city)
    places: dict[int, tuple[float, float]] = {}
    for number, shape in zip(campuses["school_id"], campuses["boundary"], strict=True):
        middle = shapely.centroid(shape)
        places.setdefault(int(number), (middle.x, middle.y))
    placed = [number for number in ids if number in places]
    rows: dict[int, dict[str, Any]] = {
        number: dict(known[number]) | {
            "station": None, "walk_m": None, "estimated": False, "pupils": pupils.get(number),
        }
        for number in ids
    }  # fmt: skip
    if stations and placed:
        points = shapely.get_coordinates(to_shapes(one.location for one in stations))
        xy = np.concatenate([np.array([places[number] for number in placed]), points])
        west, south = xy.min(axis=0) - _AROUND_DEG
        east, north = xy.max(axis=0) + _AROUND_DEG
        streets = ground.ways(session, city, (float(west), float(south), float(east), float(north)))
        metres, estimated = _on_foot(streets, xy, len(placed))
        for at, number in enumerate(placed):
            best = int(np.argmin(metres[at]))
            rows[number] |= {
                "station": stations[best].name,
                "walk_m": round(float(metres[at, best])),
                "estimated": bool(estimated[at, best]),
            }
    return sorted(rows.values(), key=lambda one: (one["walk_m"] is not None, -(one["walk_m"] or 0), one["zh"]))


def _on_foot(
    streets: Any, xy: NDArray[np.float64], schools_first: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the metres on foot from schools to stations, and where they are estimated from the straight line.

    ``xy`` are first the schools and then the stations, in degrees; the answer has a row for each school. Where no street
    leads from one to the other, as where the streets of a city have gaps, the straight line times ``DETOUR`` is taken.
    """
    found = travel_times(for_mode(build_network(streets), FOOT), *xy.T)
    n = schools_first
    metres, estimated = found.seconds[:n, n:] * (FOOT.access_kmh / _KMH), found.estimated[:n, n:].copy()
    apart = ~np.isfinite(metres)
    straight = distance_m(xy[:n, 0, None], xy[:n, 1, None], xy[None, n:, 0], xy[None, n:, 1])
    metres[apart] = straight[apart] * DETOUR
    estimated[apart] = True
    return metres, estimated
