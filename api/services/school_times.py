"""Incidents set against the dismissal of the nearest school, when they come in and when school time changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.settings import Settings
from api.store import cities, school_times, schools
from api.store.incident_table import note_altered
from api.store.models import City
from api.store.releases import hold
from api.store.school_times import Against
from gis import crs
from gis.schooltime import local_times, minutes_after_dismissal

Table = Mapping[int, Sequence[int]]  # weekday → minutes of the day of its dismissals

NEAR_SCHOOL_M = 1_000.0  # an incident further from every school is not set against any dismissal
_M_PER_DEG = 110_000.0  # less than a degree of latitude is anywhere: a reach in degrees is never too short


def assumed_dismissal_min(settings: Settings) -> int:
    """Return the dismissal that is assumed, and marked as assumed, for a school without a timetable: minutes of the day."""
    hour, minute = (int(part) for part in settings.dismissal.split(":"))
    return hour * 60 + minute


def set_against_dismissal(
    session: Session,
    city: City,
    settings: Settings,
    points: NDArray[np.object_],
    moments: NDArray[np.datetime64],
    time_known: NDArray[np.bool_],
) -> Against:
    """Return the nearest school within a kilometre, whole minutes after its dismissal, and whether that is assumed.

    Parameters
    ----------
    points
        WGS 84 points, shape ``(n,)``.
    moments
        Local moments of the city, ``datetime64``, shape ``(n,)``.
    time_known
        False where only the day is known: such an incident has no minutes.
    """
    campuses = schools.campuses_frame(session, city)
    count = len(points)
    nearest = np.full(count, -1, dtype=np.int64)
    if campuses.empty or not count:
        return Against(nearest, np.full(count, np.nan), np.zeros(count, dtype=bool))
    plane = crs.meridian_crs(city.lattice_meridian_deg or 0.0)
    tree = shapely.STRtree(crs.project_geometries(campuses["boundary"].to_numpy(dtype=object), plane))
    place, campus = tree.query_nearest(
        crs.project_geometries(points, plane), max_distance=NEAR_SCHOOL_M, all_matches=False
    )
    nearest[place] = campuses["school_id"].to_numpy(dtype=np.int64)[campus]
    known, tables, index = dismissals(session, settings, nearest)
    minutes = minutes_after_dismissal(moments, index, tables, cities.calendar_of(session, city))
    assumed = (nearest >= 0) & ~np.isin(nearest, list(known))
    return Against(nearest, np.where(time_known, np.rint(minutes), np.nan), assumed)


def dismissals(
    session: Session, settings: Settings, school: NDArray[np.integer]
) -> tuple[Mapping[int, Table], list[Table], NDArray[np.int64]]:
    """Return the timetables of schools that are met.

    Returns
    -------
    known, tables, index
        Those that are known, by school; all, assumed ones too; and the index of each school into these, −1 for none.
    """
    ids = np.unique(school[school >= 0])
    known = schools.dismissals_of(session, ids.tolist())
    assumed = {weekday: [assumed_dismissal_min(settings)] for weekday in range(1, 6)}
    tables: list[Table] = [known.get(i) or assumed for i in ids.tolist()]
    index = np.searchsorted(ids, school) if ids.size else np.zeros(len(school), dtype=np.int64)
    return known, tables, np.where(school >= 0, index, -1).astype(np.int64)


def set_anew(
    session: Session,
    city: City,
    settings: Settings,
    *,
    school_ids: Sequence[int] | None = None,
    campuses: Sequence[shapely.Geometry] = (),
) -> int:
    """Set incidents against school time anew after timetables, the calendar or campuses have changed.

    Groups that may be shown stay as they are: what they say of after school is by the school time that was known when
    they were made. Made anew, they would differ from those of before by single incidents, and whoever moves a dismissal
    by five minutes would read off what happened in these. What has no group yet is gathered by the new school time.

    Parameters
    ----------
    school_ids
        Schools whose incidents are concerned; None: all of the city's.
    campuses
        Grounds in WGS 84 that have come, or that were there before: incidents near them are concerned too.

    Returns
    -------
    int
        How many incidents are set against something else than before.
    """
    session.flush()
    around = None
    if len(campuses):
        west, south, east, north = shapely.total_bounds(np.array(campuses, dtype=object))
        reach = NEAR_SCHOOL_M / _M_PER_DEG
        aside = reach / max(np.cos(np.radians(max(abs(south), abs(north)) + reach)), 0.01)
        around = (west - aside, south - reach, east + aside, north + reach)
    hold(session, city)
    stored = school_times.stored_incidents(session, city, school_ids=school_ids, around=around)
    if not len(stored.id):
        return 0
    moments = local_times(stored.occurred_s, ZoneInfo(city.time_zone))
    against = set_against_dismissal(session, city, settings, stored.point, moments, stored.time_known)
    changed = np.flatnonzero(against.differs(stored.against))
    if changed.size:
        now_against = Against(against.school[changed], against.minutes[changed], against.assumed[changed])
        school_times.set_against(session, stored.id[changed], now_against)
    else:  # the shares of incidents of uncertain time may have changed all the same
        note_altered(session, city)
    return int(changed.size)
