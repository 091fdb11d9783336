"""What is asked of a plan: the day, the hours, the teams, and where to look for stops."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from api.errors import BadInputError
from gis.streets.modes import MODES

MOST_TEAMS = 50
SOURCES = ("gates", "posts", "cells", "risk", "hazards")
EVERY_DAYS = 10  # school days within which every school is to be seen
DEFAULT_SECONDS = 10.0


@dataclass(frozen=True)
class TeamWanted:
    """A team: how it travels, where it starts and ends (lon, lat; None: at the best stops), its duty, break and skills.

    Times are seconds after midnight; None: those of the plan. ``rest`` is (seconds, earliest, latest).
    """

    name: str = ""
    mode: str = "foot"
    start: tuple[float, float] | None = None
    end: tuple[float, float] | None = None
    begins_s: int | None = None
    ends_s: int | None = None
    rest: tuple[int, int, int] | None = None
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PlanRequest:
    """What is to be planned.

    Attributes
    ----------
    from_s, to_s
        Hours of duty, seconds after midnight.
    schools, district
        Only these schools, or those of a township; all where empty.
    every_days
        Days within which every school is to be seen once.
    exact
        Whether prizes count incidents one by one, for the police; else those of released groups.
    pace
        By mode, times the usual speed.
    """

    day: dt.date
    teams: tuple[TeamWanted, ...]
    from_s: int
    to_s: int
    city: str | None = None
    sources: frozenset[str] = frozenset(SOURCES)
    schools: frozenset[uuid.UUID] = frozenset()
    district: str = ""
    every_days: int = EVERY_DAYS
    exact: bool = False
    pace: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


def clock(seconds: int) -> str:
    """Return seconds after midnight as people read them.

    Examples
    --------
    >>> clock(58_500)
    '16:15'
    """
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}"


def seconds_of(text: str) -> int:
    """Return HH:MM as seconds after midnight.

    Examples
    --------
    >>> seconds_of("16:15")
    58500
    """
    hour, _, minute = text.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) <= 24 and int(minute) < 60):
        raise BadInputError(f"{text[:20]!r} is not a time; write it as 16:15")
    return int(hour) * 3600 + int(minute) * 60


def check_request(wanted: PlanRequest) -> None:
    """Refuse hours, teams and modes that make no sense.

    Raises
    ------
    BadInputError
        What is wrong, and of which team.
    """
    if not 1 <= len(wanted.teams) <= MOST_TEAMS:
        raise BadInputError(f"plan for 1 to {MOST_TEAMS} teams, not for {len(wanted.teams)}")
    if not 0 <= wanted.from_s < wanted.to_s <= 24 * 3600:
        raise BadInputError("the end of duty must lie after its beginning, on the same day")
    for number, team in enumerate(wanted.teams, 1):
        if team.mode not in MODES:
            raise BadInputError(f"teams go by {', '.join(MODES)}; {team.mode!r} is not known")
        begins, ends = duty_of(wanted, team)
        if not 0 <= begins < ends <= 24 * 3600:
            raise BadInputError(f"the duty of team {number} ends before it begins")
        if team.rest is not None:
            seconds, earliest, latest = team.rest
            if not (seconds > 0 and begins <= earliest <= latest and latest + seconds <= ends):
                raise BadInputError(f"the break of team {number} does not lie within its duty")


def duty_of(wanted: PlanRequest, team: TeamWanted) -> tuple[int, int]:
    """Return when a team's duty begins and ends."""
    begins = wanted.from_s if team.begins_s is None else team.begins_s
    return begins, wanted.to_s if team.ends_s is None else team.ends_s
