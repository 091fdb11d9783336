"""Collections as files: GeoJSON, GeoPackage, KML for maps, CSV and XLSX for spreadsheets; each says who took it, when."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import shapely
from sqlalchemy.engine import Engine

from api.characters import writable
from api.errors import NotFoundError
from api.schemas import geojson
from api.security.people import Actor
from api.services.exports.collections import COLLECTIONS, Wanted, frame_of
from api.services.exports.tables import workbook, write_table
from api.settings import Settings
from api.store import cities
from api.store.audit import Who, note
from api.store.engine import reading, writing
from api.store.models.base import now

_LONGEST_WKT = 32_000  # a cell of a spreadsheet takes 32,767 characters


class Exported(NamedTuple):
    """A finished file."""

    name: str
    media_type: str
    content: bytes


class _Mark(NamedTuple):
    """Who took a file out, and when: it stands in the file."""

    by: str
    at: dt.datetime
    what: str
    rows: int

    def as_dict(self) -> dict[str, Any]:
        return {"by": self.by, "at": self.at.isoformat(timespec="seconds"), "collection": self.what, "rows": self.rows}


def export_file(
    engine: Engine,
    settings: Settings,
    actor: Actor,
    who: Who,
    *,
    collection: str,
    extension: str,
    city_code: str | None,
    make: Callable[[Any], Wanted],
) -> Exported:
    """Return a collection of a city as a finished file; that it was taken out is a line of the audit log.

    The rows are read in one view of the database that keeps no writer waiting; the log is written when the file is
    whole and before it is handed over.

    Raises
    ------
    NotFoundError
        Where there is no such collection or kind of file.
    """
    if collection not in COLLECTIONS or extension not in _WRITERS:
        raise NotFoundError(f"there is no such export; there are {', '.join(COLLECTIONS)} as {', '.join(_WRITERS)}")
    with reading(engine) as session:
        wanted = make(cities.get_city(session, city_code))
        table = frame_of(session, settings, collection, wanted)
        city = wanted.city.code
    mark = _Mark(actor.display_name or actor.name, now(), collection, len(table))
    media_type, write = _WRITERS[extension]
    with tempfile.TemporaryDirectory(prefix="campus-export-") as folder:
        path = Path(folder) / f"{collection}.{extension}"
        write(table, path, mark)
        content = path.read_bytes()
    with writing(engine, who) as session:
        note(session, "export", collection, after={"file": extension, "rows": len(table), "city": city})
    stamp = mark.at.strftime("%Y%m%d-%H%M")
    return Exported(f"{collection}-{city}-{stamp}.{extension}", media_type, content)


def _write_geojson(table: pd.DataFrame, path: Path, mark: _Mark) -> None:
    said = table.drop(columns="geometry")
    rows: Any = said.astype(object).where(said.notna(), None).to_dict("records")
    document = geojson.features(
        table["uuid"] if "uuid" in table else range(1, len(table) + 1), table["geometry"].to_numpy(dtype=object), rows
    )
    path.write_bytes(geojson.encode(document | {"exported": mark.as_dict()}))


def _for_maps(table: pd.DataFrame) -> geopandas.GeoDataFrame:
    """Return a frame whose columns have types that GDAL knows: numbers, and text for the rest."""
    columns: dict[str, Any] = {}
    for name in table.columns.drop("geometry"):
        values = table[name]
        known = values.dropna()
        if len(known) and all(isinstance(value, bool) for value in known):
            columns[name] = values.astype(bool)
        elif len(known) and all(isinstance(value, (int, float, np.integer, np.floating)) for value in known):
            columns[name] = pd.to_numeric(values)
        else:
            columns[name] = [None if pd.isna(value) else writable(str(value)) for value in values]
    return geopandas.GeoDataFrame(columns, geometry=table["geometry"].to_numpy(dtype=object), crs="EPSG:4326")


def _write_geopackage(table: pd.DataFrame, path: Path, mark: _Mark) -> None:
    said = mark.as_dict()
    pyogrio.write_dataframe(
        _for_maps(table),
        path,
        driver="GPKG",
        layer=mark.what,
        geometry_type="Unknown" if not len(table) else None,
        layer_options={"DESCRIPTION": f"{said['collection']}: {said['by']}, {said['at']}"},
    )


def _for_kml(table: pd.DataFrame) -> geopandas.GeoDataFrame:
    """Return a frame whose texts end no CDATA section.

    LIBKML puts texts into one as they are: what follows ``]]>`` in a name would be markup, or the file unreadable.
    """
    frame = _for_maps(table)
    for name in frame.columns.drop("geometry"):
        if frame[name].dtype.kind not in "biuf":
            frame[name] = [value.replace("]]>", "]] >") if isinstance(value, str) else value for value in frame[name]]
    return frame


def _write_kml(table: pd.DataFrame, path: Path, mark: _Mark) -> None:
    said = mark.as_dict()
    pyogrio.write_dataframe(
        _for_kml(table),
        path,
        driver="LIBKML",
        layer=mark.what,
        geometry_type="Unknown" if not len(table) else None,
        layer_options={"NAME": mark.what, "DESCRIPTION": f"{said['by']}, {said['at']}"},
    )


def _for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with ``longitude`` and ``latitude`` (of a point on the surface of what is more than a point)."""
    shapes = table["geometry"].to_numpy(dtype=object)
    out = table.drop(columns="geometry").copy()
    points = shapely.point_on_surface(shapes) if len(shapes) else shapes
    xy = shapely.get_coordinates(points) if len(shapes) else np.empty((0, 2))
    out["longitude"], out["latitude"] = np.round(xy[:, 0], 7), np.round(xy[:, 1], 7)
    if len(shapes) and (shapely.get_type_id(shapes) != 0).any():
        texts = shapely.to_wkt(shapes, rounding_precision=7)
        out["wkt"] = [text if len(text) <= _LONGEST_WKT else None for text in texts]
    for name in out.columns:
        values = [value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else value for value in out[name]]
        out[name] = [str(value) if type(value).__name__ == "UUID" else value for value in values]
    return out


def _write_csv(table: pd.DataFrame, path: Path, mark: _Mark) -> None:
    write_table(_for_spreadsheets(table), path)


def _write_xlsx(table: pd.DataFrame, path: Path, mark: _Mark) -> None:
    about = pd.DataFrame(list(mark.as_dict().items()), columns=["exported", ""])
    path.write_bytes(workbook({mark.what: _for_spreadsheets(table), "about": about}))


_WRITERS: dict[str, tuple[str, Callable[[pd.DataFrame, Path, _Mark], None]]] = {
    "geojson": (geojson.MEDIA_TYPE, _write_geojson),
    "gpkg": ("application/geopackage+sqlite3", _write_geopackage),
    "csv": ("text/csv; charset=utf-8", _write_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _write_xlsx),
    "kml": ("application/vnd.google-earth.kml+xml", _write_kml),
}
EXTENSIONS = tuple(_WRITERS)
MEDIA_TYPES = tuple(media_type for media_type, _ in _WRITERS.values())
