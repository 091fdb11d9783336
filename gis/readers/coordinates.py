"""Coordinates as people write them: decimals, and degrees, minutes and seconds in Chinese and English spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.readers.polygons import mend_polygon
from gis.readers.report import RowProblem, shorten

__all__ = ["looks_swapped", "mend_polygon", "parse_angle", "parse_coordinates", "parse_pair"]

Axis = Literal["longitude", "latitude"]
Floats = NDArray[np.float64]
Numbers = tuple[float, ...]

_EMPTY = {"", "nan", "none", "null", "n/a", "#n/a", "-", "--", "/", "无", "未知"}
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("−–—‐‑‒﹣", "-"),
        **dict.fromkeys("º˚度", "°"),
        **dict.fromkeys("′’‘`´＇ʹ分", "'"),
        **dict.fromkeys("″”“〃＂ʺ秒", '"'),
        **dict.fromkeys("，、", ","),
        "。": ".",
        "；": ";",
        "：": ":",
    }
)
_MARKS: dict[str, tuple[Axis, int]] = {
    "e": ("longitude", 1), "w": ("longitude", -1), "n": ("latitude", 1), "s": ("latitude", -1),
    "east": ("longitude", 1), "west": ("longitude", -1), "north": ("latitude", 1), "south": ("latitude", -1),
    "东": ("longitude", 1), "西": ("longitude", -1), "北": ("latitude", 1), "南": ("latitude", -1),
    "东经": ("longitude", 1), "西经": ("longitude", -1), "北纬": ("latitude", 1), "南纬": ("latitude", -1),
    "经": ("longitude", 0), "纬": ("latitude", 0),
    "longitude": ("longitude", 0), "lon": ("longitude", 0), "lng": ("longitude", 0), "long": ("longitude", 0),
    "latitude": ("latitude", 0), "lat": ("latitude", 0), "x": ("longitude", 0), "y": ("latitude", 0),
}  # fmt: skip
_MARK = "(?:" + "|".join(sorted(_MARKS, key=len, reverse=True)) + ")"
_DECIMAL = r"\d+(?:[.,]\d+)?"
_ANGLE = re.compile(
    rf"^(?P<before>{_MARK})?\s*[:=]?\s*(?P<sign>[+-])?\s*"
    rf"(?P<degrees>{_DECIMAL})\s*(?P<degree_mark>°|deg(?:rees?)?\.?|d)?"
    rf"(?:[\s:-]*(?P<minutes>{_DECIMAL})\s*(?P<minute_mark>'|min\.?|m)?"
    rf"(?:[\s:-]*(?P<seconds>{_DECIMAL})\s*(?:\"|''|sec\.?|s(?![a-z]))?)?)?"
    rf"\s*(?P<after>{_MARK})?$"
)
_NUMBER = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$")
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")
_LARGEST: dict[Axis, float] = {"longitude": 180.0, "latitude": 90.0}

_PLAIN_PAIR = r"^\s*[(\[]?\s*([+-]?\d+\.?\d*)\s*[,;\s]\s*([+-]?\d+\.?\d*)\s*[)\]]?\s*$"
_WKT_POINT = re.compile(
    r"^(?:srid=\d+;)?\s*point\s*(?:z|m|zm)?\s*\(\s*([+-]?[\d.]+(?:e[+-]?\d+)?)\s+([+-]?[\d.]+(?:e[+-]?\d+)?)(?:\s+[^\s()]+)*\s*\)$"
)
_JSON_POINT = re.compile(r'^\{.*"coordinates":\s*\[([^\[\]]*)\].*\}$')
_AFTER_MARK = re.compile(r"(?<=[news东西南北])[\s,;/|]*(?=[\d+-])")
_BEFORE_MARK = re.compile(rf"(?<=[\d°'\"])[\s,;/|]*(?={_MARK})")


class _AngleError(ValueError):
    """A text that is not one coordinate."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True)
class _Angle:
    degrees: float
    axis: Axis | None


def parse_coordinates(longitude: pd.Series[Any], latitude: pd.Series[Any]) -> tuple[Floats, Floats, list[RowProblem]]:
    """Read two columns of coordinates.

    Plain decimals are read at once; what is left is read text by text (see :func:`parse_angle`). Decimals are not
    held against ±180 and ±90, since projected metres stand in such columns too.

    Parameters
    ----------
    longitude, latitude
        Texts or numbers, shape ``(n,)``, indexed by the row that a person sees.

    Returns
    -------
    lon, lat, problems
        Degrees (or metres as they stand), shape ``(n,)``, NaN where a cell is empty or unreadable, and a ``refused``
        problem for each unreadable cell. An empty cell is no problem of its own.

    Examples
    --------
    >>> lon, lat, problems = parse_coordinates(pd.Series(["120°14′12″E", "120.5"]), pd.Series(["北纬29度42分30秒", "?"]))
    >>> lon.round(6).tolist(), lat.round(6).tolist(), problems[0].detail
    ([120.236667, 120.5], [29.708333, nan], "'?' cannot be read as a latitude")
    """
    problems: list[RowProblem] = []
    lon = _parse_column(longitude, "longitude", problems)
    lat = _parse_column(latitude, "latitude", problems)
    return lon, lat, problems


