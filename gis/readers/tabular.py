"""Tables as text: CSV with any usual delimiter and encoding, rows numbered by the line on which they begin."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.columns import find_header, unique_headers
from gis.readers.encodings import decode
from gis.readers.report import Limits, RowProblem, Table, shorten

_DELIMITERS = ",;\t|"
_ROWS_SNIFFED = 60
_LONE_CR = re.compile(r"\r(?!\n)")
_QUOTE, _NEWLINE, _RETURN = 0x22, 0x0A, 0x0D
# No cell of an inspection sheet is longer; a longer one is nearly always a quotation mark that is never closed.
_LONGEST_CELL = 1_000_000
_MOST_COLUMNS = 5_000


def read_csv(path: Path, *, encoding: str | None = None, limits: Limits | None = None) -> Table:
    """Read a CSV file; the index of the frame is the line on which each row begins.

    Title rows above the header are passed over, blank lines and columns without header and content dropped.
    Rows with too many or too few cells stay in the frame, and are reported as ``refused``.

    Parameters
    ----------
    path
        The file: UTF-8 (with or without byte order mark), UTF-16 with byte order mark, GB 18030 or as named.
    encoding
        The encoding that the person named.
    limits
        How much is read.

    Raises
    ------
    UnreadableFileError
        Where the bytes are no text, a quotation mark is not closed, or the file is too large.
    EmptyInputError
        Where there are no rows.
    """
    limits = limits or Limits()
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    text, codec, problems = decode(path.read_bytes(), name=path.name, encoding=encoding)
    text = text.removeprefix("\ufeff")
    if text.count("\r") != text.count("\r\n"):
        text = _LONE_CR.sub("\n", text)
    lines = text.count("\n")
    if lines > 20 * limits.rows:
        raise _too_many(path, lines, limits)
    delimiter = sniff_delimiter(text)
    start = _read_head(text, delimiter, path)
    data = text.encode("utf-8", errors="surrogatepass")
    headers, wrong = unique_headers(start.header)
    problems += wrong
    frame = None
    shape = _scan(data, ord(delimiter), start, len(headers))
    if shape is not None:
        if len(shape) > limits.rows:
            raise _too_many(path, len(shape), limits)
        frame = _read_fast(data, delimiter, start, headers, shape)
    if frame is None:
        frame, wrong = _read_careful(text, delimiter, start, headers, path, limits)
        problems += wrong
    frame = drop_nameless(frame, start.header)
    if frame.empty:
        msg = f"{path.name}: no rows stand below the header in line {start.line}"
        raise EmptyInputError(msg)
    return Table(frame, encoding=codec, problems=problems)


@dataclass(frozen=True)
class _Head:
    """The header of a file: its cells, its first line, how many lines it and all above it take."""

    header: list[str]
    line: int
    lines: int


def sniff_delimiter(text: str) -> str:
    r"""Return which of comma, semicolon, tab and bar separates the cells.

    The one that gives the most rows of the same, largest number of cells.

    >>> sniff_delimiter("名称;经度;纬度\n甲;120,24;29,71\n")
    ';'
    """
    sample = text[:200_000]
    best, found = (0.0, 0), ","
    for delimiter in _DELIMITERS:
        if delimiter not in sample:
            continue
        try:
            rows = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _ROWS_SNIFFED))
        except csv.Error:
            continue
        counts = [len(row) for row in rows if any(row)]
        if len(sample) < len(text) and len(rows) < _ROWS_SNIFFED:
            counts = counts[:-1] or counts
        wide = [count for count in counts if count > 1]
        if not wide:
            continue
        usual = max(set(wide), key=lambda count: (wide.count(count), count))
        score = (round(wide.count(usual) / len(counts), 1), usual)
        if score > best:
            best, found = score, delimiter
    return found


def _read_head(text: str, delimiter: str, path: Path) -> _Head:
    rows: list[list[str]] = []
    ends: list[int] = [0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in islice(reader, _ROWS_SNIFFED):
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error as error:
        raise _broken(path, reader.line_num, error) from None
    at = find_header(rows)
    if at is None:
        msg = f"{path.name}: no row of headers was found; the first row of a table must name its columns"
        raise EmptyInputError(msg)
    if len(rows[at]) > _MOST_COLUMNS:
        msg = f"{path.name}: {len(rows[at])} columns are more than the {_MOST_COLUMNS} that are read"
        raise UnreadableFileError(msg)
    return _Head(rows[at], ends[at] + 1, ends[at + 1])


def _scan(data: bytes, delimiter: int, start: _Head, width: int) -> NDArray[np.int64] | None:
    """Return the line on which each record begins, or None where the records are not all alike.

    Works on the bytes at once: in UTF-8 no byte of another character equals a delimiter, quote or line end.
    """
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw == _NEWLINE)
    if len(raw) and (not len(ends) or ends[-1] != len(raw) - 1):
        ends = np.append(ends, len(raw))
    cells = raw == delimiter
    lines = np.arange(1, len(ends) + 1)
    if b'"' in data:
        quotes = np.flatnonzero(raw == _QUOTE)
        if len(quotes) % 2:
            return None
        before = raw[np.maximum(quotes[::2] - 1, 0)]
        opened = (before == delimiter) | (before == _NEWLINE) | (before == _QUOTE) | (quotes[::2] == 0)
        after = np.append(raw, _NEWLINE)[quotes[1::2] + 1]
        closed = (after == delimiter) | (after == _NEWLINE) | (after == _RETURN) | (after == _QUOTE)
        if not (opened.all() and closed.all()):
            return None
        marks = np.flatnonzero(cells)
        cells[marks[np.searchsorted(quotes, marks) % 2 == 1]] = False
        outside = np.searchsorted(quotes, ends) % 2 == 0
        ends, lines = ends[outside], lines[outside]
    first_lines = np.concatenate(([1], lines[:-1] + 1))
    first_bytes = np.concatenate(([0], ends[:-1] + 1))
    below = first_lines > start.lines
    found = np.searchsorted(np.flatnonzero(cells), ends)
    counts = np.diff(found, prepend=0)[below]
    if not (counts == width - 1).all():
        # Blank lines are as good as none, unless the table has one column only.
        length = ends - first_bytes
        bare = (length == 0) | ((length == 1) & (raw[np.minimum(first_bytes, len(raw) - 1)] == _RETURN))
        blank = bare[below]
        if width == 1 or not (blank | (counts == width - 1)).all():
            return None
    return first_lines[below].astype(np.int64)


def _read_fast(
    data: bytes, delimiter: str, start: _Head, headers: list[str], first_lines: NDArray[np.int64]
) -> pd.DataFrame | None:
    try:
        frame = pd.read_csv(
            io.BytesIO(_below(data, start.lines)),
            sep=delimiter,
            header=None,
            names=headers,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
            index_col=False,
            encoding="utf-8",
            encoding_errors="surrogatepass",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError, OverflowError):
        return None
    if len(frame) != len(first_lines):
        return None
    frame.index = pd.Index(first_lines)
    return _without_blank(frame)


def _below(data: bytes, lines: int) -> bytes:
    at = 0
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if at == 0:
            return b""
    return data[at:]


def _without_blank(frame: pd.DataFrame) -> pd.DataFrame:
    blank = np.ones(len(frame), dtype=bool)
    for column in frame.columns:
        maybe = np.flatnonzero(blank)
        if not len(maybe):
            return frame
        texts = frame[column].iloc[maybe]
        blank[maybe] = texts.str.strip().eq("").to_numpy(dtype=bool)
    return frame.loc[~blank] if blank.any() else frame


def _read_careful(
    text: str, delimiter: str, start: _Head, headers: list[str], path: Path, limits: Limits
) -> tuple[pd.DataFrame, list[RowProblem]]:
    """Read row by row: for stray quotation marks and for rows with too many or too few cells."""
    records, numbers = _records(text, delimiter, path, limits)
    width = len(headers)
    problems: list[RowProblem] = []
    rows: list[list[str]] = []
    index: list[int] = []
    for row, number in zip(records, numbers, strict=True):
        if number <= start.lines or not any(cell and not cell.isspace() for cell in row):
            continue
        if len(row) > width and not any(row[width:]):
            row = row[:width]
        if len(row) != width:
            found = f"{len(row)} cells where the header has {width}"
            detail = f"{found}: {shorten(delimiter.join(row))}"
            problems.append(RowProblem(number, None, "ragged_row", detail, "refused"))
            row = (row + [""] * width)[:width]
        rows.append(row)
        index.append(number)
    return pd.DataFrame(rows, columns=headers, index=pd.Index(index, dtype="int64"), dtype=str), problems


def _records(text: str, delimiter: str, path: Path, limits: Limits) -> tuple[list[list[str]], list[int]]:
    """Return all records with the line on which each begins."""
    for strict in (True, False):
        records: list[list[str]] = []
        numbers: list[int] = []
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
        begins = 1
        try:
            for row in reader:
                records.append(row)
                numbers.append(begins)
                begins = reader.line_num + 1
                if len(records) > limits.rows + _ROWS_SNIFFED:
                    raise _too_many(path, len(records), limits)
        except csv.Error as error:
            if strict and "expected after" in str(error):
                continue
            raise _broken(path, begins, error) from None
        return records, numbers
    return [], []


def _broken(path: Path, line: int, error: csv.Error) -> UnreadableFileError:
    text = str(error)
    if "unexpected end" in text or "field larger" in text:
        return UnreadableFileError(
            f'{path.name}, line {line}: a quotation mark (") is opened here and never closed; '
            'close it, or write it twice ("") where it belongs to the text'
        )
    return UnreadableFileError(f"{path.name}, line {line}: the row cannot be read ({text})")


def _too_many(path: Path, count: int, limits: Limits) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path.name}: {count:,} rows are more than the {limits.rows:,} that are read at once; split the file"
    )


def drop_nameless(frame: pd.DataFrame, header: list[Any]) -> pd.DataFrame:
    """Leave out columns that have neither a header nor any content."""
    keep = []
    for place, column in enumerate(frame.columns):
        named = place < len(header) and header[place] is not None and str(header[place]).strip()
        if named:
            keep.append(column)
            continue
        values = frame[column]
        if not (values.isna() | values.astype(str).str.strip().eq("")).all():
            keep.append(column)
    return frame if len(keep) == len(frame.columns) else frame[keep]
