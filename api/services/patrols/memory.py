"""What the days before a plan tell: who waits for the patrol to go must not know when it comes, and no school is forgotten."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.orm import Session

from api.services.patrols.candidates import Candidate
from api.services.patrols.requests import PlanRequest
from api.store import cities, patrols
from api.store.models import City
from gis.patrols.prizes import FORTNIGHT_DAYS, fresh_windows, stop_prizes
from gis.schooltime import count_school_days

APART_S = 5 * 60  # a stop is not made again within so many minutes of the time of another day


@dataclass(frozen=True)
class Memory:
    """What was planned within the fortnight before a day, the published plan of each day, or else the newest.

    Attributes
    ----------
    starts
        By key of the place: when stays began, seconds after midnight.
    unseen_days
        By school: school days since the last stay there.
    planned_days
        School days since the first plan in this memory; 0 where there is none.
    """

    starts: dict[str, list[int]] = field(default_factory=dict)
    unseen_days: dict[int, int] = field(default_factory=dict)
    planned_days: int = 0

    def days_unseen(self, school_id: int) -> int:
        """Return for how many school days nobody was at a school, as far as this memory goes back."""
        return self.unseen_days.get(school_id, self.planned_days)


def memory_of(session: Session, city: City, wanted: PlanRequest, *, without: int | None = None) -> Memory:
    """Return what was planned before a day; ``without`` is the plan that is being made."""
    reach = max(FORTNIGHT_DAYS, 3 * wanted.every_days)
    rows = patrols.stays_between(session, city.id, wanted.day - dt.timedelta(days=reach), wanted.day, without=without)
    calendar = cities.calendar_of(session, city)
    starts: dict[str, list[int]] = defaultdict(list)
    last: dict[int, dt.date] = {}
    first = wanted.day
    for row in rows:
        first = min(first, row.day)
        if (wanted.day - row.day).days <= FORTNIGHT_DAYS:
            starts[row.key].append(row.starts_s)
        if row.school_id is not None:
            last[row.school_id] = max(row.day, last.get(row.school_id, row.day))

    def since(day: dt.date) -> int:
        return count_school_days(day + dt.timedelta(days=1), wanted.day, calendar)

    return Memory(dict(starts), {school: since(day) for school, day in last.items()}, since(first) if rows else 0)


def with_memory(found: Sequence[Candidate], memory: Memory, wanted: PlanRequest) -> list[Candidate]:
    """Return the places with prizes that fell with each visit, times that cannot be guessed, and forgotten schools first.

    A school that would otherwise go unseen for more than ``every_days`` gains, at its best place, the highest prize of
    the day; so do each day the longest unseen ones, as many as must be seen a day. Posts keep their times: they are fixed by duty (定点定时).
    """
    if not found:
        return []
    visits = [len(memory.starts.get(one.key, ())) for one in found]
    prizes = stop_prizes([one.prize for one in found], visits, np.zeros(len(found)))
    due = _due(found, memory, wanted)
    best = {
        school: max(
            (n for n, one in enumerate(found) if one.school_id == school),
            key=lambda n: (found[n].required, prizes[n], -n),
        )
        for school in due
    }
    gain = float(prizes.max())
    out = []
    for n, one in enumerate(found):
        overdue = one.school_id in best and best[one.school_id] == n
        prize = float(prizes[n]) + (gain if overdue else 0.0)
        windows = (
            one.windows if one.required else fresh_windows(one.windows, memory.starts.get(one.key, ()), apart_s=APART_S)
        )
        out.append(replace(one, prize=prize, windows=windows, overdue=overdue))
    return out


def _due(found: Sequence[Candidate], memory: Memory, wanted: PlanRequest) -> set[int]:
    """Return the schools to be seen today: those whose time is up, and of the others the share of a day, longest unseen.

    Without the share, all that were left out would be due on one and the same day, and no team could see them all.
    """
    schools = sorted({one.school_id for one in found if one.school_id is not None})
    if not memory.planned_days:
        return set()
    unseen = {school: memory.days_unseen(school) for school in schools}
    waiting = sorted((one for one in schools if unseen[one] > 1), key=lambda one: -unseen[one])
    share = -(-len(schools) // wanted.every_days)
    return set(waiting[:share]) | {one for one in schools if unseen[one] >= wanted.every_days - 1}
