"""What the phone takes along for a shift, so that it works without a signal: the surroundings of the person's cells."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.schemas.geojson import features
from api.security.people import Actor
from api.security.scope import limited_to
from api.services import atlas, ground
from api.services.cases.machine import STATES
from api.services.checklists import checklists
from api.services.field.due import due_visits, own_reports
from api.services.inspections import hazard_properties, seen_again
from api.services.patrols.shifts import own_shifts
from api.settings import Settings
from api.store import cases, field, hazards, people
from api.store.models import Hazard
from api.store.spatial import Bounds, to_shapes

_AROUND_DEG = 0.004  # some 400 m beyond the cells
_WITHOUT_CELLS_DEG = 0.015
_MOST = 1000
_REPORTS = 50
_OVER = frozenset({"closed", "rated", "rejected", "void", "merged"})


def shift_pack(
    session: Session,
    actor: Actor,
    settings: Settings,
    moment: dt.datetime,
    *,
    near: tuple[float, float] | None,
) -> dict[str, Any]:
    """Return everything for a shift.

    Parameters
    ----------
    near
        Longitude and latitude of the phone; taken for the place where the person has no cells of their own.
    """
    bounds = _bounds(session, actor, near)
    own = set() if actor.id is None else set(people.cell_codes_of(session, actor.id))
    cells = _all(lambda after: atlas.cells_in(session, bounds=bounds, after=after, limit=_MOST))
    walked = {} if actor.id is None else field.own_cells_walked(session, actor.id)
    for cell in cells["features"]:
        code = cell["properties"]["code"]
        last = walked.get(code)
        cell["properties"] |= {"own": code in own, "last_at": None if last is None else last.isoformat()}
    rows = hazards.hazards_page(
        session, bounds=bounds, statuses=["open"], of_inspector=limited_to(actor, settings), limit=2 * _MOST
    )
    seen = seen_again(session, [row[0] for row in rows])
    reports = own_reports(session, actor, _REPORTS)
    told = seen_again(session, reports)
    fates = _fates(session, reports)
    return {
        "made_at": moment.isoformat(),
        "bounds": list(bounds),
        "ground": ground.version(session),
        "has_own_cells": bool(own),
        "cells": cells,
        "schools": _all(lambda after: atlas.schools_page(session, bounds=bounds, after=after, limit=_MOST)),
        "gates": _all(lambda after: atlas.gates_in(session, bounds=bounds, after=after, limit=_MOST)),
        "perimeters": _all(lambda after: atlas.perimeters_in(session, bounds=bounds, after=after, limit=_MOST)),
        "hazards": features(
            [row[0].uuid for row in rows],
            to_shapes(row[0].location for row in rows),
            [hazard_properties(*row) | seen[row[0].id] for row in rows],
        ),
        "places": _places(session, bounds),
        "reports": features(
            [row.uuid for row in reports],
            to_shapes(row.location for row in reports),
            [hazard_properties(row, None, None) | told[row.id] | {"case": fates.get(row.id)} for row in reports],
        ),
        "checklists": checklists(session),
        "due": due_visits(session, actor, moment),
        "shifts": own_shifts(session, actor, moment),
    }


def _fates(session: Session, reports: list[Hazard]) -> dict[int, dict[str, Any]]:
    """Return where the cases of reports stand, by the hazard: whoever reports may know what became of it."""
    return {
        hazard: {
            "number": number,
            "state": state,
            "zh": STATES[state].zh,
            "en": STATES[state].en,
            "over": state in _OVER,
        }
        for hazard, number, state in cases.last_cases_of(session, [row.id for row in reports])
    }


def _bounds(session: Session, actor: Actor, near: tuple[float, float] | None) -> Bounds:
    outlines = [] if actor.id is None else field.cell_box(session, actor.id)
    if outlines:
        west, south, east, north = shapely.total_bounds(to_shapes(outlines))
        margin = _AROUND_DEG
    else:
        if near is None:
            box = atlas.view_bounds(session) or [120.24, 29.71, 120.24, 29.71]
            near = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        west, south, east, north = (*near, *near)
        margin = _WITHOUT_CELLS_DEG
    return (
        max(float(west) - margin, -180.0),
        max(float(south) - margin, -90.0),
        min(float(east) + margin, 180.0),
        min(float(north) + margin, 90.0),
    )


def _all(page: Any) -> dict[str, Any]:
    """Return up to some thousand records: a person's cells have no more around them."""
    document, following = page(0)
    for _ in range(4):
        if following is None:
            break
        more, following = page(following)
        document["features"] += more["features"]
    return dict(document)


def _places(session: Session, bounds: Bounds) -> list[dict[str, Any]]:
    rows = field.places_in(session, bounds, 2 * _MOST)
    points = to_shapes(row.location for row in rows)
    xy = shapely.get_coordinates(shapely.point_on_surface(points)) if len(rows) else np.empty((0, 2))
    return [
        {"name": row.name, "kind": row.kind, "lon": round(float(x), 6), "lat": round(float(y), 6)}
        for row, (x, y) in zip(rows, xy, strict=True)
    ]
