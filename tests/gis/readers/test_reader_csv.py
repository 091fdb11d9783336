"""CSV files as offices save them; all names and places are invented."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.files import Table, read_file

CHINESE = "编号,名称,经度,纬度\n001,第一小学,120.24,29.71\n002,第二小学,120.25,29.72\n"


def write(tmp_path: Path, content: str | bytes, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def codes(table: Table) -> list[tuple[int | None, str, str]]:
    return [(p.row, p.code, p.severity) for p in table.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    table = read_file(write(tmp_path, CHINESE.replace("\n", newline).encode(encoding)))
    assert list(table.frame.columns) == ["编号", "名称", "经度", "纬度"]
    assert table.frame.loc[3].tolist() == ["002", "第二小学", "120.25", "29.72"]
    assert table.encoding == {"gbk": "gb18030"}.get(encoding, encoding)
    assert table.geometry is None
    assert table.crs is None
    assert table.problems == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    table = read_file(write(tmp_path, CHINESE.replace(",", delimiter)))
    assert table.frame["经度"].tolist() == ["120.24", "120.25"]


def test_decimal_commas_beside_semicolons(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, "name;lon;lat\nA;120,24;29,71\nB;120,25;29,72\n"))
    assert table.frame["lon"].tolist() == ["120,24", "120,25"]


def test_quoted_newlines_keep_line_numbers(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, 'name,note\nA,"one\ntwo\nthree"\nB,"say ""x"", y"\n\nC,plain\n'))
    assert table.frame.index.tolist() == [2, 5, 7]
    assert table.frame["note"].tolist() == ["one\ntwo\nthree", 'say "x", y', "plain"]


def test_ragged_rows_are_reported_and_kept(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n"))
    assert table.frame.index.tolist() == [2, 3, 4, 5]
    assert codes(table) == [(3, "ragged_row", "refused"), (4, "ragged_row", "refused")]
    assert "2 cells where the header has 3" in table.problems[0].detail


def test_a_trailing_delimiter_does_not_hide_a_short_row(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, "a,b,c\n1,2,3,x\n1,2\n"))
    assert [row for row, _, _ in codes(table)] == [2, 3]


def test_a_ragged_row_after_a_quoted_newline_has_its_own_line(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, 'a,b\n"x\ny",1\nz\n'))
    assert codes(table) == [(4, "ragged_row", "refused")]


def test_title_rows_above_the_header(tmp_path: Path) -> None:
    text = "某市隐患清单,,,\n填表日期：2025年,,,\n" + CHINESE
    table = read_file(write(tmp_path, text.encode("gb18030")))
    assert list(table.frame.columns) == ["编号", "名称", "经度", "纬度"]
    assert table.frame.index.tolist() == [4, 5]


def test_stray_quotes_in_a_cell(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, 'name,note\nA,5" pipe\nB,"x"y\n'))
    assert table.frame["note"].tolist() == ['5" pipe', "xy"]


def test_an_open_quote_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="line 3: a quotation mark"):
        read_file(write(tmp_path, 'name,note\nA,x\nB,"never closed\nC,y\n'))


def test_text_in_no_known_encoding(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"neither UTF-8 \(line 2 is not\) nor GB 18030"):
        read_file(write(tmp_path, b"name,lon\nCaf\xe9,1\n"))
    table = read_file(write(tmp_path, b"name,lon\nCaf\xe9,1\n"), encoding="latin-1")
    assert table.frame["name"].tolist() == ["Café"]


def test_latin_1_that_happens_to_be_gb18030_is_doubted(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, "name,note\nChâteau,hôtel élégance\n".encode("latin-1")))
    assert codes(table) == [(None, "encoding_doubtful", "warning")]


def test_the_named_encoding_is_strict(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not UTF-8"):
        read_file(write(tmp_path, CHINESE.encode("gbk")), encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="no encoding 'klingon'"):
        read_file(write(tmp_path, CHINESE), encoding="klingon")


def test_utf_16_without_mark_says_how_to_name_it(tmp_path: Path) -> None:
    data = "name,note\nA,x\n".encode("utf-16-le")
    with pytest.raises(UnreadableFileError, match="utf-16-le"):
        read_file(write(tmp_path, data))
    assert read_file(write(tmp_path, data), encoding="utf-16-le").frame["note"].tolist() == ["x"]


def test_repeated_and_empty_headers(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, "name,note,note,,\nA,x,y,z,\n"))
    assert list(table.frame.columns) == ["name", "note", "note #2", "column 4"]
    assert codes(table) == [(None, "repeated_header", "warning")]


@pytest.mark.parametrize("content", ["name,lon\n", "\n\n", ",,\n"])
def test_no_rows(tmp_path: Path, content: str) -> None:
    with pytest.raises(EmptyInputError):
        read_file(write(tmp_path, content))


def test_row_limit(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="split the file"):
        read_file(write(tmp_path, "a,b\n" + "1,2\n" * 50), max_rows=10)
    with pytest.raises(UnreadableFileError, match="split the file"):
        read_file(write(tmp_path, "a,b\n" + "1\n" * 500), max_rows=10)


def test_fast_and_careful_reading_agree(tmp_path: Path) -> None:
    body = "".join(f'H{i},"a, ""{i}""\nb",{120 + i / 1000:.3f},{i},,\n' for i in range(300))
    plain = read_file(write(tmp_path, "id,note,lon,lat,x,y\n" + body))
    careful = read_file(write(tmp_path, "id,note,lon,lat,x,y\n" + body + "short\n"))
    assert plain.problems == []
    assert codes(careful) == [(602, "ragged_row", "refused")]
    assert careful.frame.iloc[:-1].equals(plain.frame)
    assert plain.frame.index.tolist() == list(range(2, 602, 2))
