"""Columns by their headers: finding the header row, and the column of each field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from gis.errors import GisError
from gis.readers.report import RowProblem, shorten

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|\{[^{}]*\}|【[^【】]*】|〔[^〔〕]*〕|《[^《》]*》")
_IGNORED = re.compile(r"[\s_\-.:*·#/\\'\"°ー]+")
_NUMBER = re.compile(r"^[+-]?[\d.,:/\-\s%°'\"′″]*\d[\d.,:/\-\s%°'\"′″a-zA-Z]*$")
_LONGEST_HEADER = 40
_ROWS_SEARCHED = 40

# Words that stand in headers of inspection sheets; they only break ties between rows.
_KNOWN_WORDS = (
    "id 编号 序号 编码 代码 名称 name 学校 学校名称 校名 school 学段 stage 类别 类型 类 category type kind "
    "subtype 小类 大类 经度 纬度 longitude latitude lon lng long lat 坐标 经纬度 location wkt "
    "地址 address 备注 note 说明 描述 description 时间 日期 date time datetime 状态 status 等级 level "
    "severity 乡镇 街道 district 许可证号 licence license 发证日期 有效期至 电话 phone 单位 负责人 发现时间 发生时间 "
    "隐患类别 隐患名称 校区 校门 放学时间 星期 年级 grade weekday dismissal code 半径 radius 面积 长度 案由 案件类型 "
    "店名 字号 场所名称 企业名称 商户名称 "
)
_KNOWN = frozenset(_KNOWN_WORDS.split())


class ColumnsError(GisError):
    """Columns that cannot be told apart, or that are not there."""


def fold_header(header: object, *, brackets: bool = True) -> str:
    """Return a header as it is compared: half-width, lower case, without spaces, underscores and punctuation.

    Parameters
    ----------
    header
        The header as it stands in the file.
    brackets
        Keep what stands in brackets.

    >>> fold_header("Observed_At"), fold_header("经度（°）", brackets=False), fold_header("ＬＯＮ ")
    ('observedat', '经度', 'lon')
    """
    text = unicodedata.normalize("NFKC", str(header)).casefold()
    if not brackets:
        text = _BRACKETS.sub("", text)
    text = text.translate({ord(c): None for c in "()[]{}<>【】〔〕《》"})
    return _IGNORED.sub("", text)


def match_columns(
    headers: Sequence[str], aliases: Mapping[str, Sequence[str]], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Find the column of each field.

    A column that was named for a field wins. Else the field's own name and its aliases are looked for in their order,
    first with what stands in brackets, then without it; a column serves one field only.

    Parameters
    ----------
    headers
        Headers of the file.
    aliases
        ``field → headers`` it goes by, best first.
    given
        ``field → header`` as the person named them.

    Returns
    -------
    dict
        ``field → header`` exactly as in the file; fields that have no column are left out.

    Raises
    ------
    ColumnsError
        Where a named field or column is not there, or where two columns fit one field equally well.

    Examples
    --------
    >>> match_columns(["名称", "经度(°)", "LAT"], {"lon": ["lng", "经度"], "lat": ["纬度"], "name": ["名称"]})
    {'lon': '经度(°)', 'lat': 'LAT', 'name': '名称'}
    """
    headers = [str(header) for header in headers]
    matched = _given_columns(headers, aliases, given or {})
    taken = set(matched.values())
    whole: dict[str, list[str]] = {}
    bare: dict[str, list[str]] = {}
    for header in headers:
        if header not in taken:
            whole.setdefault(fold_header(header), []).append(header)
            bare.setdefault(fold_header(header, brackets=False), []).append(header)
    # A column goes to the field for which it is the better name, so all fits are ranked before any is taken.
    fits: list[tuple[int, int, int, str, list[str]]] = []
    for place, (field, names) in enumerate(aliases.items()):
        if field in matched:
            continue
        for rank, name in enumerate([field, *names]):
            folded = fold_header(name)
            for loose, table in enumerate((whole, bare)):
                if folded and folded in table:
                    fits.append((loose, rank, place, field, table[folded]))
    for _, _, _, field, columns in sorted(fits, key=lambda fit: fit[:3]):
        free = [column for column in columns if column not in taken]
        if field in matched or not free:
            continue
        if len(free) > 1:
            names = " and ".join(repr(column) for column in free)
            msg = f"the columns {names} both fit {field!r}; name the right one with --map {field}=COLUMN"
            raise ColumnsError(msg)
        matched[field] = free[0]
        taken.add(free[0])
    return {field: matched[field] for field in aliases if field in matched}


