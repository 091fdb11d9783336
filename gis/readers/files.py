"""Any file that a person brings: what it is by its content and its name, and the reader for it."""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path

from gis.errors import UnreadableFileError
from gis.readers.archives import Member, open_archive, unpack
from gis.readers.geojson import read_geojson
from gis.readers.report import Limits, RowProblem, Table, shorten
from gis.readers.sheets import locked, read_workbook
from gis.readers.tabular import read_csv
from gis.readers.vector import read_geopackage, read_shapefile

__all__ = ["Limits", "RowProblem", "Table", "content_of", "read_file"]

FORMATS = "GeoJSON, GeoPackage, Shapefile (.shp with its files beside it, or zipped), CSV, XLSX or XLS"

# Which content belongs to which ending; an ending that is not listed is judged by content alone.
_BY_ENDING = {
    ".csv": "text", ".tsv": "text", ".tab": "text", ".txt": "text",
    ".geojson": "json", ".json": "json", ".geojsonl": "json", ".geojsons": "json", ".ndjson": "json", ".jsonl": "json",
    ".gpkg": "gpkg", ".shp": "shp", ".xlsx": "sheet", ".xlsm": "sheet", ".xls": "sheet", ".zip": "zip",
}  # fmt: skip
_READABLE = {
    "text": "a text file such as CSV (.csv)",
    "json": "JSON (.geojson)",
    "gpkg": "a GeoPackage (.gpkg)",
    "shp": "a Shapefile (.shp)",
    "sheet": "an Excel workbook (.xlsx or .xls)",
    "zip": "a zip file (.zip)",
}
_WITH_LAYERS = {".gpkg", ".xlsx", ".xlsm", ".xls"}
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_FOREIGN_ENDINGS = {
    ".dbf": "a part of a Shapefile; give the .shp file",
    ".shx": "a part of a Shapefile; give the .shp file",
    ".prj": "a part of a Shapefile; give the .shp file",
    ".cpg": "a part of a Shapefile; give the .shp file",
    ".sbn": "a part of a Shapefile; give the .shp file",
    ".sbx": "a part of a Shapefile; give the .shp file",
    ".qpj": "a part of a Shapefile; give the .shp file",
    ".osm": "an OpenStreetMap extract; use the import of OpenStreetMap",
    ".pbf": "an OpenStreetMap extract; use the import of OpenStreetMap",
}
_MAGIC = (
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"BZh", "a bzip2 file; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip file; unpack it, or pack it as .zip"),
    (b"Rar!", "a RAR file; unpack it, or pack it as .zip"),
    (b"\xfd7zXZ", "an xz file; unpack it first"),
    (b"%PDF", "a PDF document; save the table as XLSX or CSV"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a document of a word processor; save the table as XLSX or CSV"),
)
_MARKUP = (
    (rb"<ogrvrtdatasource", "a GDAL virtual file, which points to other files; give the data itself"),
    (rb"<kml\b", "KML; save it as GeoJSON"),
    (rb"<gpx\b", "GPX; save it as GeoJSON"),
    (rb"<osm(change)?\b", "an OpenStreetMap extract; use the import of OpenStreetMap"),
    (rb"<\?mso-application|urn:schemas-microsoft-com:office:spreadsheet", "an XML spreadsheet; save it as XLSX"),
    (rb"<!doctype html|<(html|table|meta|head)\b", "a web page; open it in Excel and save it as XLSX"),
    (rb"<\?xml|<[a-z]+:featurecollection", "XML"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_GEOPACKAGE_IDS = (b"GPKG", b"GP10", b"GP11", b"GP12")
_SHP_CODE = b"\x00\x00\x27\x0a"
_HEAD = 4096


def read_file(
    path: Path | str,
    *,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    max_rows: int = 2_000_000,
    max_bytes: int = 500_000_000,
) -> Table:
    r"""Read a file of rows: GeoJSON, GeoPackage, Shapefile (also zipped), CSV, XLSX or XLS.

    What the file is is judged by its content; where its ending says something else, it is refused with both named.

    Parameters
    ----------
    path
        The file.
    crs
        The CRS that the person named. The table's ``crs`` still is what the file itself says; a name only quiets the
        warning about a CRS that cannot be understood.
    encoding
        The encoding that the person named, for texts that do not say it.
    layer
        The layer, sheet, or file in a zip to read, where there are several.
    max_rows, max_bytes
        More than this is refused.

    Returns
    -------
    Table
        All rows, with what was wrong with them.

    Raises
    ------
    UnreadableFileError
        Where the file is not there, not what it says it is, damaged, locked, unsafe or too large.
    EmptyInputError
        Where it has no rows.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "schools.csv"
    ...     _ = file.write_text("学校名称,经度,纬度\n第一小学,120.24,29.71\n", "gb18030")
    ...     table = read_file(file)
    >>> table.encoding, list(table.frame.columns), list(table.frame.index)
    ('gb18030', ['学校名称', '经度', '纬度'], [2])
    """
    path = Path(path)
    limits = Limits(rows=max_rows, size=max_bytes)
    _check_there(path, limits)
    content = content_of(path)
    _check_ending(path, content)
    try:
        return _read(path, content, crs, encoding, layer, limits)
    except MemoryError:
        msg = f"{path.name}: the file needs more memory than there is; split it"
        raise UnreadableFileError(msg) from None
    except OSError as error:
        msg = f"{path.name}: the file cannot be read ({error.strerror or shorten(error)})"
        raise UnreadableFileError(msg) from None


def _read(path: Path, content: str, crs: str | None, encoding: str | None, layer: str | None, limits: Limits) -> Table:
    if content == "text":
        return read_csv(path, encoding=encoding, limits=limits)
    if content == "json":
        return read_geojson(path, crs=crs, encoding=encoding, limits=limits)
    if content == "gpkg":
        return read_geopackage(path, crs=crs, layer=layer, limits=limits)
    if content == "sheet":
        return read_workbook(path, layer=layer, limits=limits)
    if content == "zip":
        return _read_zip(path, crs, encoding, layer, limits)
    parts = _shapefile_parts(path)
    total = sum(part.stat().st_size for part in parts.values())
    if total > limits.size:
        raise _too_large(path, total, limits)
    return read_shapefile(parts, name=path.name, crs=crs, encoding=encoding, limits=limits)


def _check_there(path: Path, limits: Limits) -> None:
    try:
        if path.is_dir():
            msg = f"{path.name or path}: this is a folder; give one file: {FORMATS}"
            raise UnreadableFileError(msg)
        if not path.is_file():
            msg = f"{path}: there is no such file" if not path.exists() else f"{path.name}: this is not a plain file"
            raise UnreadableFileError(msg)
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        msg = f"{path.name}: the file cannot be opened ({error.strerror or error})"
        raise UnreadableFileError(msg) from None
    if size == 0:
        msg = f"{path.name}: the file is empty (0 bytes)"
        raise UnreadableFileError(msg)
    if size > limits.size:
        raise _too_large(path, size, limits)


def _too_large(path: Path, size: int, limits: Limits) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path.name}: {size / 1e6:,.0f} MB are more than the {limits.size / 1e6:,.0f} MB that are read; split the file"
    )


