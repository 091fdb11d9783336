"""GeoPackage and Shapefile, read by GDAL after their content was looked at.

GDAL opens a file by what it finds inside, and some of its formats read other files or the network. So a file is
handed to it only when its first bytes are those of the one format, under a name of our own in an empty folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio import raw as ogr

from gis.errors import EmptyInputError, UnreadableFileError
from gis.readers.dbf import cpg_encoding, read_dbf
from gis.readers.encodings import named_encoding
from gis.readers.report import Limits, RowProblem, Table, shorten
from gis.readers.shapes import check_shapes, file_crs

_SHP_CODE = b"\x00\x00\x27\x0a"
_SHP_HEADER = 100
_SQLITE_PAGE_AT, _SQLITE_PAGES_AT = 16, 28
_NEEDED = (".shx", ".dbf")


def read_geopackage(
    path: Path, *, crs: str | None = None, layer: str | None = None, limits: Limits | None = None
) -> Table:
    """Read one layer of a GeoPackage; the index of the frame is the number of the feature, from 1.

    Parameters
    ----------
    path
        The file; that it is a GeoPackage was looked at before.
    crs
        The CRS that the person named.
    layer
        Name of the layer; needed where there are several with shapes.
    limits
        How much is read.

    Raises
    ------
    UnreadableFileError
        Where the file is damaged or too large, or the layer is not there or not named.
    EmptyInputError
        Where there is no layer or no feature.
    """
    limits = limits or Limits()
    _check_sqlite(path)
    with tempfile.TemporaryDirectory() as folder, _gdal(path):
        target = Path(folder) / "data.gpkg"
        _place(path, target)
        layer = _layer(path, ogr_layers(target), layer)
        _check_count(path, target, layer, limits)
        meta, _, shapes, columns = ogr.read(str(target), layer=layer, datetime_as_string=True, return_fids=True)
    if shapes is None and not columns:
        msg = f"{path.name}: the layer {layer!r} is empty"
        raise EmptyInputError(msg)
    count = len(shapes) if shapes is not None else len(columns[0])
    if not count:
        msg = f"{path.name}: the layer {layer!r} has no features"
        raise EmptyInputError(msg)
    rows = np.arange(1, count + 1)
    geometry: NDArray[np.object_] | None = None
    problems: list[RowProblem] = []
    if shapes is not None:
        geometry, problems = _decode(shapes, rows, limits)
    name, wrong = file_crs(meta["crs"], asked=crs)
    data = {str(field): pd.Series(_as_objects(column)) for field, column in zip(meta["fields"], columns, strict=True)}
    frame = pd.DataFrame(data, index=range(count))
    frame.index = pd.Index(rows)
    return Table(frame, geometry, name, "utf-8", layer, problems + wrong)


def ogr_layers(path: Path) -> dict[str, str | None]:
    """Return ``layer → type of its shapes`` (None for plain tables) of a file that GDAL can open."""
    return {str(name): kind for name, kind in pyogrio.list_layers(str(path))}


def _layer(path: Path, layers: Mapping[str, str | None], wanted: str | None) -> str:
    names = ", ".join(repr(name) for name in layers)
    if wanted is not None:
        if wanted not in layers:
            msg = f"{path.name}: there is no layer {wanted!r}; the layers are {names or 'none'}"
            raise UnreadableFileError(msg)
        return wanted
    spatial = [name for name, kind in layers.items() if kind is not None]
    found = spatial or list(layers)
    if not found:
        msg = f"{path.name}: the GeoPackage has no layer"
        raise EmptyInputError(msg)
    if len(found) > 1:
        names = ", ".join(repr(name) for name in found)
        msg = f"{path.name}: there are several layers; name one with --layer: {names}"
        raise UnreadableFileError(msg)
    return found[0]


def _check_sqlite(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(_SHP_HEADER)
    page = int.from_bytes(head[_SQLITE_PAGE_AT : _SQLITE_PAGE_AT + 2], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(head[_SQLITE_PAGES_AT : _SQLITE_PAGES_AT + 4], "big")
    size = path.stat().st_size
    if len(head) < _SHP_HEADER or page * pages > size:
        msg = f"{path.name}: the GeoPackage is cut off ({size:,} of {page * pages:,} bytes are there); copy it again"
        raise UnreadableFileError(msg)


def read_shapefile(
    parts: Mapping[str, Path],
    *,
    name: str,
    crs: str | None = None,
    encoding: str | None = None,
    limits: Limits | None = None,
) -> Table:
    """Read a Shapefile; the index of the frame is the number of the record, from 1.

    Parameters
    ----------
    parts
        ``ending → file``: ``.shp``, ``.shx`` and ``.dbf`` are needed, ``.prj`` and ``.cpg`` used.
    name
        What to call the file in messages.
    crs
        The CRS that the person named.
    encoding
        The encoding that the person named; else that of the ``.cpg``, else it is found out.
    limits
        How much is read.

    Raises
    ------
    UnreadableFileError
        Where a part is missing, cut off, or does not fit the others, or the file is too large.
    EmptyInputError
        Where there are no records.
    """
    limits = limits or Limits()
    missing = [ending for ending in _NEEDED if ending not in parts]
    if missing:
        msg = (
            f"{name}: the Shapefile is not complete: {' and '.join(missing)} is missing beside the .shp; "
            "give all its files (a zip is best)"
        )
        raise UnreadableFileError(msg)
    records = _check_shp(parts, name)
    codec = named_encoding(encoding) if encoding else None
    problems: list[RowProblem] = []
    if codec is None and ".cpg" in parts:
        codec, problems = cpg_encoding(parts[".cpg"])
    table = read_dbf(parts[".dbf"], name=name, encoding=codec, most_rows=limits.rows)
    if table.records != records:
        msg = f"{name}: {records:,} shapes (.shx) but {table.records:,} rows of attributes (.dbf); they do not belong together"
        raise UnreadableFileError(msg)
    if table.frame.empty and not len(table.frame.index):
        msg = f"{name}: the Shapefile has no records"
        raise EmptyInputError(msg)
    with tempfile.TemporaryDirectory() as folder, _gdal(Path(name)):
        # Only the shapes are GDAL's affair: the texts have been read, and it would misread the column names.
        for ending in (".shp", ".shx"):
            _place(parts[ending], Path(folder) / f"data{ending}")
        _, fids, shapes, _ = ogr.read(str(Path(folder) / "data.shp"), return_fids=True)
    wkb = np.full(records, None, dtype=object)
    wkb[fids] = shapes
    rows = table.frame.index.to_numpy(dtype=np.int64)
    geometry, wrong = _decode(wkb[rows - 1], rows, limits)
    text = parts[".prj"].read_text("utf-8", errors="replace") if ".prj" in parts else None
    system, unknown = file_crs(text, asked=crs)
    return Table(table.frame, geometry, system, table.encoding, None, problems + table.problems + wrong + unknown)


def _check_shp(parts: Mapping[str, Path], name: str) -> int:
    """Look at the headers of a Shapefile, and return how many records its index lists."""
    sizes = {}
    for ending in (".shp", ".shx"):
        with parts[ending].open("rb") as file:
            head = file.read(_SHP_HEADER)
        size = parts[ending].stat().st_size
        if len(head) < _SHP_HEADER or not head.startswith(_SHP_CODE):
            msg = f"{name}: the {ending} file is not that of a Shapefile, or is cut off; copy it again"
            raise UnreadableFileError(msg)
        sizes[ending] = 2 * int.from_bytes(head[24:28], "big")
        if sizes[ending] > size:
            msg = f"{name}: the {ending} file is cut off ({size:,} of {sizes[ending]:,} bytes are there); copy it again"
            raise UnreadableFileError(msg)
    return max(0, (sizes[".shx"] - _SHP_HEADER) // 8)


def _check_count(path: Path, target: Path, layer: str, limits: Limits) -> None:
    count = pyogrio.read_info(str(target), layer=layer, force_feature_count=True)["features"]
    if count > limits.rows:
        msg = f"{path.name}: {count:,} features are more than the {limits.rows:,} that are read; split the file"
        raise UnreadableFileError(msg)


def _decode(
    wkb: NDArray[np.object_], rows: NDArray[np.int64], limits: Limits
) -> tuple[NDArray[np.object_], list[RowProblem]]:
    geometry = np.empty(len(wkb), dtype=object)
    geometry[:] = shapely.from_wkb(wkb, on_invalid="ignore")
    problems: list[RowProblem] = []
    for at in np.flatnonzero(shapely.is_missing(geometry)):
        code, detail = ("no_geometry", "the feature has no geometry")
        if wkb[at] is not None:
            code, detail = "broken_geometry", "the shape cannot be read"
        problems.append(RowProblem(int(rows[at]), "geometry", code, detail, "refused"))
    geometry, unusable = check_shapes(geometry, rows, most_vertices=limits.vertices)
    return geometry, problems + unusable


def _as_objects(column: NDArray[Any]) -> NDArray[np.object_]:
    """Return a column with None where it is empty, and binary content as text."""
    out = column.astype(object)
    out[pd.isna(column)] = None
    out[:] = [value.hex() if isinstance(value, bytes) else value for value in out]
    return out


def _place(source: Path, target: Path) -> None:
    """Put a file where only the files that belong to it are."""
    try:
        os.symlink(source.resolve(), target)
    except (OSError, NotImplementedError):  # Windows without the right to make links
        shutil.copyfile(source, target)


@contextmanager
def _gdal(path: Path) -> Iterator[None]:
    """Turn what GDAL says into our own error; its warnings repeat what is checked here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (RuntimeError, UnicodeError) as error:  # all of pyogrio's errors are RuntimeErrors
        msg = f"{path.name}: the file is damaged ({shorten(error, 120)}); copy or export it again"
        raise UnreadableFileError(msg) from None
