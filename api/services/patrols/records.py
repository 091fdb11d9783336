"""Plans that are kept: asked for, shown, changed by hand, published."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, Problem, StaleError
from api.schemas.patrols import PlanIn, PlanPatch, StopChange
from api.security.people import Actor
from api.services.patrols import shifts as team_shifts
from api.services.patrols.candidates import school_weekday
from api.services.patrols.kept import request_of, wanted_of
from api.services.patrols.requests import check_request
from api.services.patrols.views import plan_document, summary
from api.services.questions import wanted_city
from api.store import cities, patrols, shifts
from api.store.models import PatrolPlan, PatrolRun, PatrolStop
from api.store.models.base import now
from api.store.records import claim

PLANNERS = frozenset({"police", "dispatcher"})
LONGEST_SEARCH_S = 180.0  # a search that was not heard of for so long was cut off


def is_planner(actor: Actor) -> bool:
    """Return whether somebody plans patrols."""
    return bool(PLANNERS & actor.roles)


def add_plan(session: Session, actor: Actor, given: PlanIn) -> tuple[dict[str, Any], bool]:
    """Ask for a plan; the same UUID again answers the stored one and creates nothing.

    Whoever calls this begins the search once it is committed (:meth:`api.services.patrols.runs.Searches.begin`).

    Raises
    ------
    BadInputError
        Where the day is no school day, or hours, teams or schools make no sense.
    """
    claim(session, given.id)
    known = patrols.get_plan(session, given.id)
    if known is not None:
        if known.author_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("this id belongs to another plan; ask for this one under a new id")
        return plan_document(session, actor, known), False
    city = wanted_city(session, given.city)
    wanted = wanted_of(given)
    exact = "police" in actor.roles
    check_request(request_of(wanted, given.day, city.code, exact=exact))
    school_weekday(session, city, given.day)
    team_shifts.people_for(session, [one for team in given.teams for one in team.members])
    plan = PatrolPlan(
        uuid=given.id,
        city_id=city.id,
        day=given.day,
        name=given.name,
        state="planning",
        basis="exact" if exact else "groups",
        wanted=wanted,
        author_id=actor.id,
        content_hash=given.fingerprint(),
        invented=city.invented,
    )
    session.add(plan)
    session.flush()
    session.add(PatrolRun(plan_id=plan.id))
    session.flush()
    return plan_document(session, actor, plan), True


def list_plans(
    session: Session,
    actor: Actor,
    *,
    city_code: str | None,
    first: dt.date | None,
    last: dt.date | None,
    after: int,
    limit: int,
) -> tuple[list[dict[str, Any]], int | None]:
    """Return plans, the last made first, and the next page's cursor."""
    city_id = None if city_code is None else cities.get_city(session, city_code).id
    rows = patrols.plans_page(session, city_id=city_id, first=first, last=last, after=after, limit=limit + 1)
    following = rows[limit - 1].id if len(rows) > limit else None
    return [summary(session, row) for row in rows[:limit]], following


def plan_for(session: Session, actor: Actor, identity: uuid.UUID, *, lock: bool = False) -> PatrolPlan:
    """Return a plan, if this person may see it: planners any, others those in which they have a shift.

    Raises
    ------
    NotFoundError
        Where there is none, or none that they may see.
    """
    plan = patrols.get_plan(session, identity, lock=lock)
    if plan is None or not (is_planner(actor) or _in_it(session, actor, plan)):
        raise NotFoundError("there is no such plan, or none that you may see")
    return plan


def _in_it(session: Session, actor: Actor, plan: PatrolPlan) -> bool:
    return plan.state == "published" and actor.id is not None and shifts.is_member_of_plan(session, plan.id, actor.id)


def teams_seen(session: Session, actor: Actor, plan: PatrolPlan) -> frozenset[int] | None:
    """Return the teams of a plan that somebody sees; None: all."""
    if is_planner(actor) or actor.id is None:
        return None
    own = shifts.shifts_page(session, of_person=actor.id, plan_id=plan.id)
    return frozenset(one.team for one in own)


def show_plan(session: Session, actor: Actor, identity: uuid.UUID) -> dict[str, Any]:
    """Return a plan with its stops and routes; of a team's own plan only its own."""
    plan = plan_for(session, actor, identity)
    return plan_document(session, actor, plan, only=teams_seen(session, actor, plan))


def change_plan(
    session: Session, actor: Actor, identity: uuid.UUID, change: PlanPatch, version: int
) -> tuple[dict[str, Any], bool]:
    """Change a plan that nobody else has changed meanwhile; returns it, and whether it is to be planned anew.

    Raises
    ------
    StaleError
        Where somebody else changed it meanwhile.
    ConflictError
        Where it is being planned, or its state does not take the change.
    """
    plan = plan_for(session, actor, identity, lock=True)
    if not is_planner(actor):
        raise ForbiddenError("your roles do not allow this")
    if change.stop_search:
        run = patrols.run_of(session, plan.id)
        if run is not None:
            run.stop_asked = True
            session.flush()
        return plan_document(session, actor, plan), False
    if plan.version != version:
        raise StaleError("somebody else changed the plan meanwhile; read it again")
    again = bool(change.stops) or change.plan_again
    _refuse(session, plan, change, again=again)
    if change.name is not None:
        plan.name = change.name
    if change.members is not None:
        _set_members(session, plan, change.members)
    if change.stops:
        _by_hand(session, plan, change.stops)
    if again:
        _plan_anew(session, plan, change.seconds)
    if change.state is not None:
        _set_state(session, plan, change.state)
    plan.version += 1
    session.flush()
    return plan_document(session, actor, plan), again