def _check_ending(path: Path, content: str) -> None:
    ending = path.suffix.lower()
    if ending in _FOREIGN_ENDINGS:
        msg = f"{path.name}: this is {_FOREIGN_ENDINGS[ending]}"
        raise UnreadableFileError(msg)
    wanted = _BY_ENDING.get(ending)
    if content not in _READABLE:
        what = f"the ending says {_READABLE[wanted]}, but it looks like" if wanted else "this looks like"
        advice = "" if ";" in content else f"; give {FORMATS}"
        msg = f"{path.name}: {what} {content}{advice}"
        raise UnreadableFileError(msg)
    if wanted is not None and wanted != content:
        msg = (
            f"{path.name}: the ending says {_READABLE[wanted]}, but it looks like {_READABLE[content]}; "
            "give it the right ending, or the right file"
        )
        raise UnreadableFileError(msg)


def content_of(path: Path) -> str:
    """Return what a file is by its content.

    Parameters
    ----------
    path
        A file that is there and not empty.

    Returns
    -------
    str
        ``text``, ``json``, ``gpkg``, ``shp``, ``sheet`` or ``zip``; else in words what it looks like.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if head.startswith(b"PK"):
        return _zip_content(path)
    if head.startswith(_OLE):
        return _ole_content(path)
    if head.startswith(b"SQLite format 3\0"):
        known = head[68:72] in _GEOPACKAGE_IDS or path.suffix.lower() == ".gpkg"
        return "gpkg" if known else "an SQLite database that is no GeoPackage; export the table as GeoPackage"
    if head.startswith(_SHP_CODE):
        return "shp"
    return _text_content(head)


def _text_content(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        sample = head[2:].replace(b"\0", b"")
    elif b"OSMHeader" in head[:32]:
        return "an OpenStreetMap extract; use the import of OpenStreetMap"
    else:
        sample = head.removeprefix(b"\xef\xbb\xbf")
    start = sample.lstrip(b" \t\r\n\x1e")[:1]
    if start in {b"{", b"["}:
        return "json"
    if start == b"<":
        lower = sample.lower()
        return next((what for sign, what in _MARKUP if re.search(sign, lower)), "markup such as XML or HTML")
    if not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        # UTF-16 without its mark has zero bytes too; the text reader says how to name it.
        zeros = head.count(0)
        controls = sum(byte < 9 or 13 < byte < 27 for byte in head) - zeros
        if controls > 0.02 * len(head) or 0 < zeros < 0.2 * len(head):
            return "binary data of an unknown kind"
    return "text"


def _zip_content(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError):
        return "zip"  # the reader says what is wrong with it
    if "xl/workbook.xml" in names:
        return "sheet"
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (.xlsb); save it as XLSX"
    if "word/document.xml" in names:
        return "a Word document; save the table as XLSX or CSV"
    if "ppt/presentation.xml" in names:
        return "a presentation; save the table as XLSX or CSV"
    if "mimetype" in names and "content.xml" in names:
        return "an OpenDocument file; save it as XLSX"
    if "doc.kml" in names:
        return "KMZ; save it as GeoJSON"
    return "zip"


def _ole_content(path: Path) -> str:
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise locked(path)
    if "WordDocument".encode("utf-16-le") in data:
        return "a Word document; save the table as XLSX or CSV"
    return "sheet"


def _shapefile_parts(path: Path) -> dict[str, Path]:
    """Return the files of a Shapefile that lie beside the ``.shp``, whatever the case of their endings."""
    parts = {".shp": path}
    for beside in path.parent.iterdir():
        ending = beside.suffix.lower()
        if beside.stem == path.stem and ending in _SHAPEFILE_PARTS and beside.is_file():
            parts.setdefault(ending, beside)
    return parts


def _read_zip(path: Path, crs: str | None, encoding: str | None, layer: str | None, limits: Limits) -> Table:
    with open_archive(path, limits) as (archive, members), tempfile.TemporaryDirectory() as folder:
        chosen, layer = _choose_member(path, members, layer)
        beside = [chosen]
        if chosen.ending == ".shp":
            stem = chosen.path.with_suffix("")
            beside += [m for m in members if m.path.with_suffix("") == stem and m.ending in _SHAPEFILE_PARTS[1:]]
        parts: dict[str, Path] = {}
        for member in beside:
            target = Path(folder) / f"data{member.ending}"
            unpack(archive, member, target, limits)
            parts.setdefault(member.ending, target)
        name = f"{path.name}/{chosen.path.name}"
        if chosen.ending == ".shp":
            table = read_shapefile(parts, name=name, crs=crs, encoding=encoding, limits=limits)
        else:
            table = _read_member(parts[chosen.ending], chosen, crs, encoding, layer, limits)
    where = f"{chosen.path}/{table.layer}" if table.layer else str(chosen.path)
    return Table(table.frame, table.geometry, table.crs, table.encoding, where, table.problems)


def _read_member(
    unpacked: Path, member: Member, crs: str | None, encoding: str | None, layer: str | None, limits: Limits
) -> Table:
    # The file keeps its own name, so that messages speak of it.
    safe = re.sub(r"[^\w.-]", "_", member.path.name)[-100:]
    named = unpacked.with_name("member_" + safe)
    unpacked.rename(named)
    _check_there(named, limits)
    content = content_of(named)
    _check_ending(named, content)
    return _read(named, content, crs, encoding, layer, limits)


def _choose_member(path: Path, members: list[Member], layer: str | None) -> tuple[Member, str | None]:
    """Return the file to read, and the layer inside it where ``layer`` does not name the file itself."""
    readable = [m for m in members if _BY_ENDING.get(m.ending, "zip") != "zip" and m.ending != ".txt"]
    shapes = [m for m in readable if m.ending in {".shp", ".gpkg", ".geojson"}]
    found = shapes or readable
    if layer is not None:
        named = [m for m in readable if layer in {str(m.path), m.path.name, m.path.stem}]
        if not named and len(found) == 1 and found[0].ending in _WITH_LAYERS:
            return found[0], layer
        found = named
        if not found:
            names = ", ".join(repr(str(m.path)) for m in readable)
            msg = f"{path.name}: there is no {layer!r} in the zip; it has {names or 'nothing that can be read'}"
            raise UnreadableFileError(msg)
    if not found:
        loose = any(m.ending in {".dbf", ".shx"} for m in members)
        hint = "the .shp of the Shapefile is missing" if loose else f"give {FORMATS}"
        msg = f"{path.name}: nothing in the zip can be read; {hint}"
        raise UnreadableFileError(msg)
    if len(found) > 1:
        names = ", ".join(repr(str(m.path)) for m in found)
        msg = f"{path.name}: the zip has several files; name one with --layer: {names}"
        raise UnreadableFileError(msg)
    return found[0], None
