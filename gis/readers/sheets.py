"""Workbooks of Excel (XLSX, XLS): the sheet with data, the header below title rows, merged cells filled."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import python_calamine as calamine

from gis.errors import EmptyInputError, GisError, UnreadableFileError
from gis.readers.archives import open_archive
from gis.readers.columns import find_header, unique_headers
from gis.readers.report import Limits, RowProblem, Table, shorten
from gis.readers.tabular import drop_nameless

_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\sr="(\d+)"')
_COLUMN = re.compile(rb'\sr="([A-Z]{1,3})\d')
# The reader keeps a sheet as a full rectangle: two cells in opposite corners would fill the memory.
_MOST_CELLS = 60_000_000
_LARGEST_WHOLE = 10**15
# what stands below a table in the first cell of a row that is no record: sums, remarks, who made it
_FOOTER = re.compile(
    r"\s*(?:[合总小共]\s*计|(?:备?注|说明|填[表报]\S{0,6}|制表\S{0,4}|审核\S{0,4}|notes?)\s*[:：]"
    r"|(?:grand |sub)?totals?\b)",
    re.IGNORECASE,
)

Cell = Any


def read_workbook(path: Path, *, layer: str | None = None, limits: Limits | None = None) -> Table:
    """Read one sheet; the index of the frame is the row number that the spreadsheet shows.

    Whole numbers come without ``.0``, dates as ``date`` or ``datetime``, times as ``time``, empty cells as None.
    Cells merged over several rows count for each of them.

    Parameters
    ----------
    path
        The workbook.
    layer
        Name of the sheet; without it the first visible sheet that has rows.
    limits
        How much is read.

    Raises
    ------
    UnreadableFileError
        Where the workbook is damaged, locked or too large, or has no such sheet.
    EmptyInputError
        Where no sheet has rows below headers.
    """
    limits = limits or Limits()
    if zipfile.is_zipfile(path):
        _check_extent(path, limits)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            return _read_book(book, path, layer, limits)
    except calamine.PasswordError:
        raise locked(path) from None
    except (GisError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the reader's Rust code is not an Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        msg = f"{path.name}: the workbook is damaged ({shorten(error, 100)}); open it in Excel and save it again"
        raise UnreadableFileError(msg) from None


def locked(path: Path) -> UnreadableFileError:
    """Return what to say of a workbook with a password."""
    return UnreadableFileError(f"{path.name}: the workbook is locked with a password; save it again without one")


def _check_extent(path: Path, limits: Limits) -> None:
    with open_archive(path, limits) as (archive, members):
        for member in members:
            data = archive.read(member.info)
            rows = max((int(row) for row in _ROW.findall(data)), default=0)
            if not rows:
                continue
            columns = max((_column_number(letters) for letters in set(_COLUMN.findall(data))), default=1)
            if rows * columns > _MOST_CELLS:
                msg = (
                    f"{path.name}: a sheet reaches to row {rows:,}, column {columns:,}; delete what stands far "
                    "outside the table, and save it again"
                )
                raise UnreadableFileError(msg)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _read_book(book: calamine.CalamineWorkbook, path: Path, layer: str | None, limits: Limits) -> Table:
    sheets = [s for s in book.sheets_metadata if s.typ == calamine.SheetTypeEnum.WorkSheet]
    visible = [s.name for s in sheets if s.visible == calamine.SheetVisibleEnum.Visible]
    if layer is not None:
        names = [s.name for s in sheets]
        if layer not in names:
            msg = f"{path.name}: there is no sheet {layer!r}; the sheets are {', '.join(names)}"
            raise UnreadableFileError(msg)
        candidates = [layer]
    else:
        candidates = visible
    for place, name in enumerate(candidates):
        table = _read_sheet(book, name, path, limits)
        if table is None:
            continue
        others = [other for other in candidates[place + 1 :] if _has_rows(book, other)]
        if others:
            detail = f"the sheet {name!r} was read; name another with --layer: {', '.join(others)}"
            table.problems.append(RowProblem(None, None, "other_sheets", detail, "warning"))
        return table
    where = f"the sheet {layer!r} has no" if layer is not None else "no visible sheet has any"
    msg = f"{path.name}: {where} rows below a row of headers"
    raise EmptyInputError(msg)


def _has_rows(book: calamine.CalamineWorkbook, name: str) -> bool:
    return book.get_sheet_by_name(name).height > 1


def _read_sheet(book: calamine.CalamineWorkbook, name: str, path: Path, limits: Limits) -> Table | None:
    sheet = book.get_sheet_by_name(name)
    if sheet.start is None or sheet.height < 2:
        return None
    if sheet.start[0] + sheet.height > limits.rows + 100:
        msg = f"{path.name}: {sheet.height:,} rows are more than the {limits.rows:,} that are read; split the file"
        raise UnreadableFileError(msg)
    rows: list[list[Cell]] = sheet.to_python(skip_empty_area=False)
    numbers = [at for at, row in enumerate(rows) if any(cell != "" and not _is_blank(cell) for cell in row)]
    _fill_merged(rows, sheet.merged_cell_ranges or [])
    header_at = find_header(rows)
    if header_at is None:
        return None
    below = [at for at in numbers if at > header_at]
    if not below:
        return None
    header = [None if _is_blank(cell) else _plain(cell) for cell in rows[header_at]]
    headers, problems = unique_headers(header)
    below, footers = _without_footers(rows, below, len([cell for cell in header if cell is not None]))
    if not below:
        return None
    problems += footers
    columns = zip(*(rows[at] for at in below), strict=True)
    data = {name: pd.Series([_plain(cell) for cell in column], dtype=object)
            for name, column in zip(headers, columns, strict=True)}  # fmt: skip
    frame = pd.DataFrame(data)
    frame.index = pd.Index([at + 1 for at in below], dtype="int64")
    return Table(drop_nameless(frame, header), layer=name, problems=problems)


def _without_footers(rows: list[list[Cell]], below: list[int], width: int) -> tuple[list[int], list[RowProblem]]:
    """Leave out the rows at the end that only sum up or say who made the table: few cells, the first of them such a word."""
    problems: list[RowProblem] = []
    while below:
        filled = [cell for cell in rows[below[-1]] if cell != "" and not _is_blank(cell)]
        if 2 * len(filled) > width or not (isinstance(filled[0], str) and _FOOTER.match(filled[0])):
            break
        detail = f"left out: {shorten(filled[0])!r} stands below the table and is no record"
        problems.append(RowProblem(below[-1] + 1, None, "footer", detail, "warning"))
        below = below[:-1]
    return below, problems[::-1]


def _is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _plain(cell: Cell) -> Cell:
    """Return a cell as a person sees it: nothing as None, a whole number without ``.0``."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _LARGEST_WHOLE:
        return int(cell)
    if cell == "":
        return None
    if isinstance(cell, dt.timedelta):
        return str(cell)
    return cell


def _fill_merged(rows: list[list[Cell]], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Copy the text of cells merged over several rows downwards; titles merged over columns stay one text."""
    for (top, left), (bottom, _) in merged:
        if bottom <= top or top >= len(rows) or left >= len(rows[top]):
            continue
        for row in rows[top + 1 : bottom + 1]:
            if row[left] == "":
                row[left] = rows[top][left]
