"""The working calendar of a city: the file's years, and its own that replace them."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.errors import BadInputError, Problem, StaleError
from api.schemas.filing import DayIn, SpanIn, WorkYearIn
from api.services.cases.clocks import Hours, WorkCalendar
from api.store import cases, cities
from api.store.models import City, WorkYear

FIRST_YEAR, LAST_YEAR = 2000, 2200


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    return tomllib.loads(resources.files("api").joinpath("working_calendar.toml").read_text(encoding="utf-8"))


def from_table(table: dict[str, Any]) -> dict[int, WorkYearIn]:
    """Return the years of a table as ``api/working_calendar.toml`` is one.

    Raises
    ------
    ValueError, KeyError
        For a table that is none.
    """
    hours = [
        SpanIn(start=dt.time.fromisoformat(start), end=dt.time.fromisoformat(end)) for start, end in table["hours"]
    ]
    out = {}
    for year, entry in table["years"].items():
        days = [
            DayIn(day=off["from"] + dt.timedelta(days=n), working=False, name=off.get("name", ""))
            for off in entry.get("off", ())
            for n in range((off["to"] - off["from"]).days + 1)
        ]
        days += [DayIn(day=on["day"], working=True, name=on.get("name", "")) for on in entry.get("make_up", ())]
        out[int(year)] = WorkYearIn(
            hours=hours,
            days=sorted(days, key=lambda day: day.day),
            confirmed=bool(entry.get("confirmed")),
            source=str(entry.get("source", "")),
        )
    return out


def read_years(path: Path) -> dict[int, WorkYearIn]:
    """Return the years of a file that is written as ``api/working_calendar.toml`` is.

    Raises
    ------
    BadInputError
        For a file that is not.
    OSError
        Where it cannot be read.
    """
    try:
        years = from_table(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except KeyError as error:
        raise BadInputError(
            f"{path.name}: {error.args[0]!r} is missing; write it as api/working_calendar.toml is"
        ) from error
    except (ValueError, TypeError, AttributeError) as error:  # TOML, UTF-8 and pydantic errors are kinds of ValueError
        first = str(error).replace("\n", " ")[:200]
        raise BadInputError(f"{path.name} is no working calendar: {first}") from error
    if not years:
        raise BadInputError(f"{path.name}: there is no year in it; write it as api/working_calendar.toml is")
    return years


@lru_cache(maxsize=1)
def _built_in_years() -> dict[int, WorkYearIn]:
    return from_table(_file())


def _built_in(city: City, year: int) -> WorkYearIn:
    """Return a year as the file has it; one that it does not have, or of a city elsewhere, has no holidays."""
    known = _built_in_years().get(year) if city.time_zone in _file()["time_zones"] else None
    if known is not None:
        return known
    hours = [
        SpanIn(start=dt.time.fromisoformat(start), end=dt.time.fromisoformat(end)) for start, end in _file()["hours"]
    ]
    return WorkYearIn(hours=hours, days=[], confirmed=False)


def show_year(session: Session, city_code: str | None, year: int) -> dict[str, Any]:
    """Return a year of a city's calendar; version 0 is the built-in one.

    ``confirmed`` is false where nobody has confirmed its days: then they may be those of the week alone.
    """
    _check_year(year)
    city = cities.get_city(session, city_code)
    row = cases.work_year(session, city.id, year)
    given = _built_in(city, year) if row is None else WorkYearIn.model_validate(row.body)
    return _view(city, year, given, 0 if row is None else row.version)


def _view(city: City, year: int, given: WorkYearIn, version: int) -> dict[str, Any]:
    body = given.model_dump(mode="json")
    body["hours"] = [{name: text[:5] for name, text in span.items()} for span in body["hours"]]
    return {"city": city.code, "year": year, "version": version} | body


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        what = f"the year lies between {FIRST_YEAR} and {LAST_YEAR}"
        raise BadInputError(what, problems=[Problem("path.year", what)])


def set_year(session: Session, city: City, year: int, given: WorkYearIn, version: int | None) -> dict[str, Any]:
    """Replace a year that is still at ``version`` (None: whatever it is at, and the same again changes nothing).

    Raises
    ------
    BadInputError
        For a day of another year.
    StaleError
        Where somebody else replaced it meanwhile.
    """
    _check_year(year)
    if any(day.day.year != year for day in given.days):
        what = f"a day lies outside the year {year}"
        raise BadInputError(what, problems=[Problem("body.days", what)])
    row = cases.work_year(session, city.id, year)
    if version is not None and version != (0 if row is None else row.version):
        raise StaleError("somebody else changed the calendar meanwhile; read it again")
    body = given.model_dump(mode="json")
    if row is None:
        row = WorkYear(city_id=city.id, year=year, body=body)
        session.add(row)
    elif version is not None or row.body != body:
        row.body = body
        row.version += 1
    session.flush()
    return _view(city, year, given, row.version)


def work_calendar(session: Session, city: City) -> WorkCalendar:
    """Return when offices of a city work."""
    years = dict(_built_in_years()) if city.time_zone in _file()["time_zones"] else {}
    years |= {row.year: WorkYearIn.model_validate(row.body) for row in cases.work_years(session, city.id)}
    days = [day for given in years.values() for day in given.days]
    return WorkCalendar(
        ZoneInfo(city.time_zone),
        hours=_spans(_built_in(city, 0)),
        hours_of_year={year: _spans(given) for year, given in years.items()},
        days_off=frozenset(day.day for day in days if not day.working),
        make_up_days=frozenset(day.day for day in days if day.working),
    )


def _spans(given: WorkYearIn) -> Hours:
    return tuple((span.start, span.end) for span in given.hours)
