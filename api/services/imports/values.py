"""Columns of text into values: codes, dates, moments, numbers. Each distinct text is read once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.characters import UNWRITABLE, writable
from api.schemas.schools import MOST_INTERVAL_DAYS
from api.services.imports.fields import Field
from api.vocabulary import find_code, fold
from gis.readers.report import RowProblem

_SEPARATORS = re.compile(r"[;,、，；/|]+")
_DATE = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+(.*))?$")
_CLOCK = re.compile(r"^(\d{1,2})\s*[:：时点]\s*(\d{1,2})\s*分?(?:\s*[:：]?\s*(\d{1,2})(?:\.\d+)?\s*秒?)?$")
_INTERVAL = re.compile(r"^(.*?)[\s:：=]*(\d{1,4})\s*(?:天|日|days?|d)?$", re.IGNORECASE)
_SCHOOL_WORDS = {"", "school", "学校", "本校"}
_NONE = {"-", "—", "无", "none"}
_YES = {"1", "yes", "y", "true", "t", "是", "有", "对"}
_NO = {"0", "no", "n", "false", "f", "否", "无", "不"}
_WEEKDAYS = {
    **{w: i for i, w in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1)},
    **{w: i for i, w in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)},
    **{w: i for i, w in enumerate("一二三四五六日", 1)},
    "天": 7,
}


class _ValueProblemError(ValueError):
    """A text that cannot be read as what its field holds."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def read_column(
    texts: pd.Series[Any] | None, field: Field, zone: ZoneInfo, count: int, *, chosen: NDArray[np.object_] | None = None
) -> tuple[NDArray[np.object_], list[RowProblem]]:
    """Read one column.

    Parameters
    ----------
    texts
        The raw column (texts, numbers or datetimes), indexed by the row a person sees; None where the file has none.
    field
        What the column holds.
    zone
        The time zone of moments without an offset.
    count
        Number of rows.
    chosen
        For a subtype: the category of each row.

    Returns
    -------
    values, problems
        Values (object array, ``count`` long) with the field's default where a text is empty, and what cannot be read.
    """
    out = np.empty(count, dtype=object)
    if texts is None:
        out[:] = [field.default] * count
        problem = RowProblem(None, field.name, "missing_column", f"no column for {field.name!r} was found", "refused")
        return out, [problem] if field.required else []
    if field.within is not None and chosen is not None:
        return _read_subtypes(texts, field, chosen)
    if field.kind == "text" and (plain := _plain_texts(texts.tolist(), field)) is not None:
        out[:] = plain
        return out, []
    codes, uniques = pd.factorize(texts, use_na_sentinel=True)
    read = _reader(field, zone)
    values: list[Any] = []
    wrong: dict[int, _ValueProblemError] = {}
    for position, unique in enumerate(uniques.tolist() if hasattr(uniques, "tolist") else list(uniques)):
        try:
            values.append(_read_one(unique, field, read))
        except _ValueProblemError as error:
            wrong[position] = error
            values.append(None)
    empty: Any = field.default
    table = np.empty(len(values) + 1, dtype=object)
    table[:-1] = values if values else []
    for position in range(len(values)):  # element by element: numpy would unpack lists
        table[position] = values[position]
    table[-1] = empty
    out = table[codes]
    problems = _problems(texts.index.to_numpy(), codes, wrong, field, out)
    return out, problems


def _plain_texts(texts: list[Any], field: Field) -> list[Any] | None:
    """Return a column in which every cell is a text that can be kept, at once; None where some need a closer look."""
    try:
        stripped = [text.strip() for text in texts]
    except AttributeError:
        return None
    if field.required or max(map(len, stripped), default=0) > field.longest or UNWRITABLE.search("".join(stripped)):
        return None
    return [text or field.default for text in stripped]


def _problems(
    rows: NDArray[Any],
    codes: NDArray[Any],
    wrong: dict[int, _ValueProblemError],
    field: Field,
    out: NDArray[np.object_],
) -> list[RowProblem]:
    problems = []
    if wrong:
        for at in np.flatnonzero(np.isin(codes, list(wrong))):
            error = wrong[int(codes[at])]
            problems.append(RowProblem(int(rows[at]), field.name, error.code, str(error), "refused"))
    if field.required:
        missing = np.array([value is None for value in out]) & ~np.isin(codes, list(wrong))
        problems += [
            RowProblem(int(rows[at]), field.name, "missing", f"{field.name} is empty", "refused")
            for at in np.flatnonzero(missing)
        ]
    return problems


