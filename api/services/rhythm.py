"""When incidents happen: by hour and weekday, and by minutes after dismissal. For the police: counts are exact."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.services.heatmaps import HeatRequest, exact_filter, wanted_city
from api.settings import Settings
from api.store import incidents
from gis.aoristic import unknown_times, weekly_rhythm

BIN_MIN = 15
FIRST_MIN, LAST_MIN = -60, 120  # around dismissal


def rhythm(session: Session, settings: Settings, wanted: HeatRequest) -> dict[str, Any]:
    """Return how a city's incidents lie in the week and around dismissal.

    Those known to lie in an interval are spread over it, and those at midnight sharp over their day (aoristic weights,
    Ratcliffe 2000).

    Returns
    -------
    dict
        ``hours``: seven lists (Monday first) of 24 numbers; ``dismissal``: ``from_min`` of each bin of 15 minutes and its
        ``count``; ``total``; ``untimed``: how many have no dismissal to be set against.
    """
    city = wanted_city(session, wanted.city)
    times = incidents.times_of(session, city, exact_filter(city, settings, wanted))
    zone = ZoneInfo(city.time_zone)
    start = _local([row.occurred_from for row in times], zone)
    end = _local([row.occurred_to for row in times], zone)
    moments = start == end
    start[moments], end[moments] = unknown_times(start[moments])
    after = np.array(
        [row.minutes_after_dismissal for row in times if row.minutes_after_dismissal is not None], dtype=int
    )
    edges = np.arange(FIRST_MIN, LAST_MIN + BIN_MIN, BIN_MIN)
    counts, _ = np.histogram(after, bins=edges)
    return {
        "hours": np.round(weekly_rhythm(start, end), 2).tolist(),
        "dismissal": [
            {"from_min": int(edge), "count": int(n)} for edge, n in zip(edges[:-1], counts, strict=True)
        ],
        "total": len(times),
        "untimed": len(times) - len(after),
    }  # fmt: skip


def _local(moments: list[Any], zone: ZoneInfo) -> NDArray[np.datetime64]:
    """Return moments by the city's clock, to the minute."""
    return np.array([moment.astimezone(zone).replace(tzinfo=None) for moment in moments], dtype="datetime64[m]")
