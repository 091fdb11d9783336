"""When incidents happen: by hour and weekday, and by minutes after dismissal. For the police: counts are exact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.services.questions import NOTHING_KNOWN, Question, wanted_city
from api.services.selection import Selection, hours_as_asked, select
from api.settings import Settings
from api.store import cities

BIN_MIN = 15
FIRST_MIN, LAST_MIN = -60, 120  # around dismissal


def rhythm(session: Session, settings: Settings, wanted: Question) -> dict[str, Any]:
    """Return how a city's incidents lie in the week and around dismissal.

    By hour, those known to lie in an interval are spread over it, and those at midnight sharp over their day (aoristic
    weights, Ratcliffe 2000), so far as it is asked for: with a window after dismissal, over the hours of that of their
    school. By minutes from dismissal, only those of a known moment are counted.

    Returns
    -------
    dict
        ``hours``: seven lists (Monday first) of 24 numbers; ``dismissal``: ``from_min`` of each bin of 15 minutes and its
        ``count``; ``total``; ``untimed``: how many of a known moment have no dismissal to be set against;
        ``uncertain``: how many have no known moment; ``assumed``: how many are set against a dismissal that is assumed,
        since their school has no timetable; ``no_school``: how many more there are that lie near no school, so that a
        window after dismissal leaves them out.
    """
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        raise NotFoundError(NOTHING_KNOWN)
    found = select(session, settings, city, lattice, wanted)
    said: dict[str, Any] = found.table.answers.of(("rhythm", found.question), lambda: _rhythm(found))

    def near_no_school() -> int:
        if wanted.window(settings) is None:
            return 0
        anytime = select(session, settings, city, lattice, replace(wanted, after_school=False, minutes=None))
        return int(np.count_nonzero(anytime.table.school[anytime.at] < 0))

    return said | {"no_school": found.table.answers.of(("no school", wanted), near_no_school)}


def _rhythm(found: Selection) -> dict[str, Any]:
    table, at = found.table, found.at
    start, end = table.start_min[at], table.end_min[at]
    moment = start == end
    slot = ((table.day[at] + 3) % 7) * 24 + (start % 1440) // 60
    hours = np.bincount(slot[moment], minlength=168).astype(np.float64)
    loose = np.flatnonzero(~moment)
    if loose.size:
        shares, which = hours_as_asked(found, loose)
        weight = None if found.weight is None else found.weight[loose]
        hours += np.bincount(which, weight, len(shares)) @ shares
    after = table.minutes[at[moment]]  # of the others only where an interval begins
    known = after[~np.isnan(after)]
    edges = np.arange(FIRST_MIN, LAST_MIN + BIN_MIN, BIN_MIN)
    counts, _ = np.histogram(known, bins=edges)
    return {
        "hours": np.round(hours.reshape(7, 24), 2).tolist(),
        "dismissal": [{"from_min": int(edge), "count": int(n)} for edge, n in zip(edges[:-1], counts, strict=True)],
        "total": round(found.total, 1),
        "untimed": int(after.size - known.size),
        "uncertain": int(loose.size),
        "assumed": int(table.assumed[at].sum()),
    }