def _read_one(raw: object, field: Field, read: Callable[[Any], Any]) -> Any:
    if raw is None or raw is pd.NaT or (isinstance(raw, float) and np.isnan(raw)):
        return field.default
    if isinstance(raw, str):
        raw = raw.strip()
        if not raw:
            return field.default
    value = read(raw)
    too_small = field.least is not None and value < field.least
    if too_small or (field.most is not None and value > field.most):
        raise _ValueProblemError("out_of_range", f"{value} is not between {field.least} and {field.most}")
    return value


def _reader(field: Field, zone: ZoneInfo) -> Callable[[Any], Any]:
    readers: dict[str, Callable[[Any], Any]] = {
        "text": lambda raw: _text(raw, field.longest),
        "code": lambda raw: _code(raw, field),
        "codes": lambda raw: _codes(raw, field),
        "date": _date,
        "moment": lambda raw: _moment(raw, zone),
        "clock": _clock,
        "number": _number,
        "whole": _whole,
        "yes_no": _yes_no,
        "weekday": _weekday,
        "intervals": lambda raw: _intervals(raw, field),
    }
    return readers[field.kind]


def _plain(raw: Any) -> str:
    """Return a cell as a person sees it: a whole number without its ``.0``."""
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw).strip()


def _text(raw: Any, longest: int) -> str:
    text = writable(_plain(raw))
    if len(text) > longest:
        raise _ValueProblemError("too_long", f"the text has {len(text)} characters; at most {longest} can be kept")
    return text


def _code(raw: Any, field: Field) -> str:
    text = _plain(raw)
    code = find_code(field.terms or {}, text)
    if code is None:
        raise _ValueProblemError(
            "unknown_code", f"{text[:60]!r} is not known; use one of {', '.join(field.terms or {})}"
        )
    return code


def _codes(raw: Any, field: Field) -> list[str]:
    parts = raw if isinstance(raw, list) else [p for p in _SEPARATORS.split(_plain(raw).strip("[]")) if p.strip("\"' ")]
    whole = find_code(field.terms or {}, _plain(raw)) if isinstance(raw, str) else None
    return [whole] if whole else list(dict.fromkeys(_code(str(part).strip("\"' "), field) for part in parts))


def _read_subtypes(
    texts: pd.Series[Any], field: Field, chosen: NDArray[np.object_]
) -> tuple[NDArray[np.object_], list[RowProblem]]:
    from api.vocabulary import vocabulary

    categories = vocabulary().hazard_categories
    out = np.empty(len(texts), dtype=object)
    out[:] = field.default
    problems: list[RowProblem] = []
    pairs = pd.MultiIndex.from_arrays([chosen, texts.fillna("").astype(str).str.strip()])
    codes, uniques = pd.factorize(pairs)
    table = np.empty(len(uniques), dtype=object)
    bad = np.zeros(len(uniques), dtype=bool)
    for position, (category, text) in enumerate(uniques):
        table[position] = field.default
        if text and category in categories:
            found = find_code(categories[category].subtypes, text)
            table[position], bad[position] = (found, False) if found else (field.default, True)
    out[:] = table[codes]
    rows = texts.index.to_numpy()
    for at in np.flatnonzero(bad[codes]):
        category, text = uniques[codes[at]]
        known = ", ".join(categories[category].subtypes)
        detail = f"{text[:60]!r} is not a subtype of {category}; use one of {known}"
        problems.append(RowProblem(int(rows[at]), field.name, "unknown_code", detail, "refused"))
    return out, problems


