"""The attribute table of a Shapefile (dBASE III), read here because its encoding must be found out before.

GDAL takes a table without a ``.cpg`` file for Latin-1 and shows mojibake without any error.
"""

from __future__ import annotations

import codecs
import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.errors import UnreadableFileError
from gis.readers.encodings import canonical_encoding
from gis.readers.report import RowProblem, shorten

_HEADER, _DESCRIPTOR = 32, 32
_DELETED = 0x2A
_CANDIDATES = ("utf-8", "gb18030")
# Language drivers (byte 29) that are set on purpose. 0x57 and 0x03 (Windows ANSI) are written by tools that know
# nothing of the text, so they are tried only after UTF-8 and GB 18030 have failed.
_LANGUAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "cp950", 0x78: "cp950", 0x7B: "cp932", 0x4E: "cp949",
              0xC8: "cp1250", 0xC9: "cp1251"}  # fmt: skip
_WEAK_LANGUAGES = {0x57: "cp1252", 0x03: "cp1252", 0x58: "cp1252", 0x59: "cp1252"}


@dataclass(frozen=True)
class _Field:
    name: bytes
    kind: str
    start: int
    length: int
    decimals: int


@dataclass(frozen=True)
class DbfTable:
    """Records of a DBF file; the index of the frame is the record number from 1, deleted ones left out.

    ``records`` counts all of them, deleted ones too, as the shapes beside do.
    """

    frame: pd.DataFrame
    records: int
    encoding: str
    problems: list[RowProblem]


