"""The shifts of teams: made when a plan is published, seen by their members, and what they say of their stops."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, Problem, StaleError
from api.schemas.patrols import CheckIn, ShiftIn, ShiftPatch
from api.security.people import Actor
from api.security.policy import FIELD
from api.services.identities import identity_warnings
from api.services.patrols.requests import clock, seconds_of
from api.services.patrols.views import plan_document
from api.services.questions import wanted_city
from api.store import cities, hazards, patrols, people, shifts
from api.store.models import PatrolCheck, PatrolPlan, PatrolShift, PatrolStop, Person
from api.store.records import claim
from gis.geodesic import distance_m

_PLANNERS = frozenset({"police", "dispatcher"})
AHEAD_DAYS = 7  # a phone takes along the shifts of so many days


def people_for(session: Session, identities: Iterable[uuid.UUID]) -> list[Person]:
    """Return people who may be in a team.

    Raises
    ------
    BadInputError
        Where somebody is not known, or has no role in the field: they could not send what they do.
    """
    out = []
    for identity in dict.fromkeys(identities):
        person = people.find_person(session, identity)
        if person is None or person.disabled:
            raise BadInputError(
                "there is no such person", problems=[Problem("body.members", "there is no such person")]
            )
        if not FIELD & set(people.roles_of(session, person.id)):
            what = (
                f"{person.display_name or person.name} has no role in the field; give them the role inspector or police"
            )
            raise BadInputError(what, problems=[Problem("body.members", what)])
        out.append(person)
    return out


def people_in_the_field(session: Session) -> list[dict[str, str]]:
    """Return who may be in a team: id and shown name of everybody with a role in the field."""
    return [
        {"id": str(person.uuid), "name": person.display_name or person.name}
        for person, roles in people.all_people(session)
        if not person.disabled and FIELD & set(roles.split(", "))
    ]


def shifts_of_plan(session: Session, plan: PatrolPlan) -> None:
    """Give each team of a plan its shift, with its members; those that are there are brought up to date."""
    for number, team in enumerate(plan.wanted["teams"], 1):
        identity = uuid.uuid5(plan.uuid, f"team-{number}")
        shift = shifts.get_shift(session, identity)
        begins = plan.wanted["from_s"] if team["begins_s"] is None else team["begins_s"]
        ends = plan.wanted["to_s"] if team["ends_s"] is None else team["ends_s"]
        if shift is None:
            shift = PatrolShift(
                uuid=identity, city_id=plan.city_id, plan_id=plan.id, day=plan.day, team=number, name=team["name"],
                mode=team["mode"], begins_s=begins, ends_s=ends, invented=plan.invented,
            )  # fmt: skip
            session.add(shift)
            session.flush()
        elif shift.state == "cancelled":
            shift.state = "planned"
            shift.version += 1
        named = people_for(session, [uuid.UUID(one) for one in team.get("members", [])])
        shifts.set_members(session, shift.id, [one.id for one in named])


def cancel_shifts(session: Session, plan: PatrolPlan) -> None:
    """Cancel the shifts of a plan that nobody has begun."""
    for shift in shifts.shifts_page(session, of_person=None, plan_id=plan.id):
        if shift.state == "planned":
            shift.state = "cancelled"
            shift.version += 1


def add_shift(session: Session, actor: Actor, given: ShiftIn) -> tuple[dict[str, Any], bool]:
    """Write down a shift without a plan; the same UUID again creates nothing. Who is not a planner is in it themselves."""
    claim(session, given.id)
    known = shifts.get_shift(session, given.id)
    if known is not None:
        if known.content_hash != given.fingerprint():
            raise ConflictError("this id belongs to another shift; send this one under a new id")
        return shift_document(session, actor, shift_for(session, actor, given.id)), False
    begins, ends = seconds_of(given.begins), seconds_of(given.ends)
    if begins >= ends:
        what = "the end of duty must lie after its beginning, on the same day"
        raise BadInputError(what, problems=[Problem("body.ends", what)])
    members = [one.id for one in people_for(session, given.members)]
    if not actor.roles & _PLANNERS:
        if actor.id is None or set(members) - {actor.id}:
            raise ForbiddenError("only a planner puts others into a shift")
        members = [actor.id]
    city = wanted_city(session, given.city)
    shift = PatrolShift(
        uuid=given.id, city_id=city.id, day=given.day, name=given.name, mode=given.mode, begins_s=begins, ends_s=ends,
        content_hash=given.fingerprint(), invented=city.invented,
    )  # fmt: skip
    session.add(shift)
    session.flush()
    shifts.set_members(session, shift.id, members)
    return shift_document(session, actor, shift), True


def shift_for(session: Session, actor: Actor, identity: uuid.UUID, *, lock: bool = False) -> PatrolShift:
    """Return a shift, if this person may see it: planners any, others their own, once its plan is published.

    Raises
    ------
    NotFoundError
        Where there is none, or none that they may see.
    """
    shift = shifts.get_shift(session, identity, lock=lock)
    own = shift is not None and actor.id is not None and shifts.is_member(session, shift.id, actor.id)
    if shift is None or not (own or actor.roles & _PLANNERS):
        raise NotFoundError("there is no such shift, or none that you may see")
    return shift


def list_shifts(
    session: Session,
    actor: Actor,
    *,
    city_code: str | None,
    first: dt.date | None,
    last: dt.date | None,
    mine: bool,
    after: int,
    limit: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return shifts without their stops, and the next page's cursor: all of them for planners, else one's own."""
    everybody = bool(actor.roles & _PLANNERS) and not mine
    city_id = None if city_code is None else cities.get_city(session, city_code).id
    rows = shifts.shifts_page(
        session, of_person=None if everybody else actor.id or 0, city_id=city_id, first=first, last=last, after=after,
        limit=limit + 1,
    )  # fmt: skip
    following = rows[limit - 1].id if len(rows) > limit else None
    return _lines(session, rows[:limit]), following


