"""Search by name or address, offline: schools, cells, streets and named places."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api.store import places
from gis.gazetteer import build_index, find, nearest

_LIMIT = 12


def geocode(session: Session, query: str, *, near: tuple[float, float] | None = None) -> list[dict[str, Any]]:
    """Return the places that a text may mean, the likeliest first."""
    frame = places.searchable(session)
    if frame.empty or not query.strip():
        return []
    found = find(build_index(frame), query.strip()[:200], limit=_LIMIT, near=near)
    return [_answer(row) for row in found.itertuples()]


def reverse_geocode(session: Session, lon: float, lat: float) -> list[dict[str, Any]]:
    """Return the named places nearest to a point."""
    frame = places.searchable(session)
    if frame.empty:
        return []
    return [_answer(row) for row in nearest(build_index(frame), lon, lat, limit=5).itertuples()]


def _answer(row: Any) -> dict[str, Any]:
    answer = {
        "name": row.name,
        "kind": row.kind,
        "lon": round(float(row.geometry.x), 7),
        "lat": round(float(row.geometry.y), 7),
        "address": row.address,
    }
    return answer if row.uuid is None else answer | {"uuid": str(row.uuid)}
