"""What may be said of incidents to people without access to the sealed layer: groups of at least k; see gis.release."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import structlog
from numpy.typing import NDArray
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.services.cities import today_in
from api.services.incident_table import MINUTES_A_DAY, known_to_lie
from api.services.school_times import dismissals
from api.settings import Settings
from api.store import cities, releases
from api.store.audit import note
from api.store.engine import reading, writing
from api.store.models import City
from api.store.models.base import now
from api.store.releases import Times
from api.store.secrets import server_secret
from gis.aoristic import is_whole, share_after_dismissal
from gis.lattice import cells_of
from gis.release import Incidents, group_incidents, weekdays_of

_log = structlog.get_logger("api.releases")


def release_incidents(session: Session, city: City, settings: Settings, until: dt.date) -> int:
    """Gather the incidents of weeks that ended before a day into groups, and return how many found one.

    Groups that are there stay as they are. The caller's transaction keeps it.
    """
    monday = until - dt.timedelta(days=until.weekday())
    releases.hold(session, city)
    known = releases.released_until(session, city)
    found = releases.waiting(session, city, dt.datetime.combine(monday, dt.time(), ZoneInfo(city.time_zone)))
    day, last_day, hour, after = _surely(session, city, settings, found.times)
    incidents = Incidents.of(
        found.column, found.row, day, found.kind, after, weekdays_of(day), hour, last_day
    )  # fmt: skip
    group, groups = group_incidents(incidents, k=settings.k_anonymity, key=_key(session, city), until=monday)
    releases.add_groups(session, city, groups, found.id, group)
    if known is None or known < monday:
        releases.set_released_until(session, city, monday)
    return int((group >= 0).sum())


def _key(session: Session, city: City) -> bytes:
    """Return the secret of a city's thresholds: cells of two cities may have the same numbers."""
    return hashlib.blake2b(server_secret(session, "release"), person=city.uuid.bytes).digest()


def _surely(
    session: Session, city: City, settings: Settings, times: Times
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], NDArray[np.int64], NDArray[np.bool_]]:
    """Return what holds of incidents at whatever moment of their intervals they happened.

    Returns
    -------
    day, last_day, hour, after
        First and last day in the city's own time; the hour, −1 where it may have been another; whether it was surely
        after school, by the school time that is known now.
    """
    zone = ZoneInfo(city.time_zone)
    start, end = known_to_lie(times.from_s, times.to_s, times.time_known, zone)
    last = np.maximum(start, end - 1)  # an interval that ends at 17:00 has nothing of that hour
    hour = np.where(start // 60 == last // 60, start % MINUTES_A_DAY // 60, -1)
    window = (-settings.after_school_before_min, settings.after_school_after_min)
    after = (times.minutes >= window[0]) & (times.minutes <= window[1])
    loose = np.flatnonzero(start != end)
    if loose.size:
        _, tables, index = dismissals(session, settings, times.school[loose])
        share = share_after_dismissal(
            start[loose].astype("datetime64[m]"), end[loose].astype("datetime64[m]"), index, tables,
            cities.calendar_of(session, city), before_min=-window[0], after_min=window[1],
        )  # fmt: skip
        after[loose] = is_whole(share)  # a share that is not known is not sure
    day, last_day = ((minute // MINUTES_A_DAY).astype("datetime64[D]") for minute in (start, last))
    return day, last_day, hour, after


def retract(session: Session, incident_ids: Sequence[int]) -> int:
    """Take back the groups of incidents that are changed or removed, and return how many groups that were.

    All their members wait for another group. To be called before an incident is deleted.
    """
    found = releases.groups_of(session, incident_ids)
    releases.take_back(session, found)
    return len(found)


def retract_untrue(session: Session, city: City, settings: Settings, incident_ids: Sequence[int]) -> int:
    """Take back the groups whose description is no longer true of all of some incidents that were changed."""
    frame, times = releases.with_groups(session, incident_ids)
    if frame.empty:
        return 0
    day, last_day, hour, after = _surely(session, city, settings, times)
    true = (
        (frame["column"] == frame["group_lattice_column"]).to_numpy(dtype=bool)
        & (frame["row"] == frame["group_lattice_row"]).to_numpy(dtype=bool)
        & ~frame["serious"].to_numpy(dtype=bool)
        & (day >= frame["group_first_day"].to_numpy(dtype="datetime64[D]"))
        & (last_day <= frame["group_last_day"].to_numpy(dtype="datetime64[D]"))
    )
    for said, is_so in (
        ("kind", frame["kind"]),
        ("after_school", pd.Series(after, dtype=object)),
        ("weekday", pd.Series(weekdays_of(day), dtype=object)),
        ("hour", pd.Series(hour, dtype=object)),
    ):
        of_group = frame[f"group_{said}"]
        true &= (of_group.isna() | (of_group == is_so)).to_numpy(dtype=bool)
    untrue = sorted({int(identity) for identity in frame["group_id"][~true]})
    releases.take_back(session, untrue)
    return len(untrue)


def after_import(session: Session, city: City, settings: Settings, changed: Sequence[int]) -> None:
    """Take back what changed rows have made untrue, and gather what has come, in the import's transaction."""
    releases.hold(session, city)
    retract_untrue(session, city, settings, changed)
    release_incidents(session, city, settings, today_in(city, now()))


def release_if_due(engine: Engine, settings: Settings, moment: dt.datetime) -> list[str]:
    """Gather the incidents of every city in which a week has ended since the last time; return the cities' codes.

    At most once a week for each city, whoever asks first. Where it cannot be done, what is there is still right, so
    that is no error: the next one who asks tries again.
    """
    with reading(engine) as session:
        due = [city.code for city in cities.all_cities(session) if _is_due(city, moment)]
    done = []
    for code in due:
        try:
            with writing(engine) as session:
                city = cities.get_city(session, code)
                releases.hold(session, city)
                session.refresh(city)  # another may have been faster
                if _is_due(city, moment):
                    release_incidents(session, city, settings, today_in(city, moment))
                    done.append(code)
        except DBAPIError as error:
            _log.warning("incidents not released", city=code, error=type(error).__name__)
    return done


def release_anew(session: Session, city: City, settings: Settings, until: dt.date) -> int:
    """Take back all groups of a city and make them anew, by the school time that is known now; return how many found one.

    For a city whose timetables came after its incidents, once: whoever kept the answers of before learns from the new
    ones of single incidents. It is a line of the audit log.
    """
    releases.hold(session, city)
    releases.take_all_back(session, city)
    note(session, "release", "cities", identity=city.uuid, after={"code": city.code, "until": until.isoformat()})
    return release_incidents(session, city, settings, until)


def _is_due(city: City, moment: dt.datetime) -> bool:
    today = today_in(city, moment)
    monday = today - dt.timedelta(days=today.weekday())
    return city.incidents_released_until is None or city.incidents_released_until < monday


def place_anew(session: Session, city: City) -> None:
    """Put all incidents into the cells of a lattice that has changed; all groups are taken back and made anew.

    They are made when somebody asks next; see :func:`release_if_due`.
    """
    lattice = cities.lattice_of(city)
    releases.hold(session, city)
    releases.take_all_back(session, city)
    if lattice is not None:
        ids, place = releases.places_of(session, city)
        releases.set_cells(session, ids, *cells_of(place[:, 0], place[:, 1], lattice))
