"""Joint actions as they are planned, changed and listed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem, StaleError
from api.schemas.actions import JointActionIn, JointActionPatch, TakingPartIn, as_shape, require_period
from api.schemas.geojson import features
from api.security.people import Actor
from api.services.cities import today_in
from api.services.departments import department_of
from api.services.identities import identity_warnings
from api.services.messages.notices import tell_of_joint_action
from api.services.screening import city_at
from api.store import actions, cities, inspections
from api.store.models import City, JointAction, JointActionDepartment
from api.store.models.base import now
from api.store.records import claim
from api.store.spatial import Bounds, as_multipolygon, to_element, to_shapes


def plan_action(session: Session, actor: Actor, given: JointActionIn) -> tuple[dict[str, Any], bool]:
    """Plan a joint action; the same UUID again answers the stored one and creates nothing.

    Returns
    -------
    action, created
        As a GeoJSON feature, and whether it is new.

    Raises
    ------
    ConflictError
        Where the UUID belongs to an action that said something else.
    BadInputError
        Where a school, a cell or a department is not known.
    """
    claim(session, given.id)
    known = actions.get_action(session, given.id)
    if known is not None:
        if known.planner_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("a joint action with this id is there already, and says something else")
        return action_detail(session, known), False
    area, city = _area(session, given, given.city)
    action = JointAction(
        uuid=given.id,
        city_id=city.id,
        title=given.title,
        purpose=given.purpose,
        starts_on=given.starts_on,
        ends_on=given.ends_on,
        categories=list(dict.fromkeys(given.categories)),
        chosen=_chosen(given),
        area=to_element(area),
        planner_id=actor.id,
        content_hash=given.fingerprint(),
        source_id=inspections.person_source(session, actor.name).id,
    )
    session.add(action)
    session.flush()
    _take_part(session, action, given.departments)
    session.flush()
    session.expire_all()
    return action_detail(session, action), True


def change_action(session: Session, identity: uuid.UUID, change: JointActionPatch, version: int) -> dict[str, Any]:
    """Change a joint action that is still at ``version``.

    Raises
    ------
    NotFoundError, StaleError, BadInputError
        Where there is none, somebody else changed it meanwhile, or it would make no sense any more.
    """
    action = action_of(session, identity, lock=True)
    if action.version != version:
        raise StaleError("somebody else changed the joint action meanwhile; read it again")
    first, last = change.starts_on or action.starts_on, change.ends_on or action.ends_on
    try:
        require_period(first, last)
    except ValueError as error:
        raise BadInputError(str(error), problems=[Problem("body.ends_on", str(error))]) from None
    action.starts_on, action.ends_on = first, last
    for name in ("title", "purpose", "categories", "cancelled"):
        value = getattr(change, name)
        if value is not None:
            setattr(action, name, value)
    if change.report is not None and change.report != action.report:
        action.report = change.report
        action.reported_at = now() if change.report else None
    if change.schools or change.cells or change.area:
        area, _ = _area(session, change, cities.city_of(session, action.city_id).code)
        action.area, action.chosen = to_element(area), _chosen(change)
    if change.departments is not None:
        for row in actions.taking_part_rows(session, action.id):
            session.delete(row)
        session.flush()
        _take_part(session, action, change.departments)
    action.version += 1
    session.flush()
    session.expire_all()
    return action_detail(session, action)


def action_of(session: Session, identity: uuid.UUID, *, lock: bool = False) -> JointAction:
    """Return the joint action of a UUID.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    action = actions.get_action(session, identity, lock=lock)
    if action is None:
        raise NotFoundError("there is no such joint action")
    return action


def list_actions(
    session: Session,
    *,
    bounds: Bounds | None,
    first: dt.date | None,
    last: dt.date | None,
    department: str | None,
    before: int,
    limit: int,
) -> tuple[dict[str, Any], int | None]:
    """Return joint actions as GeoJSON, the newest first, and the next page's cursor."""
    rows = actions.actions_page(
        session, bounds=bounds, first=first, last=last, department=department, before=before, limit=limit + 1
    )
    following = rows[limit - 1].id if len(rows) > limit else None
    rows = rows[:limit]
    document = features([row.uuid for row in rows], to_shapes(row.area for row in rows), _properties(session, rows))
    return document, following