def parse_pair(series: pd.Series[Any]) -> tuple[Floats, Floats, list[RowProblem]]:
    """Read a column that holds both coordinates: ``120.24,29.71``, ``29.71N 120.24E``, ``POINT (120.24 29.71)``.

    Without letters that say which is which, longitude stands first.

    Parameters
    ----------
    series
        Texts, shape ``(n,)``, indexed by the row that a person sees.

    Returns
    -------
    lon, lat, problems
        As :func:`parse_coordinates`.

    Examples
    --------
    >>> lon, lat, _ = parse_pair(pd.Series(["120.24,29.71", "N29°42′36″ E120°14′24″"]))
    >>> lon.round(6).tolist(), lat.round(6).tolist()
    ([120.24, 120.24], [29.71, 29.71])
    """
    field = str(series.name) if series.name is not None else "location"
    texts = series.astype(object).where(series.notna(), "").map(str)
    plain = texts.str.extract(_PLAIN_PAIR)
    lon = pd.to_numeric(plain[0], errors="coerce").to_numpy(dtype=float).copy()
    lat = pd.to_numeric(plain[1], errors="coerce").to_numpy(dtype=float).copy()
    left = np.flatnonzero(np.isnan(lon) | np.isnan(lat))
    problems: list[RowProblem] = []
    values = _read_texts(texts.iloc[left], field, _pair, 2, problems)
    lon[left], lat[left] = values[:, 0], values[:, 1]
    return lon, lat, problems


def looks_swapped(
    lon: NDArray[np.float64], lat: NDArray[np.float64], area_bounds: tuple[float, float, float, float]
) -> NDArray[np.bool_]:
    """Return which points lie outside an area, but in it when longitude and latitude change places.

    Parameters
    ----------
    lon, lat
        Degrees, shape ``(n,)``; NaN is never swapped.
    area_bounds
        West, south, east, north of the area in the same CRS.

    Examples
    --------
    >>> looks_swapped(np.array([29.7, 120.2]), np.array([120.2, 29.7]), (119.9, 29.3, 120.6, 30.0)).tolist()
    [True, False]
    """
    west, south, east, north = area_bounds
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    turned = (lat >= west) & (lat <= east) & (lon >= south) & (lon <= north)
    return np.asarray(turned & ~inside)


def parse_angle(text: str, axis: Axis | None = None) -> float:
    """Read one coordinate; degrees, minutes and seconds may be marked, or parted by spaces, hyphens or colons.

    Parameters
    ----------
    text
        What stands in the cell.
    axis
        Which coordinate it should be; a letter of the other one is refused.

    Returns
    -------
    float
        Degrees, or the number as it stands.

    Raises
    ------
    ValueError
        Where it cannot be read, minutes or seconds reach 60, or sign and letter contradict each other.

    Examples
    --------
    >>> [round(parse_angle(t), 6) for t in ("120-14-12", "W 0:30", "１２０．５", "120,5", "29°42.5'S")]
    [120.236667, -0.5, 120.5, 120.5, -29.708333]
    """
    return _angle(text, axis).degrees


def _parse_column(column: pd.Series[Any], axis: Axis, problems: list[RowProblem]) -> Floats:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan).copy()
    left = np.flatnonzero(~np.isfinite(numbers))
    if not len(left):
        return numbers
    rest = column.iloc[left]
    texts = rest.astype(object).where(rest.notna(), "").map(str)

    def read(text: str) -> Numbers:
        return (_angle(text, axis).degrees,)

    field = str(column.name) if column.name is not None else axis
    numbers[left] = _read_texts(texts, field, read, 1, problems, what=f"a {axis}")[:, 0]
    return numbers


def _read_texts(
    texts: pd.Series[Any],
    field: str,
    read: Callable[[str], Numbers],
    width: int,
    problems: list[RowProblem],
    what: str = "a pair of coordinates",
) -> Floats:
    """Read each distinct text once; rows whose text is empty stay NaN."""
    codes, uniques = pd.factorize(texts)
    values = np.full((len(uniques), width), np.nan)
    wrong: dict[int, tuple[str, str]] = {}
    for at, text in enumerate(uniques):
        if str(text).strip().casefold() in _EMPTY:
            continue
        try:
            values[at] = read(str(text))
        except _AngleError as error:
            wrong[at] = error.code, f"{shorten(text)!r} {error}".replace(" WHAT", f" {what}")
    if wrong:
        rows = texts.index.to_numpy()
        for place in np.flatnonzero(np.isin(codes, list(wrong))):
            code, detail = wrong[int(codes[place])]
            problems.append(RowProblem(int(rows[place]), field, code, detail, "refused"))
    return values[codes]


