"""Search by name or address, offline: schools, cells, streets and named places."""

from __future__ import annotations

import threading
from typing import Any

from sqlalchemy.orm import Session

from api.store import places
from gis.gazetteer import GazetteerIndex, build_index, find, nearest

_LIMIT = 12
_indexes: dict[str, tuple[tuple[int, ...], GazetteerIndex | None]] = {}
_building = threading.Lock()


def geocode(session: Session, query: str, *, near: tuple[float, float] | None = None) -> list[dict[str, Any]]:
    """Return the places that a text may mean, the likeliest first."""
    index = _index(session)
    if index is None or not query.strip():
        return []
    found: Any = find(index, query.strip()[:200], limit=_LIMIT, near=near)
    return [_answer(row) for row in found.itertuples()]


def reverse_geocode(session: Session, lon: float, lat: float) -> list[dict[str, Any]]:
    """Return the named places nearest to a point."""
    index = _index(session)
    if index is None:
        return []
    found: Any = nearest(index, lon, lat, limit=5)
    return [_answer(row) for row in found.itertuples()]


def _index(session: Session) -> GazetteerIndex | None:
    """Return the index of everything with a name; it is built anew only when something has changed."""
    database = str(session.get_bind().engine.url)
    at = places.version(session)
    with _building:
        known = _indexes.get(database)
        if known is None or known[0] != at:
            frame = places.searchable(session)
            known = (at, None if frame.empty else build_index(frame))
            _indexes[database] = known
    return known[1]


def _answer(row: Any) -> dict[str, Any]:
    answer = {
        "name": row.name,
        "kind": row.kind,
        "lon": round(float(row.geometry.x), 7),
        "lat": round(float(row.geometry.y), 7),
        "address": row.address,
    }
    return answer if row.uuid is None else answer | {"uuid": str(row.uuid)}
