"""What of incidents is set against school time: where and when they were, and the dismissal that they were set against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.store.bulk import read_typed
from api.store.models import City, Incident
from api.store.moments import whole_seconds
from api.store.spatial import Bounds, meets_bbox

_BATCH = 500  # fewer than a statement may have parameters
_INCIDENTS = cast(sa.Table, Incident.__table__)


@dataclass(frozen=True)
class Against:
    """What incidents are set against, arrays of one length: school (−1: none), minutes (NaN: none), assumed or not."""

    school: NDArray[np.int64]
    minutes: NDArray[np.float64]
    assumed: NDArray[np.bool_]

    def differs(self, other: Against) -> NDArray[np.bool_]:
        """Return where two are not the same."""
        same_minutes = (self.minutes == other.minutes) | (np.isnan(self.minutes) & np.isnan(other.minutes))
        differs: NDArray[np.bool_] = (self.school != other.school) | ~same_minutes | (self.assumed != other.assumed)
        return differs


@dataclass(frozen=True)
class Stored:
    """Incidents as they are stored, arrays of one length; ``point`` holds WGS 84 points."""

    id: NDArray[np.int64]
    point: NDArray[np.object_]
    occurred_s: NDArray[np.int64]  # seconds since 1970 in UTC
    time_known: NDArray[np.bool_]
    against: Against


def stored_incidents(
    session: Session, city: City, *, school_ids: Sequence[int] | None = None, around: Bounds | None = None
) -> Stored:
    """Return the incidents of a city, serious ones too: all, or those of some schools and those in a box."""
    columns = {
        "id": (Incident.id, np.int64),
        "lon": (sa.func.ST_X(Incident.location), np.float64),
        "lat": (sa.func.ST_Y(Incident.location), np.float64),
        "occurred_s": (whole_seconds(session, Incident.occurred_from), np.int64),
        "time_known": (Incident.time_known, np.bool_),
        "school": (sa.func.coalesce(Incident.school_id, -1), np.int64),
        "minutes": (Incident.minutes_after_dismissal, np.float64),
        "assumed": (Incident.dismissal_assumed, np.bool_),
    }
    of_city = Incident.city_id == city.id
    conditions: list[sa.ColumnElement[bool]] = []
    if around is not None:
        conditions.append(meets_bbox(Incident.location, around))
    for start in range(0, len(school_ids or ()), _BATCH):
        conditions.append(Incident.school_id.in_(list(school_ids or ())[start : start + _BATCH]))
    if not conditions:
        conditions.append(sa.true() if school_ids is None else sa.false())
    parts = [read_typed(session, columns, of_city, condition) for condition in conditions]
    found = {name: np.concatenate([part[name] for part in parts]) for name in columns}
    _, once = np.unique(found["id"], return_index=True)  # one may be near a school and in the box
    found = {name: values[once] for name, values in found.items()}
    return Stored(
        id=found["id"],
        point=np.array(shapely.points(found["lon"], found["lat"]), dtype=object),
        occurred_s=found["occurred_s"],
        time_known=found["time_known"],
        against=Against(school=found["school"], minutes=found["minutes"], assumed=found["assumed"]),
    )


def set_against(session: Session, ids: NDArray[np.int64], against: Against) -> None:
    """Write what incidents are set against."""
    if not len(ids):
        return
    table = _INCIDENTS
    session.execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("_id"))
        .values(
            school_id=sa.bindparam("_school"),
            minutes_after_dismissal=sa.bindparam("_minutes"),
            dismissal_assumed=sa.bindparam("_assumed"),
        ),
        [
            {
                "_id": identity,
                "_school": None if school < 0 else school,
                "_minutes": None if np.isnan(minutes) else round(minutes),
                "_assumed": assumed,
            }
            for identity, school, minutes, assumed in zip(
                ids.tolist(), against.school.tolist(), against.minutes.tolist(), against.assumed.tolist(), strict=True
            )
        ],
    )
    session.expire_all()
