"""The periods of meetings: ISO weeks, months, quarters and terms, the one before each, and the year up to its end.

``2026-W47`` is a week of ISO 8601, ``2026-11`` a month, ``2026-Q4`` a quarter, ``2026-T2`` the second term that begins in
2026. The year to date of a week is that of the ISO year, so that its weeks add up to it and week 53 belongs to one year;
of a month or quarter the calendar year; of a term the school year, from 1 August.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from api.errors import BadInputError, NotFoundError, Problem

Kind = Literal["week", "month", "quarter", "term"]
KINDS: tuple[Kind, ...] = ("week", "month", "quarter", "term")
Terms = Sequence[tuple[dt.date, dt.date]]
SHAPE = r"^\d{4}-(W\d{2}|\d{2}|Q\d|T\d)$"
_SCHOOL_YEAR_MONTH = 8
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


@dataclass(frozen=True)
class Period:
    """Some days, both ends included; ``year_first`` is the first day of the year to date."""

    code: str
    kind: Kind
    first: dt.date
    last: dt.date
    year_first: dt.date

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        year, rest = self.code.split("-")
        number = int(rest.lstrip("WQT"))
        return {
            "week": f"{year}年第{number}周",
            "month": f"{year}年{number}月",
            "quarter": f"{year}年第{'一二三四'[(number - 1) % 4]}季度",
            "term": f"{year}年第{number}个学期",
        }[self.kind]

    @property
    def en(self) -> str:
        """Its name in English."""
        year, rest = self.code.split("-")
        number = int(rest.lstrip("WQT"))
        return {
            "week": f"week {number} of {year}",
            "month": f"{self.first:%B} {year}",
            "quarter": f"quarter {number} of {year}",
            "term": f"term {number} of {year}",
        }[self.kind]

    def name(self, language: str) -> str:
        """Return its name in a language."""
        return self.zh if language == "zh" else self.en


def read_period(code: str, terms: Terms = ()) -> Period:
    """Return the period of a code.

    Parameters
    ----------
    terms
        First and last day of the city's terms, for periods that are terms.

    Raises
    ------
    BadInputError
        Where the code names no period.
    NotFoundError
        Where it names a term that is not known.

    Examples
    --------
    Week 53 lies across the New Year, and belongs to the old one:

    >>> week = read_period("2026-W53")
    >>> week.first.isoformat(), week.last.isoformat(), week.year_first.isoformat()
    ('2026-12-28', '2027-01-03', '2025-12-29')
    >>> previous(read_period("2027-W01")).code, previous(read_period("2027-01")).code
    ('2026-W53', '2026-12')

    The last week that can be written has none after it, though it ends in the last year:

    >>> following(read_period("2200-W52")) is None, previous(read_period("1970-W01")) is None
    (True, True)
    """
    if not re.match(SHAPE, code) or not _FIRST_YEAR <= int(code[:4]) <= _LAST_YEAR:
        raise _unknown(code)
    year, rest = int(code[:4]), code[5:]
    if rest[0] == "T":
        return _term(code, year, int(rest[1:]), terms)
    try:
        if rest[0] == "W":
            first = dt.date.fromisocalendar(year, int(rest[1:]), 1)
            return Period(code, "week", first, first + dt.timedelta(days=6), dt.date.fromisocalendar(year, 1, 1))
        if rest[0] == "Q":
            month = 3 * int(rest[1:]) - 2
            first = dt.date(year, month, 1)
            return Period(code, "quarter", first, _month_end(year, month + 2), dt.date(year, 1, 1))
        first = dt.date(year, int(rest), 1)
    except ValueError:
        raise _unknown(code) from None
    return Period(code, "month", first, _month_end(year, first.month), dt.date(year, 1, 1))


def period_at(kind: Kind, day: dt.date, terms: Terms = ()) -> Period:
    """Return the period of a kind in which a day lies; of terms, the one that began last.

    Raises
    ------
    NotFoundError
        Where no term had begun on that day.
    """
    if kind == "week":
        year, week, _ = day.isocalendar()
        return read_period(f"{year}-W{week:02d}")
    if kind == "month":
        return read_period(f"{day:%Y-%m}")
    if kind == "quarter":
        return read_period(f"{day.year}-Q{(day.month + 2) // 3}")
    begun = [term for term in _in_order(terms) if term[0] <= day]
    if not begun:
        raise NotFoundError("no term of this city has begun yet; its terms are not in the calendar")
    return _of_term(begun[-1], terms)


def previous(period: Period, terms: Terms = ()) -> Period | None:
    """Return the period before; None before the first term that is known."""
    if period.kind != "term":
        before = period.first - dt.timedelta(days=1)
        return None if _year_of(period.kind, before) < _FIRST_YEAR else period_at(period.kind, before)
    earlier = [term for term in _in_order(terms) if term[0] < period.first]
    return _of_term(earlier[-1], terms) if earlier else None


def following(period: Period, terms: Terms = ()) -> Period | None:
    """Return the period after; None after the last term that is known."""
    if period.kind != "term":
        after = period.last + dt.timedelta(days=1)
        return None if _year_of(period.kind, after) > _LAST_YEAR else period_at(period.kind, after)
    later = [term for term in _in_order(terms) if term[0] > period.first]
    return _of_term(later[0], terms) if later else None


def _year_of(kind: Kind, day: dt.date) -> int:
    return day.isocalendar().year if kind == "week" else day.year


def _in_order(terms: Terms) -> list[tuple[dt.date, dt.date]]:
    return sorted(terms)


def _term(code: str, year: int, number: int, terms: Terms) -> Period:
    own = [term for term in _in_order(terms) if term[0].year == year]
    if not 1 <= number <= len(own):
        known = ", ".join(_of_term(term, terms).code for term in _in_order(terms)) or "none"
        raise NotFoundError(f"there is no term {code!r} in the calendar; there are: {known}")
    first, last = own[number - 1]
    begins = first.year if first.month >= _SCHOOL_YEAR_MONTH else first.year - 1
    return Period(code, "term", first, last, dt.date(begins, _SCHOOL_YEAR_MONTH, 1))


def _of_term(term: tuple[dt.date, dt.date], terms: Terms) -> Period:
    own = [one for one in _in_order(terms) if one[0].year == term[0].year]
    return _term(f"{term[0].year}-T{own.index(term) + 1}", term[0].year, own.index(term) + 1, terms)


def _month_end(year: int, month: int) -> dt.date:
    after = dt.date(year + month // 12, month % 12 + 1, 1)
    return after - dt.timedelta(days=1)


def _unknown(code: str) -> BadInputError:
    what = (
        f"{code[:20]!r} is no period; write a week as 2026-W47, a month as 2026-11, a quarter as 2026-Q4, "
        "a term as 2026-T1"
    )
    return BadInputError(what, problems=[Problem("path.period", what)])