def action_detail(session: Session, action: JointAction) -> dict[str, Any]:
    """Return a joint action with its purpose and its report."""
    more = {
        "purpose": action.purpose,
        "chosen": action.chosen,
        "report": action.report,
        "reported_at": None if action.reported_at is None else action.reported_at.isoformat(),
        "planned_by": actions.planner_name(session, action),
    }
    document = features([action.uuid], to_shapes([action.area]), [_properties(session, [action])[0] | more])
    warnings = identity_warnings({name: getattr(action, name) for name in ("title", "purpose", "report")})
    return dict(document["features"][0]) | ({"warnings": warnings} if warnings else {})


def state_of(action: JointAction, today: dt.date) -> str:
    """Return how far a joint action is: planned, under_way, ended, reported or cancelled."""
    if action.cancelled:
        return "cancelled"
    if action.report:
        return "reported"
    if today < action.starts_on:
        return "planned"
    return "under_way" if today <= action.ends_on else "ended"


def _properties(session: Session, found: Sequence[JointAction]) -> list[dict[str, Any]]:
    parts = actions.taking_part(session, [action.id for action in found])
    towns = {city.id: city for city in cities.all_cities(session)}
    moment = now()
    return [
        {
            "title": action.title,
            "city": towns[action.city_id].code,
            "state": state_of(action, today_in(towns[action.city_id], moment)),
            "starts_on": action.starts_on.isoformat(),
            "ends_on": action.ends_on.isoformat(),
            "categories": action.categories,
            "area_of": next(iter(action.chosen), "outline"),
            "departments": [
                {"department": row.department, "lead": row.is_lead, "people": row.people, "vehicles": row.vehicles}
                for row in parts.get(action.id, [])
            ],
            "people": sum(row.people for row in parts.get(action.id, [])),
            "vehicles": sum(row.vehicles for row in parts.get(action.id, [])),
            "invented": action.invented,
            "version": action.version,
        }
        for action in found
    ]


def _take_part(session: Session, action: JointAction, departments: Sequence[TakingPartIn]) -> None:
    """Write down who takes part; where nobody is said to lead, the first does."""
    lead = next((one.department for one in departments if one.lead), departments[0].department)
    session.add_all(
        JointActionDepartment(
            action_id=action.id,
            department_id=department_of(session, one.department, "body.departments").id,
            is_lead=one.department == lead,
            people=one.people,
            vehicles=one.vehicles,
        )
        for one in departments
    )
    session.flush()
    tell_of_joint_action(session, action, actions.taking_part_ids(session, action.id), now())


def _chosen(given: JointActionIn | JointActionPatch) -> dict[str, Any]:
    if given.schools:
        return {"schools": [str(one) for one in dict.fromkeys(given.schools)]}
    return {"cells": list(dict.fromkeys(given.cells))} if given.cells else {}


def _area(session: Session, given: JointActionIn | JointActionPatch, code: str | None) -> tuple[Any, City]:
    """Return the outline of an action and its city: the union of perimeters or cells, or what was drawn."""
    if given.area is not None:
        outline = as_shape(given.area)
        middle = outline.representative_point()
        return as_multipolygon(outline), city_at(session, middle.x, middle.y, code)
    city = cities.get_city(session, code)
    if given.schools:
        zones = actions.perimeters_of(session, city.id, given.schools)
        missing = [str(one) for one in given.schools if one not in zones]
        _require_known("body.schools", [f"{one!r} is not a school with a perimeter of this city" for one in missing])
        parts = list(zones.values())
    else:
        outlines = actions.outlines_of(session, city.id, given.cells or [])
        missing = [one for one in given.cells or [] if one not in outlines]
        _require_known("body.cells", [f"{one[:40]!r} is not a cell of this city" for one in missing])
        parts = list(outlines.values())
    return as_multipolygon(shapely.union_all(to_shapes(parts))), city


def _require_known(where: str, wrong: Sequence[str]) -> None:
    if wrong:
        raise BadInputError(wrong[0], problems=[Problem(where, one) for one in wrong[:20]])