def _lines(session: Session, rows: Sequence[PatrolShift]) -> list[dict[str, Any]]:
    members = shifts.members_of(session, [row.id for row in rows])
    out = []
    for row in rows:
        plan = shifts.plan_of_shift(session, row)
        city = cities.city_of(session, row.city_id)
        out.append(
            {
                "id": str(row.uuid), "plan": None if plan is None else str(plan.uuid), "city": city.code,
                "time_zone": city.time_zone, "day": row.day.isoformat(), "team": row.team, "name": row.name,
                "mode": row.mode, "begins": clock(row.begins_s), "ends": clock(row.ends_s), "state": row.state,
                "note": row.note, "version": row.version,
                "members": [{"id": str(one.uuid), "name": one.display_name or one.name} for one in members.get(row.id, [])],
            }
        )  # fmt: skip
    return out


def shift_document(session: Session, actor: Actor, shift: PatrolShift) -> dict[str, Any]:
    """Return a shift with its stops and way, and what its team has said of them."""
    plan = shifts.plan_of_shift(session, shift)
    stops: dict[str, Any] = {"type": "FeatureCollection", "features": []}
    team: dict[str, Any] | None = None
    if plan is not None:
        whole = plan_document(session, actor, plan, only={shift.team})
        stops["features"] = whole["features"]
        team = next(iter(whole["team_list"]), None)
    checks = check_documents(session, shifts.checks_of(session, [shift.id]))
    return _lines(session, [shift])[0] | {"stops": stops, "route": team, "checks": checks}


def own_shifts(session: Session, actor: Actor, moment: dt.datetime) -> list[dict[str, Any]]:
    """Return the shifts that somebody has today and in the days to come, for the phone to take along."""
    if actor.id is None:
        return []
    today = moment.date() - dt.timedelta(days=1)  # wherever the city is, its today is not before
    rows = shifts.shifts_page(session, of_person=actor.id, first=today, last=today + dt.timedelta(days=AHEAD_DAYS))
    kept = []
    for row in rows:
        local = moment.astimezone(ZoneInfo(cities.city_of(session, row.city_id).time_zone)).date()
        if row.state != "cancelled" and row.day >= local:
            kept.append(shift_document(session, actor, row))
    return sorted(kept, key=lambda one: (one["day"], one["begins"]))