def _given_columns(
    headers: Sequence[str], aliases: Mapping[str, Sequence[str]], given: Mapping[str, str]
) -> dict[str, str]:
    out: dict[str, str] = {}
    for field, column in given.items():
        if field not in aliases:
            msg = f"--map {field}={column}: there is no field {field!r}; the fields are {', '.join(aliases)}"
            raise ColumnsError(msg)
        if column in headers:
            out[field] = column
            continue
        alike = [header for header in headers if fold_header(header) == fold_header(column)]
        if len(alike) > 1:
            names = " and ".join(repr(header) for header in alike)
            msg = f"--map {field}={column}: the columns {names} are both written so; write it exactly"
            raise ColumnsError(msg)
        if not alike:
            known = ", ".join(shorten(header, 40) for header in headers)
            msg = f"--map {field}={column}: the file has no column {column!r}; it has {known}"
            raise ColumnsError(msg)
        out[field] = alike[0]
    return out


def find_header(rows: Sequence[Sequence[Any]]) -> int | None:
    """Return which row holds the headers: the first of those with the most distinct short texts and known words.

    Title rows above it have one text, rows of data have numbers and repeated texts.

    Parameters
    ----------
    rows
        The first rows of a table, cells as texts, numbers, dates or None.

    Returns
    -------
    int or None
        Index of the row; None where no row has any text.

    Examples
    --------
    >>> find_header([["诸暨市隐患清单", "", ""], ["编号", "经度", "纬度"], ["A1", 120.2, 29.7]])
    1
    """
    # Where columns are called 2019, 2020, … numbers say nothing against a row: then only its texts count.
    for against_numbers in (1, 0):
        scores = [_header_score(row, against_numbers) for row in rows[:_ROWS_SEARCHED]]
        best = max(scores, default=0)
        if best > 0:
            return next(at for at, score in enumerate(scores) if score > 0.8 * best)
    return None


def _header_score(row: Sequence[Any], against_numbers: int) -> int:
    seen: set[str] = set()
    score = 0
    for cell in row:
        if cell is None or cell == "":
            continue
        text = str(cell).strip()
        if not text:
            continue
        if not isinstance(cell, str) or _NUMBER.match(unicodedata.normalize("NFKC", text)):
            score -= against_numbers
        elif len(text) <= _LONGEST_HEADER and text not in seen:
            seen.add(text)
            score += 3 if fold_header(text) in _KNOWN or fold_header(text, brackets=False) in _KNOWN else 1
    return score


def unique_headers(cells: Sequence[Any]) -> tuple[list[str], list[RowProblem]]:
    """Return column names without repetition: empty ones are named by their place, repeated ones are numbered.

    >>> unique_headers(["a", None, "a"])[0]
    ['a', 'column 2', 'a #2']
    """
    names: list[str] = []
    problems: list[RowProblem] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(str(cell).replace("\ufeff", "").split()) if cell is not None else ""
        name = name or f"column {place}"
        if name in names:
            first, number = name, 2
            while f"{first} #{number}" in names:
                number += 1
            name = f"{first} #{number}"
            detail = f"the header {first!r} stands twice; the later column is called {name!r}"
            problems.append(RowProblem(None, first, "repeated_header", detail, "warning"))
        names.append(name)
    return names, problems
