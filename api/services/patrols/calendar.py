"""The calendar of patrols: which school is seen on which day, which are due, and what somebody could guess."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from api.services.patrols.memory import APART_S
from api.services.patrols.requests import clock
from api.services.questions import wanted_city
from api.store import cities, patrols, schools
from gis.patrols.prizes import FORTNIGHT_DAYS, repeated
from gis.schooltime import timetable_weekdays


def fortnight(session: Session, city_code: str | None, first: dt.date, days: int, every_days: int) -> dict[str, Any]:
    """Return the planned stays of some days.

    Returns
    -------
    dict
        ``days`` (day, whether it is a school day, plan), ``schools`` with a gate (name, stays by day, ``unseen``: the
        longest run of planned school days without a stay, ``due``: whether that is more than ``every_days``), other
        ``places`` (hot spots and hazards) alike, and ``repeats``: how many stays begin within five minutes of one at
        the same place in the fortnight before, of how many.
    """
    city = wanted_city(session, city_code)
    span = [first + dt.timedelta(days=n) for n in range(days)]
    weekdays = timetable_weekdays(np.array(span, dtype="datetime64[D]"), cities.calendar_of(session, city))
    before = first - dt.timedelta(days=FORTNIGHT_DAYS)
    rows = patrols.stays_between(session, city.id, before, span[-1] + dt.timedelta(days=1))
    plans: dict[dt.date, str] = {}
    by_school: dict[int, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    by_place: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    names: dict[str, tuple[str, str]] = {}
    again = total = 0
    for row in rows:
        if row.day < first:
            continue
        plans[row.day] = str(row.uuid)
        twice = False
        if row.kind != "post":  # a post is the same place at the same time by its nature
            earlier = [
                one.starts_s for one in rows if one.key == row.key and 0 < (row.day - one.day).days <= FORTNIGHT_DAYS
            ]
            twice = bool(repeated([row.starts_s], earlier, apart_s=APART_S)[0]) if earlier else False
            again, total = again + twice, total + 1
        stay = {
            "starts": clock(row.starts_s),
            "leaves": clock(row.leaves_s),
            "team": row.team,
            "kind": row.kind,
            "repeat": twice,
        }
        day = row.day.isoformat()
        if row.school_id is not None:
            by_school[row.school_id][day].append(stay)
        else:
            names[row.key] = (row.name, row.kind)
            by_place[row.key][day].append(stay)
    planned = [day.isoformat() for day, weekday in zip(span, weekdays, strict=True) if weekday and day in plans]
    known = schools.schools_frame(session, city)
    with_gate = set(schools.gates_frame(session, city)["school_id"])
    listed = []
    for identity, key, name in zip(known["id"], known["uuid"], known["name"], strict=True):
        if identity in with_gate:
            stays = by_school.get(identity, {})
            listed.append({"id": str(key), "name": name, "stays": stays, **_unseen(planned, stays, every_days)})
    return {
        "city": city.code,
        "days": [
            {"day": day.isoformat(), "school_day": bool(weekday), "plan": plans.get(day)}
            for day, weekday in zip(span, weekdays, strict=True)
        ],
        "schools": sorted(listed, key=lambda one: (-one["unseen"], one["name"])),
        "places": [
            {"key": key, "name": names[key][0], "kind": names[key][1], "stays": stays} for key, stays in sorted(by_place.items())
        ],
        "every_days": every_days,
        "seen": sum(bool(one["stays"]) for one in listed),
        "repeats": {"stays": total, "repeated": again},
    }  # fmt: skip


def _unseen(planned: list[str], stays: dict[str, Any], every_days: int) -> dict[str, Any]:
    longest = run = 0
    for day in planned:
        run = 0 if day in stays else run + 1
        longest = max(longest, run)
    return {"unseen": longest, "due": longest > every_days}