def _refuse(session: Session, plan: PatrolPlan, change: PlanPatch, *, again: bool) -> None:
    """Refuse what the state of a plan does not take."""
    if (again or change.state == "published") and is_planning(session, plan):
        raise ConflictError("the plan is being made at this moment; wait for it, or end the search")
    if plan.state == "withdrawn":
        raise ConflictError("the plan was withdrawn; make another one")
    if again and plan.state == "published":
        raise ConflictError("the plan is published, and its teams walk by it; withdraw it first")


def _plan_anew(session: Session, plan: PatrolPlan, seconds: float | None) -> None:
    plan.state, plan.problem = "planning", ""
    if seconds is not None:
        plan.wanted = plan.wanted | {"seconds": seconds}
    run = patrols.run_of(session, plan.id)
    if run is None:
        session.add(PatrolRun(plan_id=plan.id))
    else:
        run.at, run.done, run.iterations, run.stop_asked, run.best = now(), 0.0, 0, False, {}


def is_planning(session: Session, plan: PatrolPlan) -> bool:
    """Return whether a plan is being made: its state says so, and its search was heard of lately."""
    run = patrols.run_of(session, plan.id)
    return plan.state == "planning" and run is not None and (now() - run.at).total_seconds() < LONGEST_SEARCH_S


def _set_state(session: Session, plan: PatrolPlan, state: str) -> None:
    if state == "published":
        if plan.state not in ("ready", "published"):
            raise ConflictError("only a plan that is ready can be published")
        plan.published_at = now()
        team_shifts.shifts_of_plan(session, plan)
    else:
        team_shifts.cancel_shifts(session, plan)
    plan.state = state


def _set_members(session: Session, plan: PatrolPlan, members: Sequence[Sequence[uuid.UUID]]) -> None:
    teams = plan.wanted["teams"]
    if len(members) != len(teams):
        what = f"the plan has {len(teams)} teams; name the members of each"
        raise BadInputError(what, problems=[Problem("body.members", what)])
    team_shifts.people_for(session, [one for own in members for one in own])
    named = [team | {"members": [str(one) for one in own]} for team, own in zip(teams, members, strict=True)]
    plan.wanted = plan.wanted | {"teams": named}
    if plan.state == "published":
        session.flush()
        team_shifts.shifts_of_plan(session, plan)


def _by_hand(session: Session, plan: PatrolPlan, changes: Sequence[StopChange]) -> None:
    """Keep what a planner decided of stops; what was decided stands in the plan, and so in the audit log."""
    stops = {one.uuid: one for one in patrols.stops_of(session, plan.id)}
    teams = len(plan.wanted["teams"])
    said = []
    for n, change in enumerate(changes):
        if change.team is not None and change.team > teams:
            what = f"the plan has {teams} teams; there is no team {change.team}"
            raise BadInputError(what, problems=[Problem(f"body.stops.{n}.team", what)])
        stop = stops.get(change.id)
        if stop is None:
            stop = _new_stop(session, plan, change, stops.values(), f"body.stops.{n}.id")
            stops[stop.uuid] = stop
        _decide(stop, change)
        said.append({"stop": stop.key} | change.model_dump(mode="json", exclude_none=True, exclude={"id"}))
    by_hand = [*plan.wanted.get("by_hand", []), *said]
    plan.wanted = plan.wanted | {"by_hand": by_hand[-500:]}
    session.flush()


def _decide(stop: PatrolStop, change: StopChange) -> None:
    if change.team is not None:
        stop.pinned_team = change.team or None
        stop.dropped = stop.dropped and not change.team
    if change.dropped is not None:
        stop.dropped = change.dropped
        stop.pinned_team = None if change.dropped else stop.pinned_team
    if change.lon is not None and change.lat is not None:
        stop.moved = stop.moved or (stop.lon, stop.lat) != (change.lon, change.lat)
        stop.lon, stop.lat = change.lon, change.lat
    if change.minutes is not None and not stop.required:
        stop.stay_s = change.minutes * 60
    if change.name is not None:
        stop.name = change.name


def _new_stop(session: Session, plan: PatrolPlan, change: StopChange, known: Any, where: str) -> PatrolStop:
    """Return a stop that the planner adds by hand, worth as much as the best one: they want it."""
    if change.lon is None or change.lat is None or patrols.get_stop(session, change.id) is not None:
        raise BadInputError("the plan has no such stop", problems=[Problem(where, "the plan has no such stop")])
    there = list(known)
    wanted = plan.wanted
    stay_s = (change.minutes or 14) * 60
    stop = PatrolStop(
        uuid=change.id,
        plan_id=plan.id,
        number=max((one.number for one in there), default=-1) + 1,
        kind="hand",
        key=f"hand:{change.id}",
        name=change.name or "",
        lon=change.lon,
        lat=change.lat,
        stay_s=stay_s,
        windows={"starts": [[wanted["from_s"], max(wanted["from_s"], wanted["to_s"] - stay_s)]]},
        prize=max((one.prize for one in there), default=1.0) or 1.0,
        pinned_team=None,
        dropped=False,
        moved=False,
        required=False,
    )
    session.add(stop)
    return stop