def _normalised(text: str) -> str:
    # Signs first: NFKC would take a double prime for two single ones.
    text = text.replace("经度", "lon ").replace("纬度", "lat ")
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    return " ".join(text.casefold().split()).strip(" ,;")


def _angle(text: str, axis: Axis | None) -> _Angle:
    folded = _normalised(text)
    number = _plain_number(folded)
    if number is not None:
        return _Angle(number, None)
    match = _ANGLE.match(folded)
    if match is None:
        code, detail = "unreadable_coordinate", "cannot be read as WHAT"
        raise _AngleError(code, detail)
    found_axis, sign = _hemisphere(match)
    if axis is not None and found_axis is not None and found_axis != axis:
        code, detail = "swapped", f"is a {found_axis}, and stands where the {axis} should be"
        raise _AngleError(code, detail)
    return _Angle(sign * _degrees(match, found_axis or axis), found_axis)


def _plain_number(text: str) -> float | None:
    if _NUMBER.match(text):
        number = float(text)
        return number if np.isfinite(number) else None
    if _THOUSANDS.match(text):
        number = float(text.replace(",", ""))
        # "120,236" may be both; as degrees it is a decimal comma, and larger numbers can only be metres.
        alone = text.count(",") == 1 and "." not in text
        if not alone or abs(float(text.split(",")[0])) > _LARGEST["longitude"]:
            return number
    if _DECIMAL_COMMA.match(text):
        return float(text.replace(",", "."))
    return None


def _hemisphere(match: re.Match[str]) -> tuple[Axis | None, int]:
    marks = [_MARKS[mark] for mark in (match["before"], match["after"]) if mark]
    axes = {axis for axis, _ in marks}
    signs = {sign for _, sign in marks if sign}
    if len(axes) > 1 or len(signs) > 1 or (signs and match["sign"] == "-"):
        code, detail = "contradicting_signs", "has signs or letters that contradict each other"
        raise _AngleError(code, detail)
    sign = -1 if match["sign"] == "-" else next(iter(signs), 1)
    return next(iter(axes), None), sign


def _degrees(match: re.Match[str], axis: Axis | None) -> float:
    parts = [match[name] for name in ("degrees", "minutes", "seconds") if match[name] is not None]
    if any("." in part or "," in part for part in parts[:-1]):
        code, detail = "unreadable_coordinate", "has a fraction before minutes or seconds"
        raise _AngleError(code, detail)
    numbers = [float(part.replace(",", ".")) for part in parts]
    for name, number in zip(("minutes", "seconds"), numbers[1:], strict=False):
        if number >= 60:
            code, detail = f"{name}_too_large", f"has {number:g} {name}; they must be below 60"
            raise _AngleError(code, detail)
    value = sum((number / 60.0**power for power, number in enumerate(numbers)), start=0.0)
    largest = _LARGEST[axis or "longitude"]
    if value > largest:
        code, detail = "out_of_range", f"is more than {largest:g} degrees"
        raise _AngleError(code, detail)
    return value


def _pair(text: str) -> tuple[float, float]:
    folded = _normalised(text)
    match = _WKT_POINT.match(folded)
    if match:
        try:
            return float(match[1]), float(match[2])
        except ValueError:
            code, detail = "unreadable_coordinate", "cannot be read as WHAT"
            raise _AngleError(code, detail) from None
    match = _JSON_POINT.match(folded)
    if match:
        folded = ",".join(match[1].split(",")[:2])
    folded = folded.strip("()[]{} ")
    refused: _AngleError | None = None
    for first, second in _splits(folded):
        try:
            return _ordered(_angle(first, None), _angle(second, None))
        except _AngleError as error:
            # A reason such as "has 61 minutes" says more than "cannot be read".
            if refused is None or refused.code == "unreadable_coordinate":
                refused = error
    if refused is None:
        code, detail = "unreadable_coordinate", "cannot be read as WHAT"
        refused = _AngleError(code, detail)
    raise refused


def _splits(text: str) -> list[tuple[str, str]]:
    """Return the ways in which a text falls into two coordinates, likelier ones first."""
    out: list[tuple[str, str]] = []

    def add(parts: list[str]) -> None:
        parts = [part.strip() for part in parts]
        if len(parts) == 2 and all(parts):
            out.append((parts[0], parts[1]))

    for separator in (";", "|", "/", ","):
        add(text.split(separator))
    add(_AFTER_MARK.split(text))
    add(_BEFORE_MARK.split(text))
    words = text.split()
    if len(words) % 2 == 0 and words:
        half = len(words) // 2
        add([" ".join(words[:half]), " ".join(words[half:])])
    return out


def _ordered(first: _Angle, second: _Angle) -> tuple[float, float]:
    axes = (first.axis, second.axis)
    if axes[0] is not None and axes[0] == axes[1]:
        code, detail = "contradicting_signs", f"has two coordinates that are both a {axes[0]}"
        raise _AngleError(code, detail)
    if axes[0] == "latitude" or axes[1] == "longitude":
        return second.degrees, first.degrees
    return first.degrees, second.degrees
