"""Alerts of the week: hot spots that come, grow, last and go, categories that rise, schools unlike their own past.

They are of the last whole week of a period. Hazards are counted by cell and week; incidents are sums of released groups
of at least five (docs/decisions/0008), so that of these it is only said where they are, never how they change.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.services.hotspots import hot_spots
from api.services.meetings.city import meeting_city
from api.services.meetings.counted import Counted, fewest, read_counted
from api.services.meetings.kept import kept
from api.services.notices.trends import trends
from api.services.questions import Question
from api.services.study_area import StudyCells, study_cells
from api.settings import Settings
from gis.effects.alerts import strongest, week_alerts
from gis.effects.words import Subject, say_alert
from gis.hotspots.emerging import Emerging, EmergingSpots, emerging_hot_spots
from gis.schooltime import count_school_days

State = Literal["new", "growing", "lasting", "gone"]
STATES: tuple[State, ...] = ("new", "growing", "lasting", "gone")
WEEK = dt.timedelta(days=7)
SPOT_WEEKS = 13
HISTORY_WEEKS = 27  # the week in question, and half a year to hold it against
MOST_SPOTS, MOST_SCHOOLS = 12, 10
_EPOCH = dt.date(1970, 1, 1)
_RISING_P = 0.05
_WORDS: dict[State, tuple[str, str]] = {
    "new": ("新出现的热点", "new hot spot"),
    "growing": ("增强的热点", "growing hot spot"),
    "lasting": ("持续的热点", "lasting hot spot"),
    "gone": ("已消退的热点", "hot spot that is gone"),
}


@dataclass(frozen=True)
class Spot:
    """A cell that is a hot spot or was one the week before, in a sentence; ``weight`` is what lies in and around it."""

    kind: Literal["hazards", "incidents"]
    state: State
    code: str
    column: int
    row: int
    schools: tuple[str, ...]
    weight: int
    zh: str
    en: str


@dataclass(frozen=True)
class Alerts:
    """What is unusual in the week that begins with ``monday``; None: the period has no whole week yet.

    ``trends`` are those of :func:`api.services.notices.trends.trends`; ``schools`` have ``id`` (database), ``uuid``,
    ``excess`` and the sentences ``zh`` and ``en``; ``of`` says how many spots there are in all.
    """

    monday: dt.date | None
    school_days: int = 0
    spots: tuple[Spot, ...] = ()
    of: int = 0
    trends: tuple[dict[str, Any], ...] = ()
    schools: tuple[dict[str, Any], ...] = ()


def show_alerts(session: Session, settings: Settings, code: str, city_code: str | None = None) -> dict[str, Any]:
    """Return the alerts of a period's last whole week as a document.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city or period.
    """
    counted = read_counted(session, settings, meeting_city(session, city_code), code)
    found = alerts_of(session, settings, counted)
    monday = found.monday
    return {
        "week": None if monday is None else _week_name(monday),
        "from": None if monday is None else monday.isoformat(),
        "to": None if monday is None else (monday + WEEK - dt.timedelta(days=1)).isoformat(),
        "school_days": found.school_days,
        "fewest_incidents": fewest(settings),
        "spots_of": found.of,
        "spots": [_spot_view(one) for one in found.spots],
        "trends": [
            {"district": one["district"], "category": one["category"], **one["text"], "numbers": one["numbers"]}
            for one in found.trends
        ],
        "schools": [
            {"id": one["uuid"], "zh": one["zh"], "en": one["en"], "numbers": one["numbers"]} for one in found.schools
        ],
    }


def alerts_of(session: Session, settings: Settings, counted: Counted) -> Alerts:
    """Return what is unusual in the last whole week of what was counted."""
    asked = ("alerts", counted.city.uuid, counted.period.code, fewest(settings))
    return kept(session, asked, lambda: _alerts(session, settings, counted))


def _alerts(session: Session, settings: Settings, counted: Counted) -> Alerts:
    monday = _last_whole_week(counted)
    if monday is None:
        return Alerts(None)
    spots = _spots(session, settings, counted, monday)
    zone = ZoneInfo(counted.city.time_zone)
    after = dt.datetime.combine(monday + WEEK, dt.time(), zone)
    return Alerts(
        monday=monday,
        school_days=count_school_days(monday, monday + WEEK - dt.timedelta(days=1), counted.calendar),
        spots=tuple(spots[:MOST_SPOTS]),
        of=len(spots),
        trends=tuple(trends(session, city_code=counted.city.code, at=after)["trends"]),
        schools=tuple(_unlike_themselves(counted, monday)),
    )


def _last_whole_week(counted: Counted) -> dt.date | None:
    """Return the Monday of the last week that is over and ends in the period."""
    until = dt.datetime.fromtimestamp(counted.windows["this"].until_s, ZoneInfo(counted.city.time_zone)).date()
    monday = until - dt.timedelta(days=until.weekday()) - WEEK
    return monday if monday + WEEK > counted.period.first else None


def _week_name(monday: dt.date) -> str:
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02d}"


def _spot_view(one: Spot) -> dict[str, Any]:
    return {
        "kind": one.kind, "state": one.state, "code": one.code, "schools": list(one.schools), "zh": one.zh, "en": one.en,
    }  # fmt: skip


def _spots(session: Session, settings: Settings, counted: Counted, monday: dt.date) -> list[Spot]:
    """Return the hot spots of hazards and incidents, one for each place, what is new first."""
    try:
        area = study_cells(session, counted.city)
    except NotFoundError:
        return []  # no perimeters yet
    found = _hazard_spots(area, counted, monday) + _incident_spots(session, settings, area, counted, monday)
    order = sorted(found, key=lambda one: (STATES.index(one.state), one.kind, -one.weight, one.code))
    seen: dict[tuple[str, str, str], Spot] = {}
    for one in order:
        place = area.places[int(area.index_of(np.array([one.column]), np.array([one.row]))[0])][0]
        seen.setdefault((one.kind, one.state, place), one)
    return list(seen.values())


def _hazard_spots(area: StudyCells, counted: Counted, monday: dt.date) -> list[Spot]:
    """Return emerging hot spots of new hazards over the last weeks that had school days."""
    hazards = counted.tables["hazards"]
    known = hazards[hazards["column"].notna()]
    at = area.index_of(known["column"].to_numpy(dtype=np.int64), known["row"].to_numpy(dtype=np.int64))
    week = _weeks_back(known["observed_day"].to_numpy(dtype=np.float64), monday)
    school = [n for n in range(HISTORY_WEEKS) if _school_days(counted, monday - n * WEEK)][:SPOT_WEEKS]
    if 0 not in school or len(school) < SPOT_WEEKS:
        return []
    counts = np.zeros((len(area), len(school)))
    for column, back in enumerate(reversed(school)):
        counts[:, column] = np.bincount(at[(at >= 0) & (week == back)], minlength=len(area))
    spots = emerging_hot_spots(counts, area.neighbours)
    around = area.neighbours.sum_with_self(counts.sum(axis=1))
    out = []
    for cell in np.flatnonzero((spots.state[:, -1] == 1) | (spots.state[:, -2] == 1)).tolist():
        state, n = _state(spots, cell), int((spots.state[cell] == 1).sum())
        zh, en = area.places[cell]
        total = int(around[cell])
        out.append(_spot(
            area, cell, "hazards", state, total,
            f"{zh}周边隐患：{_WORDS[state][0]}，最近 {len(school)} 个上课周中 {n} 周为热点；该网格及相邻网格共新增 {total} 处。",
            f"Hazards around {en}: {_WORDS[state][1]}, hot in {n} of the last {len(school)} weeks of school; "
            f"{total} new ones in and around the cell.",
        ))  # fmt: skip
    return out


def _state(spots: EmergingSpots, cell: int) -> State:
    if spots.state[cell, -1] != 1:
        return "gone"
    if spots.category[cell] == Emerging.NEW:
        return "new"
    rising = spots.trend.p[cell] <= _RISING_P and spots.trend.z[cell] > 0
    return "growing" if rising else "lasting"


def _incident_spots(
    session: Session, settings: Settings, area: StudyCells, counted: Counted, monday: dt.date
) -> list[Spot]:
    """Return hot spots of incidents in the last weeks, and whether they were some the week before."""
    shown = settings.model_copy(update={"k_anonymity": fewest(settings)})
    last = monday + WEEK - dt.timedelta(days=1)
    if last - (SPOT_WEEKS + 1) * WEEK < _EPOCH:
        return []  # no day before 1970 can be asked for, and none is on record
    told: list[dict[str, dict[str, Any]]] = []
    for end in (last, last - WEEK):
        first = end - SPOT_WEEKS * WEEK + dt.timedelta(days=1)
        wanted = Question(first=first, last=end, city=counted.city.code)
        found = hot_spots(session, shown, wanted, weeks=SPOT_WEEKS, today=end, sealed=False)
        told.append({one["id"]: one["properties"] for one in found["features"] if one["properties"]["class"] > 0})
    now, before = told
    at = {code: n for n, code in enumerate(area.codes)}
    out = []
    for code in sorted({*now, *before}):
        state: State = "gone" if code not in now else "lasting" if code in before else "new"
        said = now.get(code) or before[code]
        out.append(_spot(
            area, at[code], "incidents", state, int(said["count"] or 0),
            f"事件：{_WORDS[state][0]}。{said['sentence_zh']}", f"Incidents: {_WORDS[state][1]}. {said['sentence_en']}",
        ))  # fmt: skip
    return out


def _spot(
    area: StudyCells, cell: int, kind: Literal["hazards", "incidents"], state: State, weight: int, zh: str, en: str
) -> Spot:
    return Spot(
        kind, state, area.codes[cell], int(area.column[cell]), int(area.row[cell]), tuple(area.school_names(cell)),
        weight, zh, en,
    )  # fmt: skip


def _unlike_themselves(counted: Counted, monday: dt.date) -> list[dict[str, Any]]:
    """Return the schools with more new hazards than their own weeks before lead one to expect, the least likely first."""
    hazards = counted.tables["hazards"]
    near = hazards[hazards["school_id"].notna()]
    week = _weeks_back(near["observed_day"].to_numpy(dtype=np.float64), monday)
    inside = (week >= 0) & (week < HISTORY_WEEKS)
    schools, at = np.unique(near["school_id"].to_numpy(dtype=np.int64)[inside], return_inverse=True)
    if not len(schools):
        return []
    counts = np.zeros((len(schools), HISTORY_WEEKS))
    np.add.at(counts, (at, HISTORY_WEEKS - 1 - week[inside].astype(np.int64)), 1)
    days = [_school_days(counted, monday - n * WEEK) for n in range(HISTORY_WEEKS)][::-1]
    found = week_alerts(counts, days)
    table = counted.schools.set_index("id")
    out = []
    for one in strongest(found)[:MOST_SCHOOLS]:
        school = table.loc[int(schools[one])]
        name = str(school["name"])
        said = say_alert(found[one], Subject(name, str(school["name_en"] or name), "新增隐患", "new hazards"))
        out.append({
            "id": int(schools[one]), "uuid": str(school["uuid"]), "excess": found[one].observed - found[one].expected,
            "zh": said.zh, "en": said.en, "numbers": dict(said.numbers),
        })  # fmt: skip
    return out


def _school_days(counted: Counted, monday: dt.date) -> int:
    return count_school_days(monday, monday + WEEK - dt.timedelta(days=1), counted.calendar)


def _weeks_back(days: NDArray[np.float64], monday: dt.date) -> NDArray[np.float64]:
    """Return in which week days since 1970 lie: 0 the one that begins with ``monday``, 1 the one before it."""
    return -np.floor((days - (monday - _EPOCH).days) / 7)
