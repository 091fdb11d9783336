"""Workbooks as offices write them; all names and places are invented."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.files import read_file

HEADERS = ["编号", "隐患类别", "经度(°)", "纬度(°)", "发现时间"]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, dt.datetime):
                        sheet.write_datetime(number, column, cell, date)
                    elif cell is not None:
                        sheet.write(number, column, cell)
    return path


def test_title_rows_merged_cells_dates_and_whole_numbers(tmp_path: Path) -> None:
    path = tmp_path / "隐患.xlsx"
    seen = dt.datetime(2025, 3, 4, 16, 30)
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("清单")
        date = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.merge_range("A1:E1", "某市校园周边隐患清单")
        sheet.merge_range("A2:B2", "填表单位：某局")
        sheet.write("E2", "2025年3月")
        sheet.write_row("A3", HEADERS)
        sheet.write("A4", 330681001)
        sheet.merge_range("B4:B5", "交通")
        sheet.write("C4", 120.25)
        sheet.write("D4", "29°42′36″N")
        sheet.write_datetime("E4", seen, date)
        sheet.write("A5", "H-2")
        sheet.write("C5", 120)
        sheet.write("D5", 29.5)
        sheet.write_blank("A9", None, date)
    table = read_file(path)
    assert table.layer == "清单"
    assert list(table.frame.columns) == HEADERS
    assert table.frame.index.tolist() == [4, 5]
    assert table.frame.loc[4].tolist() == [330681001, "交通", 120.25, "29°42′36″N", seen]
    assert isinstance(table.frame.loc[4, "编号"], int)
    assert table.frame.loc[5].tolist()[:4] == ["H-2", "交通", 120, 29.5]
    assert table.frame.loc[5, "发现时间"] is None
    assert table.problems == []


def test_two_rows_of_headers(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:A2", "名称")
        sheet.merge_range("B1:C1", "坐标")
        sheet.write_row("B2", ["经度", "纬度"])
        sheet.write_row("A3", ["甲", 120.1, 29.7])
    table = read_file(path)
    assert list(table.frame.columns) == ["名称", "经度", "纬度"]
    assert table.frame.index.tolist() == [3]


def test_first_sheet_with_rows_and_others_are_named(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "many.xlsx",
        {"说明": [["本表由某局填写"]], "一月": [HEADERS, ["A", "交通", 120.1, 29.7, None]], "二月": [HEADERS, ["B"]]},
    )
    table = read_file(path)
    assert table.layer == "一月"
    assert [(p.code, p.severity) for p in table.problems] == [("other_sheets", "warning")]
    assert "二月" in table.problems[0].detail
    assert read_file(path, layer="二月").frame["编号"].tolist() == ["B"]
    with pytest.raises(UnreadableFileError, match="说明, 一月, 二月"):
        read_file(path, layer="三月")


def test_blank_rows_between_are_left_out(tmp_path: Path) -> None:
    path = workbook(tmp_path / "gaps.xlsx", {"a": [["name", "note"], ["A", "x"], [" ", None], ["B", "y"]]})
    assert read_file(path).frame.index.tolist() == [2, 4]


def test_empty_workbook(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="no visible sheet"):
        read_file(workbook(tmp_path / "none.xlsx", {"a": []}))


def test_a_cell_in_the_far_corner(tmp_path: Path) -> None:
    path = tmp_path / "corner.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "note"])
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(UnreadableFileError, match="row 1,048,576, column 16,384"):
        read_file(path)


def test_damaged_and_cut_workbooks(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "a.xlsx", {"a": [["name", "note"], ["A", "x"]]}).read_bytes()
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFileError, match=r"cut\.xlsx"):
        read_file(cut)
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data[:200] if "sheet1" in name else data)
    with pytest.raises(UnreadableFileError, match=r"broken\.xlsx"):
        read_file(broken)


def compound_file(streams: dict[str, bytes]) -> bytes:
    """Return an OLE compound file, the container of XLS and of workbooks with a password."""
    end, free, sector = 0xFFFFFFFE, 0xFFFFFFFF, 512
    entries = [("Root Entry", 5, end, 0)]
    chains: list[list[int]] = []
    body = b""
    at = 2
    for name, data in streams.items():
        data = data.ljust(4096, b"\0")
        count = -(-len(data) // sector)
        chains.append(list(range(at, at + count)))
        entries.append((name, 2, at, len(data)))
        body += data.ljust(count * sector, b"\0")
        at += count
    table = [0xFFFFFFFD, end, *([free] * 126)]
    for chain in chains:
        for here, following in zip(chain, [*chain[1:], end], strict=True):
            table[here] = following
    directory = b""
    for number, (name, kind, start, size) in enumerate(entries):
        text = name.encode("utf-16-le") + b"\0\0"
        right = number + 1 if 0 < number < len(entries) - 1 else free
        child = 1 if kind == 5 and len(entries) > 1 else free
        directory += text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, right, child)
        directory += b"\0" * 36 + struct.pack("<IQ", start, size)
    directory = directory.ljust(sector, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *([free] * 108))
    return header + struct.pack("<128I", *table) + directory + body


def biff_record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def biff_workbook(rows: list[list[str | float]]) -> bytes:
    """Return the stream of an Excel 97 workbook with one sheet."""

    def label(row: int, column: int, text: str) -> bytes:
        return biff_record(0x204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))

    cells = b"".join(
        label(r, c, cell) if isinstance(cell, str) else biff_record(0x203, struct.pack("<HHHd", r, c, 0, cell))
        for r, row in enumerate(rows)
        for c, cell in enumerate(row)
    )
    extent = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = biff_record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    sheet += biff_record(0x200, extent) + cells + biff_record(0x0A, b"")
    start = biff_record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    name = "清单".encode("utf-16-le")
    length = len(start) + 4 + 8 + len(name) + 4
    bound = biff_record(0x85, struct.pack("<IBBBB", length, 0, 0, 2, 1) + name)
    return start + bound + biff_record(0x0A, b"") + sheet


def test_xls(tmp_path: Path) -> None:
    path = tmp_path / "旧表.xls"
    rows: list[list[str | float]] = [["某局清单"], ["编号", "名称", "经度"], [330681.0, "甲", 120.25]]
    path.write_bytes(compound_file({"Workbook": biff_workbook(rows)}))
    table = read_file(path)
    assert table.layer == "清单"
    assert table.frame.loc[3].tolist() == [330681, "甲", 120.25]


def test_a_workbook_with_a_password(tmp_path: Path) -> None:
    path = tmp_path / "locked.xlsx"
    path.write_bytes(compound_file({"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"y" * 5000}))
    with pytest.raises(UnreadableFileError, match="password"):
        read_file(path)


def test_a_damaged_xls(tmp_path: Path) -> None:
    path = tmp_path / "damaged.xls"
    path.write_bytes(compound_file({"Workbook": b"\x09\x08\x10\x00" + b"\xff" * 5000}))
    with pytest.raises(UnreadableFileError, match=r"damaged\.xls"):
        read_file(path)


def test_sums_and_remarks_below_a_table_are_no_records(tmp_path: Path) -> None:
    records: list[list[object]] = [["H1", "VEN", 120.1, 29.5, None], ["合计路口", "VEN", 120.2, 29.6, None]]
    footers: list[list[object]] = [["合 计", 2], [None, "填表人：某某"], ["注：虚构"]]
    table = read_file(workbook(tmp_path / "a.xlsx", {"甲": [HEADERS, *records, *footers]}))
    assert table.frame["编号"].tolist() == ["H1", "合计路口"]
    assert [(p.row, p.code, p.severity) for p in table.problems] == [(n, "footer", "warning") for n in (4, 5, 6)]
    whole = read_file(workbook(tmp_path / "b.xlsx", {"甲": [HEADERS, *footers[:1], *records]}))
    assert len(whole.frame) == 3, "only what stands below the last record"
