"""How far a joint action is: the cases and inspections that fall in its area and period, done and open."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.security.people import Actor
from api.services.actions.records import action_of
from api.services.cases.views import cases_shown
from api.store import actions, cases, cities
from api.store.models import Case, City, JointAction
from api.store.models.base import now
from api.store.spatial import to_shape, to_shapes


def period_of(action: JointAction, city: City) -> tuple[dt.datetime, dt.datetime]:
    """Return the moments that bound an action's local days; the second is not included."""
    zone = ZoneInfo(city.time_zone)
    start = dt.datetime.combine(action.starts_on, dt.time(), zone)
    return start, dt.datetime.combine(action.ends_on + dt.timedelta(days=1), dt.time(), zone)


def progress(session: Session, identity: uuid.UUID) -> dict[str, Any]:
    """Count the cases and inspections of a joint action.

    Cases: those in its area and of its categories that were open when it began (``brought_in``) or came in its days
    (``found``); without drafts, and without those that were not filed, void or merged. ``done`` are closed by now.
    Inspections: those of its days whose place (arrival, hazard, cell, else school) lies in its area.
    """
    action = action_of(session, identity)
    city = cities.city_of(session, action.city_id)
    start, _ = period_of(action, city)
    found = _cases(session, action, city)
    codes = cases.department_codes(session)
    moment = now()
    by_department: dict[str, dict[str, int]] = {}
    by_category: dict[str, dict[str, int]] = {}
    total = _nothing()
    for case in found:
        lead = codes[case.lead_id] if case.lead_id is not None else str(case.rule["lead"])
        for row in (
            total,
            by_department.setdefault(lead, _nothing()),
            by_category.setdefault(case.category, _nothing()),
        ):
            row["cases"] += 1
            row["brought_in" if case.received_at < start else "found"] += 1
            row["done" if case.closed_at is not None else "open"] += 1
            row["overdue"] += case.closed_at is None and case.due_at is not None and case.due_at < moment
    for row in actions.taking_part(session, [action.id]).get(action.id, []):
        by_department.setdefault(row.department, _nothing())
    return {
        "cases": total,
        "by_department": [{"department": code} | by_department[code] for code in sorted(by_department)],
        "by_category": [{"category": code} | by_category[code] for code in sorted(by_category)],
        "inspections": _inspections(session, action, city),
    }


def cases_of(session: Session, actor: Actor, identity: uuid.UUID) -> dict[str, Any]:
    """Return the cases of a joint action as GeoJSON points, as far as one sees them."""
    action = action_of(session, identity)
    return cases_shown(session, actor, _cases(session, action, cities.city_of(session, action.city_id)))


def _nothing() -> dict[str, int]:
    return dict.fromkeys(("cases", "brought_in", "found", "done", "open", "overdue"), 0)


def _cases(session: Session, action: JointAction, city: City) -> list[Case]:
    area = to_shape(action.area)
    start, end = period_of(action, city)
    near = actions.cases_near(session, city.id, area.bounds, start, end, action.categories)
    return [case for case, inside in zip(near, inside_of(area, (c.location for c in near)), strict=True) if inside]


def inside_of(area: Any, places: Iterable[Any]) -> NDArray[np.bool_]:
    """Return which places (of a geometry column) lie in an area or on its edge."""
    shapes = to_shapes(places)
    shapely.prepare(area)
    return np.asarray(shapely.intersects(area, shapes), dtype=bool)


def _inspections(session: Session, action: JointAction, city: City) -> dict[str, int]:
    area = to_shape(action.area)
    start, end = period_of(action, city)
    rows = actions.inspections_between(session, city.id, start, end)
    schools = {row.school_id for row in rows if _place(row) is None and row.school_id is not None}
    campuses = actions.campuses_of(session, sorted(schools))
    placed = [(row, campuses.get(row.school_id) if _place(row) is None else _place(row)) for row in rows]
    known = [(row, place) for row, place in placed if place is not None]
    middle = _points([place for _, place in known])
    shapely.prepare(area)
    here = [
        row for (row, _), inside in zip(known, np.atleast_1d(shapely.intersects(area, middle)), strict=True) if inside
    ]
    return {
        "inspections": len(here),
        "inspectors": len({row.inspector_id for row in here}),
        "nothing_found": sum(row.outcome == "nothing_found" for row in here),
        "without_place": len(rows) - len(known),
    }


def _place(row: Any) -> Any:
    return next((place for place in (row.arrival, row.hazard, row.cell) if place is not None), None)


def _points(places: Sequence[Any]) -> NDArray[np.object_]:
    """Return a point inside each place: itself, or of a cell or campus one within."""
    shapes = to_shapes(places)
    out: NDArray[np.object_] = shapely.point_on_surface(shapes)
    return out
