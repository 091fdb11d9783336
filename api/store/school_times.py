"""What of incidents is set against school time: where and when they were, and the dismissal that they were set against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

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
    columns = (
        Incident.id,
        sa.func.ST_X(Incident.location),
        sa.func.ST_Y(Incident.location),
        whole_seconds(session, Incident.occurred_from),
        Incident.time_known,
        sa.func.coalesce(Incident.school_id, -1),
        Incident.minutes_after_dismissal,
        Incident.dismissal_assumed,
    )
    of_city = Incident.city_id == city.id
    conditions: list[sa.ColumnElement[bool]] = []
    if around is not None:
        conditions.append(meets_bbox(Incident.location, around))
    for start in range(0, len(school_ids or ()), _BATCH):
        conditions.append(Incident.school_id.in_(list(school_ids or ())[start : start + _BATCH]))
    if around is None and school_ids is None:
        conditions.append(sa.true())
    rows: dict[int, Any] = {}
    for condition in conditions:
        rows.update((row[0], row) for row in session.execute(sa.select(*columns).where(of_city, condition)))
    parts: list[Any] = list(zip(*rows.values(), strict=True)) or [()] * len(columns)
    return Stored(
        id=np.array(parts[0], dtype=np.int64),
        point=np.array(shapely.points(np.array([parts[1], parts[2]], dtype=np.float64).T), dtype=object),
        occurred_s=np.array(parts[3], dtype=np.int64),
        time_known=np.array(parts[4], dtype=bool),
        against=Against(
            school=np.array(parts[5], dtype=np.int64),
            minutes=np.array(parts[6], dtype=np.float64),  # None becomes NaN
            assumed=np.array(parts[7], dtype=bool),
        ),
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