def change_shift(
    session: Session, actor: Actor, identity: uuid.UUID, change: ShiftPatch, version: int
) -> dict[str, Any]:
    """Change a shift that nobody else has changed meanwhile: its team says that it begins and ends, a planner who is in it."""
    shift = shift_for(session, actor, identity, lock=True)
    if shift.version != version:
        raise StaleError("somebody else changed the shift meanwhile; read it again")
    planner = bool(actor.roles & _PLANNERS)
    if (change.members is not None or change.state == "cancelled") and not planner:
        raise ForbiddenError("only a planner puts others into a shift")
    if change.members is not None:
        shifts.set_members(session, shift.id, [one.id for one in people_for(session, change.members)])
    shift.state = shift.state if change.state is None else change.state
    shift.note = shift.note if change.note is None else change.note
    shift.version += 1
    session.flush()
    warnings = identity_warnings({"note": shift.note})
    return shift_document(session, actor, shift) | ({"warnings": warnings} if warnings else {})


def add_check(session: Session, actor: Actor, given: CheckIn) -> tuple[dict[str, Any], bool]:
    """Keep what a team says of a stop; the same UUID again answers the stored record and creates nothing.

    Raises
    ------
    NotFoundError
        Where the shift is not theirs.
    BadInputError
        Where the stop is not one of the shift's plan, or the hazard is not known yet.
    """
    claim(session, given.id)
    shift = shift_for(session, actor, given.shift, lock=True)
    known = shifts.get_check(session, given.id)
    if known is not None:
        if known.person_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("this id belongs to another record; send this one under a new id")
        return check_document(session, known), False
    stop = None if given.stop is None else patrols.get_stop(session, given.stop)
    if given.stop is not None and (stop is None or stop.plan_id != shift.plan_id):
        what = "this stop is not one of the plan of the shift"
        raise BadInputError(what, problems=[Problem("body.stop", what)])
    hazard = None if given.hazard is None else hazards.get_hazard(session, given.hazard)
    if given.hazard is not None and hazard is None:
        raise BadInputError("there is no such hazard", problems=[Problem("body.hazard", "there is no such hazard")])
    check = PatrolCheck(
        uuid=given.id, shift_id=shift.id, stop_id=None if stop is None else stop.id, person_id=actor.id,
        hazard_id=None if hazard is None else hazard.id, event=given.event, at=given.at, lon=given.lon, lat=given.lat,
        position_error_m=given.position_error_m, away_m=_away(given, stop), note=given.note,
        content_hash=given.fingerprint(), invented=shift.invented,
    )  # fmt: skip
    session.add(check)
    if shift.state == "planned" and given.event in ("arrive", "leave"):
        shift.state = "on_duty"
        shift.version += 1
    session.flush()
    session.refresh(check)  # what is answered is what is kept
    return check_document(session, check), True


def _away(given: CheckIn, stop: PatrolStop | None) -> float | None:
    if stop is None or given.lon is None or given.lat is None:
        return None
    return round(float(distance_m(given.lon, given.lat, stop.lon, stop.lat)), 1)


def check_document(session: Session, check: PatrolCheck) -> dict[str, Any]:
    """Return a check as it is shown."""
    return check_documents(session, [check])[0]


def check_documents(session: Session, checks: Sequence[PatrolCheck]) -> list[dict[str, Any]]:
    """Return checks as they are shown."""
    stops = shifts.stop_uuids(session, [one.stop_id for one in checks if one.stop_id is not None])
    found = shifts.hazard_uuids(session, [one.hazard_id for one in checks if one.hazard_id is not None])
    return [
        {
            "id": str(one.uuid),
            "stop": None if one.stop_id is None else str(stops[one.stop_id]),
            "event": one.event,
            "at": one.at.isoformat(),
            "received_at": one.received_at.isoformat(),
            "away_m": one.away_m,
            "hazard": None if one.hazard_id is None else str(found[one.hazard_id]),
            "note": one.note,
            "warnings": identity_warnings({"note": one.note}),
        }
        for one in checks
    ]