def read_dbf(path: Path, *, name: str, encoding: str | None = None, most_rows: int = 2_000_000) -> DbfTable:
    """Read a DBF file.

    Parameters
    ----------
    path
        The file.
    name
        What to call it in messages.
    encoding
        The encoding that the person or a ``.cpg`` file names; without it UTF-8 where all texts are that, else the
        file's language byte, else GB 18030.
    most_rows
        Records that are read at most.

    Raises
    ------
    UnreadableFileError
        Where the file is damaged, cut off or too large, or its texts are in no known encoding.
    """
    data = path.read_bytes()
    if len(data) < _HEADER + 1:
        msg = f"{name}: the attribute table (.dbf) is empty or cut off; copy it again"
        raise UnreadableFileError(msg)
    count = int.from_bytes(data[4:8], "little")
    header_length = int.from_bytes(data[8:10], "little")
    record_length = int.from_bytes(data[10:12], "little")
    fields = _fields(data, header_length, record_length, name)
    if count > most_rows:
        msg = f"{name}: {count:,} records are more than the {most_rows:,} that are read; split the file"
        raise UnreadableFileError(msg)
    if header_length + count * record_length > len(data):
        there = max(0, (len(data) - header_length) // record_length)
        msg = f"{name}: the attribute table (.dbf) is cut off: {there:,} of {count:,} records are there; copy it again"
        raise UnreadableFileError(msg)
    octets = np.frombuffer(data, dtype=np.uint8, count=count * record_length, offset=header_length)
    raw = octets.reshape(count, record_length)
    kept = np.flatnonzero(raw[:, 0] != _DELETED)
    cells = {field: _cells(raw[kept], field) for field in fields}
    codec = encoding or _find_encoding(fields, cells, language=data[29], name=name)
    problems: list[RowProblem] = []
    columns: dict[str, Any] = {}
    for field in fields:
        title = _unique(field.name.decode(codec, errors="replace").strip() or "column", columns)
        columns[title] = pd.Series(_values(field, cells[field], codec, title, kept + 1, problems), dtype=object)
    frame = pd.DataFrame(columns, index=range(len(kept)))
    frame.index = pd.Index(kept + 1, dtype="int64")
    return DbfTable(frame, count, codec, problems)


def _fields(data: bytes, header_length: int, record_length: int, name: str) -> list[_Field]:
    out: list[_Field] = []
    start, at = 1, _HEADER
    while at + _DESCRIPTOR <= min(header_length, len(data)) and data[at] not in {0x0D, 0x00}:
        title = data[at : at + 11].split(b"\0")[0]
        kind, length, decimals = chr(data[at + 11]), data[at + 16], data[at + 17]
        if kind == "C":
            length += decimals * 256  # long texts of some writers
        out.append(_Field(title, kind, start, length, decimals))
        start, at = start + length, at + _DESCRIPTOR
    if not out or start > record_length or header_length < at:
        msg = f"{name}: the attribute table (.dbf) is damaged: its list of columns does not fit its records"
        raise UnreadableFileError(msg)
    return out


def _cells(raw: NDArray[np.uint8], field: _Field) -> NDArray[np.bytes_]:
    if field.length == 0 or not len(raw):
        return np.full(len(raw), b"", dtype="S1")
    block = np.ascontiguousarray(raw[:, field.start : field.start + field.length])
    return np.char.strip(block.view(f"S{field.length}").reshape(len(raw)), b" \0")


def _find_encoding(fields: list[_Field], cells: dict[_Field, NDArray[np.bytes_]], *, language: int, name: str) -> str:
    """Return the first encoding in which all texts can be read; the end of a cell may be cut within a character."""
    texts: list[tuple[bytes, bool]] = [(field.name, True) for field in fields if not field.name.isascii()]
    for field in fields:
        if field.kind == "C":
            found = {text for text in cells[field].tolist() if not text.isascii()}
            texts += [(text, len(text) >= field.length - 3) for text in found]
    if not texts:
        return "utf-8"
    said = [_LANGUAGES[language]] if language in _LANGUAGES else []
    weak = [_WEAK_LANGUAGES[language]] if language in _WEAK_LANGUAGES else []
    for codec in dict.fromkeys(("utf-8", *said, *_CANDIDATES, *weak)):
        if all(_readable(text, codec, full) for text, full in texts):
            return codec
    msg = (
        f"{name}: the texts of the attribute table (.dbf) are neither UTF-8 nor GB 18030, and there is no .cpg file; "
        "name their encoding with --encoding"
    )
    raise UnreadableFileError(msg)


def _readable(text: bytes, codec: str, full: bool) -> bool:
    try:
        codecs.getincrementaldecoder(codec)().decode(text, final=not full)
    except (UnicodeError, LookupError):
        return False
    return True


def _unique(title: str, taken: dict[str, Any]) -> str:
    number, first = 2, title
    while title in taken:
        title, number = f"{first} #{number}", number + 1
    return title


def _values(
    field: _Field, cells: NDArray[np.bytes_], codec: str, title: str, rows: NDArray[np.int64], out: list[RowProblem]
) -> list[Any]:
    unique, inverse = np.unique(cells, return_inverse=True)
    values: list[Any] = []
    broken: dict[int, str] = {}
    for at, cell in enumerate(unique.tolist()):
        try:
            values.append(_value(cell, field, codec))
        except (ValueError, OverflowError):
            shown = cell.decode(codec, errors="replace")
            values.append(shown)
            broken[at] = shown
    table = np.empty(len(values), dtype=object)
    table[:] = values
    for at, shown in broken.items():
        for row in rows[inverse == at]:
            detail = f"the text {shorten(shown, 40)!r} cannot be read as {codec if field.kind == 'C' else 'a value'}"
            out.append(RowProblem(int(row), title, "unreadable_text", detail, "refused"))
    return list(table[inverse])


def _value(cell: bytes, field: _Field, codec: str) -> Any:
    if field.kind == "C":
        # A cell filled to its end may stop within a character: what is whole is read.
        full = len(cell) >= field.length - 3
        return codecs.getincrementaldecoder(codec)().decode(cell, final=not full) or None
    text = cell.decode("ascii")
    if not text or set(text) <= {"*"}:
        return None
    if field.kind in "NF":
        number = float(text)
        return int(number) if field.decimals == 0 and number.is_integer() and field.kind == "N" else number
    if field.kind == "D":
        return None if text == "00000000" else dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    if field.kind == "L":
        return {"Y": True, "T": True, "N": False, "F": False}.get(text.upper())
    return text


def cpg_encoding(path: Path) -> tuple[str | None, list[RowProblem]]:
    """Return the encoding that a ``.cpg`` file names, or None with a warning where it is not known."""
    text = path.read_bytes()[:64].decode("ascii", errors="replace").strip().strip("\ufeff\0")
    found = canonical_encoding(text) if text else None
    if text and found is None:
        detail = f"the .cpg file names an encoding that is not known ({shorten(text, 20)!r}); it was found out instead"
        return None, [RowProblem(None, None, "unknown_encoding", detail, "warning")]
    return found, []