def _date(raw: Any) -> dt.date:
    if isinstance(raw, dt.datetime):
        return raw.date()
    if isinstance(raw, dt.date):
        return raw
    text = _plain(raw)
    if re.fullmatch(r"\d{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if match := _DATE.match(text):
        try:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
    raise _ValueProblemError("bad_date", f"{text[:40]!r} is not a date; write it as 2026-11-01")


def _clock(raw: Any) -> dt.time:
    if isinstance(raw, dt.datetime):
        return raw.time()
    if isinstance(raw, dt.time):
        return raw
    text = _plain(raw)
    if match := _CLOCK.match(text):
        try:
            return dt.time(int(match[1]), int(match[2]), int(match[3] or 0))
        except ValueError:
            pass
    raise _ValueProblemError("bad_time", f"{text[:40]!r} is not a time of day; write it as 16:10")


def _moment(raw: Any, zone: ZoneInfo) -> dt.datetime:
    """Read a moment; without an offset it is the city's own time, and a date alone is its midnight."""
    if isinstance(raw, dt.datetime):
        moment = raw.to_pydatetime() if isinstance(raw, pd.Timestamp) else raw
    elif isinstance(raw, dt.date):
        moment = dt.datetime.combine(raw, dt.time())
    else:
        moment = _moment_of_text(_plain(raw))
    if moment.year < 1970 or moment.year > 2200:
        raise _ValueProblemError("bad_date", f"the year {moment.year} cannot be right")
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(dt.UTC)


def _moment_of_text(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        day = _date(text)
        match = _DATE.match(text)
        rest = match[4].strip() if match and match[4] else ""
        return dt.datetime.combine(day, _clock(rest) if rest else dt.time())
    except _ValueProblemError as error:
        raise _ValueProblemError(
            "bad_date", f"{text[:40]!r} is not a date and time; write it as 2026-11-01 16:10"
        ) from error


def _number(raw: Any) -> float:
    try:
        value = float(raw) if isinstance(raw, int | float) else float(_plain(raw).replace(",", "."))
    except ValueError:
        raise _ValueProblemError("bad_number", f"{_plain(raw)[:40]!r} is not a number") from None
    if not np.isfinite(value):
        raise _ValueProblemError("bad_number", f"{_plain(raw)[:40]!r} is not a finite number")
    return value


def _whole(raw: Any) -> int:
    value = _number({"yes": 1, "true": 1, "no": 0, "false": 0}.get(_plain(raw).casefold(), raw))
    if not value.is_integer():
        raise _ValueProblemError("bad_number", f"{_plain(raw)[:40]!r} is not a whole number")
    return int(value)


def _yes_no(raw: Any) -> bool:
    text = _plain(raw).casefold()
    if text in _YES or text in _NO:
        return text in _YES
    raise _ValueProblemError("bad_yes_no", f"{text[:40]!r} is neither yes nor no")


def _weekday(raw: Any) -> int:
    text = _plain(raw).casefold().removeprefix("星期").removeprefix("周").removeprefix("礼拜")
    if text in _WEEKDAYS:
        return _WEEKDAYS[text]
    if text in {"1", "2", "3", "4", "5", "6", "7"}:
        return int(text)
    raise _ValueProblemError(
        "bad_weekday", f"{text[:40]!r} is not a weekday; write 1 (Monday) to 7 (Sunday), or 星期一"
    )


def _intervals(raw: Any, field: Field) -> dict[str, int]:
    """Read days by what is visited, as ``学校 3; VEN 1``; a number alone is the school's, and ``-`` none of its own."""
    text = _plain(raw)
    out: dict[str, int] = {}
    for part in () if text in _NONE else filter(None, map(str.strip, _SEPARATORS.split(text))):
        match = _INTERVAL.match(part)
        key = None if match is None else _interval_key(match[1], field)
        if match is None or key is None or not 1 <= int(match[2]) <= MOST_INTERVAL_DAYS:
            known = ", ".join(("school", *(field.terms or {})))
            raise _ValueProblemError(
                "bad_interval_days",
                f"{part[:60]!r} is not an interval of 1 to {MOST_INTERVAL_DAYS} days; write it as 'school 3; VEN 1', "
                f"with {known}",
            )
        out[key] = int(match[2])
    return out


def _interval_key(name: str, field: Field) -> str | None:
    name = name.strip()
    return "school" if fold(name) in _SCHOOL_WORDS else find_code(field.terms or {}, name)


def fold_name(text: str) -> str:
    """Return a township's name as it is compared: without the word for what kind of township it is."""
    folded = fold(text)
    for word in ("街道办事处", "街道", "镇", "乡"):
        if folded.endswith(word) and len(folded) > len(word) + 1:
            return folded.removesuffix(word)
    return folded
