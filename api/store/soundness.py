"""Whether the database is sound: its pages, its references, its indexes, its shapes."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import Session

from api.store.models import AuditEntry, Base, City, DecisionFile, Hazard, HazardSchool, NoticeFile, Photo

_MOST = 20  # findings of one kind that are worth reading


def is_embedded(session: Session) -> bool:
    """Return whether it is the embedded database."""
    return session.get_bind().dialect.name == "sqlite"


def damage(session: Session) -> list[str]:
    """Return what is wrong with the pages of an embedded database, or the indexes of a PostGIS one."""
    if is_embedded(session):
        return [str(row[0]) for row in session.execute(sa.text(f"PRAGMA integrity_check({_MOST})")) if row[0] != "ok"]
    query = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT (indisvalid AND indisready) LIMIT :most"
    return [f"the index {row[0]} is not valid" for row in session.execute(sa.text(query), {"most": _MOST})]


def broken_references(session: Session) -> list[str]:
    """Return rows of an embedded database that name a row that is not there; PostGIS keeps none."""
    if not is_embedded(session):
        query = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
        return [f"{row[0]} is not enforced" for row in session.execute(sa.text(query))]
    rows = session.execute(sa.text("PRAGMA foreign_key_check")).fetchmany(_MOST)
    return [f"row {row[1]} of {row[0]} names a row of {row[2]} that is not there" for row in rows]


def bad_shapes(session: Session, at_most: int) -> dict[str, int]:
    """Return how many of the newest shapes of each table are not valid, where any is not."""
    found = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Geometry):
                newest = sa.select(column.label("shape")).where(column.is_not(None)).order_by(table.c.id.desc())
                part = newest.limit(at_most).subquery()
                query = sa.select(sa.func.count()).select_from(part).where(_is_not_valid(part.c.shape, session))
                if count := session.scalar(query):
                    found[f"{table.name}.{column.name}"] = count
    return found


def _is_not_valid(shape: sa.ColumnElement[object], session: Session) -> sa.ColumnElement[bool]:
    if is_embedded(session):
        return sa.func.ST_IsValid(shape, type_=sa.Integer) != 1
    return sa.not_(sa.func.ST_IsValid(shape, type_=sa.Boolean))


def photo_files(session: Session) -> Sequence[str]:
    """Return the names of the files that photos and attachments speak of."""
    both = sa.union(*(sa.select(table.sha256) for table in (Photo, NoticeFile, DecisionFile)))
    return sorted(session.scalars(both))


def some_hazards(session: Session, at_most: int) -> Sequence[tuple[City, list[int]]]:
    """Return ids of hazards, spread over each city's."""
    chosen = []
    for city in session.scalars(sa.select(City).order_by(City.id)):
        ids = session.scalars(sa.select(Hazard.id).where(Hazard.city_id == city.id).order_by(Hazard.id)).all()
        chosen.append((city, list(ids[:: max(1, len(ids) // at_most)][:at_most])))
    return chosen


def stored_ties(session: Session, hazard_ids: Sequence[int]) -> dict[tuple[int, int], tuple[float, float | None]]:
    """Return the ties of at most some hundred hazards: (hazard, school) → distance to boundary and to gate."""
    query = sa.select(HazardSchool).where(HazardSchool.hazard_id.in_(list(hazard_ids)))
    return {(t.hazard_id, t.school_id): (t.boundary_distance_m, t.gate_distance_m) for t in session.scalars(query)}


def audit_log_is_guarded(session: Session) -> bool:
    """Return whether the triggers that refuse to change the audit log are there and at work."""
    if session.get_bind().dialect.name == "postgresql":
        query = (
            "SELECT tgname FROM pg_trigger WHERE tgrelid = CAST('audit_log' AS regclass) AND NOT tgisinternal"
            " AND tgenabled IN ('O', 'A')"
        )
        wanted = {"audit_log_only_grows"}
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_log'"
        wanted = {"audit_log_no_update", "audit_log_no_delete"}
    return wanted <= set(session.scalars(sa.text(query)))


def audit_log_begins(session: Session) -> bool:
    """Return whether the audit log has a line."""
    return session.scalars(sa.select(AuditEntry.id).limit(1)).first() is not None
