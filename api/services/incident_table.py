"""The incidents of a city, kept in memory as columns, so that any question of the police page is counted at once.

An incident takes 40 bytes; all of them are read from the database once, what has been added since is read alone, and
everything anew where a record was altered or removed. The database counts both itself (``incident_changes``), so no
answer is ever older than the transaction that asks. Nothing of where an incident happened is kept but its cell.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import structlog
from numpy.typing import NDArray
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.services.memory import Answers
from api.store import cities
from api.store import incident_table as store
from api.store.engine import reading
from api.store.incident_table import Changes
from api.store.models import City
from gis.schooltime import local_times

MINUTES_A_DAY = 24 * 60
_MOST_CITIES = 8
log = structlog.get_logger()


@dataclass(frozen=True, eq=False)
class IncidentTable:
    """Incidents by the city's own clock, arrays of one length.

    Attributes
    ----------
    column, row
        Cell of the lattice.
    start_min, end_min
        When it began, and until when it may have happened, minutes since 1970; the same where the moment is known,
        and the whole day where only the day is.
    day
        Day on which it began, days since 1970.
    kind
        Index into ``kinds``.
    minutes
        After dismissal, NaN where there is none to set it against.
    school
        Id of the school that it is set against, −1 for none.
    assumed
        Whether that school has no timetable, so that its dismissal is assumed.
    changes
        What the database had counted when this was read.
    answers
        What was worked out from exactly these incidents.
    """

    column: NDArray[np.int32]
    row: NDArray[np.int32]
    start_min: NDArray[np.int64]
    end_min: NDArray[np.int64]
    day: NDArray[np.int32]
    kind: NDArray[np.int16]
    kinds: tuple[str, ...]
    minutes: NDArray[np.float32]
    school: NDArray[np.int32]
    assumed: NDArray[np.bool_]
    changes: Changes
    last_id: int
    answers: Answers = field(default_factory=lambda: Answers(most=64))

    def __len__(self) -> int:
        return len(self.day)

    @cached_property
    def uncertain(self) -> NDArray[np.bool_]:
        """Of which no moment is known, but an interval."""
        return np.asarray(self.start_min != self.end_min, dtype=np.bool_)


_tables: OrderedDict[Hashable, IncidentTable] = OrderedDict()
_reading = threading.Lock()


def table_of(session: Session, city: City) -> IncidentTable:
    """Return the incidents of a city as they are in the session's transaction."""
    changes = store.changes_of(session, city)
    key = (str(session.get_bind().engine.url), city.uuid, city.lattice_meridian_deg, city.cell_m, city.time_zone)
    known = _tables.get(key)
    if known is not None and known.changes == changes:
        return known
    with _reading:  # whoever waits finds it read
        known = _tables.get(key)
        if known is None or known.changes != changes:
            known = _grown(session, city, known, changes) or _read(session, city, changes)
            _tables[key] = known
            _tables.move_to_end(key)
            while len(_tables) > _MOST_CITIES:
                _tables.popitem(last=False)
    return known


def read_ahead(engine: Engine) -> None:
    """Read the incidents of all cities, so that the first question after a start need not wait for it."""
    try:
        with reading(engine) as session:
            for city in cities.all_cities(session)[:_MOST_CITIES]:
                table_of(session, city)
    except SQLAlchemyError as error:  # whoever asks will read them, or be told what is wrong
        log.warning("incidents_not_read_ahead", error=type(error).__name__)


def _grown(session: Session, city: City, known: IncidentTable | None, changes: Changes) -> IncidentTable | None:
    """Return a table with what was added since; None where it must be read anew."""
    if known is None or known.changes.altered != changes.altered or changes.added < known.changes.added:
        return None
    if store.added_since(session, city, known.last_id) != changes.added - known.changes.added:
        return None  # an id given earlier was kept later
    more = _read(session, city, changes, after_id=known.last_id)
    kinds = tuple(dict.fromkeys((*known.kinds, *more.kinds)))
    anew = np.array([kinds.index(one) for one in more.kinds], dtype=np.int16)
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(known, name), getattr(more, name)])
        for name in ("column", "row", "start_min", "end_min", "day", "minutes", "school", "assumed")
    }
    kind = np.concatenate([known.kind, anew[more.kind] if len(more) else more.kind])
    last_id = max(known.last_id, more.last_id)
    return IncidentTable(kind=kind, kinds=kinds, changes=changes, last_id=last_id, **joined)


def _read(session: Session, city: City, changes: Changes, *, after_id: int = 0) -> IncidentTable:
    found = store.read_columns(session, city, after_id=after_id)
    zone = ZoneInfo(city.time_zone)
    start, end = known_to_lie(found.from_s, found.to_s, found.time_known, zone)
    kind, kinds = pd.factorize(found.kind)
    return IncidentTable(
        column=found.column,
        row=found.row,
        start_min=start,
        end_min=end,
        day=(start // MINUTES_A_DAY).astype(np.int32),
        kind=kind.astype(np.int16),
        kinds=tuple(str(one) for one in kinds),
        minutes=found.minutes,
        school=found.school,
        assumed=found.assumed,
        changes=changes,
        last_id=store.highest_id(session, city),
    )


def known_to_lie(
    from_s: NDArray[np.int64], to_s: NDArray[np.int64], time_known: NDArray[np.bool_], zone: ZoneInfo
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return between which minutes of a city's clock incidents are known to lie.

    Parameters
    ----------
    from_s, to_s
        Beginning and end as they are stored, seconds since 1970 in UTC.
    time_known
        Whether more than the day is known.

    Returns
    -------
    start_min, end_min
        Minutes since 1970: the same where the moment is known, the whole day where only the day is.
    """
    start, end = (local_times(each, zone).astype("datetime64[m]").astype(np.int64) for each in (from_s, to_s))
    end = np.maximum(start, end)  # in the night when clocks go back
    day = start // MINUTES_A_DAY
    unknown = (start == end) & (~time_known | (start % MINUTES_A_DAY == 0))  # midnight sharp: only the day is known
    return np.where(unknown, day * MINUTES_A_DAY, start), np.where(unknown, (day + 1) * MINUTES_A_DAY, end)


def day_number(day: dt.date) -> int:
    """Return days since 1970-01-01."""
    return (day - dt.date(1970, 1, 1)).days
