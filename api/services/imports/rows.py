"""A file's rows, read and located: the common ground of all collections before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray

from api.services.imports.fields import COORDINATES, Collection
from api.services.imports.locate import Located, locate
from api.services.imports.values import read_column
from api.vocabulary import fold
from gis.readers.columns import match_columns
from gis.readers.files import read_file
from gis.readers.report import RowProblem

SEPARATOR = "\x1f"  # the unit separator: no text of a file holds it
_LONGEST_KEY = 80


@dataclass
class Rows:
    """Rows that can be written, as columns of one length, and everything that was wrong with the file.

    ``key`` names each record in its source; ``content`` changes whenever anything the file says of it changes.
    """

    collection: Collection
    columns: dict[str, NDArray[np.object_]]
    geometry: NDArray[np.object_]
    raw: NDArray[np.object_]
    number: NDArray[np.int64]
    key: NDArray[np.object_]
    content: NDArray[np.object_]
    crs: str
    encoding: str | None
    read: int
    refused: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.number)

    def only(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Rows:
        """Return some of the rows."""
        return Rows(
            collection=self.collection,
            columns={name: values[keep] for name, values in self.columns.items()},
            geometry=self.geometry[keep],
            raw=self.raw[keep],
            number=self.number[keep],
            key=self.key[keep],
            content=self.content[keep],
            crs=self.crs,
            encoding=self.encoding,
            read=self.read,
            refused=self.refused,
            problems=self.problems,
        )


def read_rows(
    path: Path,
    collection: Collection,
    *,
    zone: ZoneInfo,
    area: shapely.Geometry | None,
    crs: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Rows:
    """Read a file of one collection; rows that cannot be used are left out and reported.

    Raises
    ------
    gis.errors.UnreadableFileError
        Where the file is not what it says it is.
    BadInputError
        Where the CRS or the coordinate columns are not known.
    """
    table = read_file(path, crs=crs, encoding=encoding, layer=layer)
    count = len(table.frame)
    number = table.frame.index.to_numpy(dtype=np.int64)
    given = dict(mapping or {})
    for_place = {name: column for name, column in given.items() if name in COORDINATES}
    for_fields = {name: column for name, column in given.items() if name not in COORDINATES}
    aliases = {f.name: list(f.headers) for f in collection.fields}
    matched = match_columns(list(table.frame.columns), aliases, for_fields)
    problems = list(table.problems)
    columns: dict[str, NDArray[np.object_]] = {}
    for entry in collection.fields:
        texts = table.frame[matched[entry.name]] if entry.name in matched else None
        chosen = columns.get(entry.within) if entry.within else None
        columns[entry.name], wrong = read_column(texts, entry, zone, count, chosen=chosen)
        problems += wrong
    if collection.shape == "none":
        nothing = np.full(count, None, dtype=object)
        located = Located(nothing, nothing, "wgs84", [])
    else:
        located = locate(table, collection.shape, crs=crs, given=for_place, area=area)
    problems += located.problems
    key = _keys(collection, columns, located, count)
    content = _contents({name: columns[name] for name in columns if name in matched}, located)
    rows = Rows(
        collection, columns, located.geometry, located.raw, number, key, content, located.crs, table.encoding, count,
        problems=problems,
    )  # fmt: skip
    return _without_refused(rows)


def _without_refused(rows: Rows) -> Rows:
    """Leave out the rows that cannot be used, among them those whose key another row has already."""
    bad = {p.row for p in rows.problems if p.severity == "refused" and p.row is not None}
    good = ~np.isin(rows.number, np.array(sorted(bad), dtype=np.int64)) if bad else np.ones(len(rows), dtype=bool)
    first: dict[str, int] = {}
    for at in np.flatnonzero(good):
        key = rows.key[at]
        if key in first:
            good[at] = False
            same = first[key]
            identical = rows.content[at] == rows.content[same]
            detail = (
                f"the same record as row {rows.number[same]}"
                if identical
                else f"row {rows.number[same]} has the same identifier, but says something else"
            )
            rows.problems.append(RowProblem(int(rows.number[at]), "id", "duplicate", detail, "refused"))
        else:
            first[key] = int(at)
    whole_file = any(p.severity == "refused" and p.row is None for p in rows.problems)
    out = rows.only(good & (not whole_file))
    out.refused = rows.read - len(out)
    return out


def _keys(
    collection: Collection, columns: Mapping[str, NDArray[np.object_]], located: Located, count: int
) -> NDArray[np.object_]:
    """Return what names each record: the file's identifier, or what is natural for the collection (marked by ``=``).

    Campuses are rows of their own: their key is the school's, a unit separator, and the campus.
    """
    identifiers = columns.get("id", np.full(count, None, dtype=object))
    parts = [columns[name] for name in collection.natural_key]
    out = np.empty(count, dtype=object)
    located_keys = collection.shape in {"point", "line"} and any(identifier is None for identifier in identifiers)
    places = _rounded_places(located.geometry) if located_keys else None
    for at, identifier in enumerate(identifiers):
        if identifier is not None:
            out[at] = str(identifier)
            continue
        texts = [fold(str(part[at])) for part in parts] + ([] if places is None else [places[at]])
        out[at] = natural_key(texts)
    if collection.shape == "campus":
        for at, campus in enumerate(columns["campus"]):
            out[at] = f"{out[at]}{SEPARATOR}{fold(str(campus))}" if campus else out[at]
    return out


def natural_key(texts: Sequence[str]) -> str:
    """Return what names a record without an identifier: what is natural for its collection, folded."""
    plain = len(texts) == 1 and 0 < len(texts[0]) <= _LONGEST_KEY
    return "=" + (texts[0] if plain else _digest(SEPARATOR.join(texts)))


def _rounded_places(geometry: NDArray[np.object_]) -> list[str]:
    bounds = np.round(shapely.bounds(geometry), 6)
    return [",".join(map(str, row)) for row in bounds.tolist()]


def _contents(columns: Mapping[str, NDArray[np.object_]], located: Located) -> NDArray[np.object_]:
    shapes = shapely.to_wkb(located.raw, byte_order=1)
    texts = [SEPARATOR.join(row) for row in zip(*(_as_texts(c) for c in columns.values()), strict=True)]
    texts = texts or [""] * len(shapes)
    crs = located.crs.encode()
    out = np.empty(len(texts), dtype=object)
    out[:] = [
        hashlib.blake2b(text.encode(errors="replace") + (shape or b"") + crs, digest_size=16).hexdigest()
        for text, shape in zip(texts, shapes, strict=True)
    ]
    return out


def _as_texts(column: NDArray[np.object_]) -> list[str]:
    """Return values as texts; most columns hold a few objects many times."""
    values = column.tolist()
    texts = {identity: str(value) for identity, value in {id(v): v for v in values}.items()}
    return [texts[id(value)] for value in values]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()


def raw_bytes(rows: Rows) -> list[Any]:
    """Return the raw geometries as they are kept: WKB in the source's own CRS; none where that is WGS 84 already."""
    return [None] * len(rows) if rows.crs == "wgs84" else list(shapely.to_wkb(rows.raw, byte_order=1))
