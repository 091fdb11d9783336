"""Plans between the database and the planner: what was wanted, the places, and what came of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from api.schemas.patrols import PlanIn
from api.services.patrols.candidates import Candidate
from api.services.patrols.planning import ByHand, PatrolPlan
from api.services.patrols.requests import PlanRequest, TeamWanted, seconds_of
from api.store.models import PatrolStop
from gis.patrols.plans import LeftOut

_SIMPLE_DEG = 0.00001  # a line on the map, about a metre
_BY_KIND = {"hot": "hot", "cell": "cell", "risk": "risk", "hazard": "hazard", "hand": "hand"}


def wanted_of(given: PlanIn) -> dict[str, Any]:
    """Return what is asked for, as it is kept."""

    def seconds(text: str | None) -> int | None:
        return None if text is None else seconds_of(text)

    return {
        "from_s": seconds_of(given.begins),
        "to_s": seconds_of(given.ends),
        "teams": [
            {
                "name": team.name, "mode": team.mode, "start": team.start, "end": team.end,
                "begins_s": seconds(team.begins), "ends_s": seconds(team.ends),
                "rest": None if team.rest is None else
                [team.rest.minutes * 60, seconds_of(team.rest.earliest), seconds_of(team.rest.latest)],
                "skills": sorted(set(team.skills)), "members": [str(one) for one in team.members],
            }
            for team in given.teams
        ],
        "sources": list(given.sources),
        "schools": [str(one) for one in given.schools],
        "district": given.district or "",
        "every_days": given.every_days,
        "pace": dict(given.pace),
        "seconds": given.seconds,
        "iterations": given.iterations,
        "seed": given.seed,
    }  # fmt: skip


def request_of(wanted: Mapping[str, Any], day: dt.date, city: str, *, exact: bool) -> PlanRequest:
    """Return what was asked for, for the planner."""
    return PlanRequest(
        day=day,
        teams=tuple(
            TeamWanted(
                name=team["name"],
                mode=team["mode"],
                start=_place(team["start"]),
                end=_place(team["end"]),
                begins_s=team["begins_s"],
                ends_s=team["ends_s"],
                rest=None if team["rest"] is None else (team["rest"][0], team["rest"][1], team["rest"][2]),
                skills=frozenset(team["skills"]),
            )
            for team in wanted["teams"]
        ),
        from_s=wanted["from_s"],
        to_s=wanted["to_s"],
        city=city,
        sources=frozenset(wanted["sources"]),
        schools=frozenset(uuid.UUID(one) for one in wanted["schools"]),
        district=wanted["district"],
        every_days=wanted["every_days"],
        exact=exact,
        pace=wanted["pace"],
    )


def asked_of(wanted: PlanRequest) -> dict[str, Any]:
    """Return a request as :func:`wanted_of` keeps it."""
    return {
        "from_s": wanted.from_s, "to_s": wanted.to_s, "sources": sorted(wanted.sources), "district": wanted.district,
        "schools": [str(one) for one in sorted(wanted.schools)], "every_days": wanted.every_days,
        "pace": dict(wanted.pace), "seconds": None, "iterations": None, "seed": None,
        "teams": [
            {"name": team.name, "mode": team.mode, "start": team.start, "end": team.end, "begins_s": team.begins_s,
             "ends_s": team.ends_s, "rest": team.rest, "skills": sorted(team.skills), "members": []}
            for team in wanted.teams
        ],
    }  # fmt: skip


def _place(given: Sequence[float] | None) -> tuple[float, float] | None:
    return None if given is None else (float(given[0]), float(given[1]))


def rows_of(found: Iterable[Candidate]) -> list[PatrolStop]:
    """Return places as they are kept; the plan they belong to is set by whoever keeps them."""
    return [
        PatrolStop(
            uuid=uuid.uuid4(), number=number, kind=one.kind, key=one.key[:64], name=one.name[:200],
            school=one.school[:400], school_id=one.school_id, hazard_id=one.hazard_id, post_id=one.post_id,
            lattice_column=None if one.cell is None else one.cell[0], lattice_row=None if one.cell is None else one.cell[1],
            lon=one.lon, lat=one.lat, stay_s=one.stay_s,
            windows={"starts": one.windows, "dismissals": one.dismissals, "until": one.until_s},
            prize=one.prize, required=one.required, skill=one.skill, assumed=one.assumed, overdue=one.overdue,
            dropped=False, moved=False, pinned_team=None, reason={},
        )
        for number, one in enumerate(found)
    ]  # fmt: skip


def candidate_of(row: PatrolStop) -> Candidate:
    """Return a place as it was kept."""
    cell = None if row.lattice_column is None or row.lattice_row is None else (row.lattice_column, row.lattice_row)
    return Candidate(
        row.kind, row.key, row.name, row.school, row.lon, row.lat, row.stay_s,
        tuple((first, last) for first, last in row.windows["starts"]), row.prize, row.required, row.skill, row.assumed,
        row.overdue, row.school_id, row.hazard_id, row.post_id, cell,
        tuple((grades, minute) for grades, minute in row.windows.get("dismissals", ())), row.windows.get("until"),
    )  # fmt: skip


def by_hand_of(rows: Sequence[PatrolStop]) -> ByHand:
    """Return what the planner decided, by the place of each stop in the sequence."""
    return ByHand(
        {at: row.pinned_team - 1 for at, row in enumerate(rows) if row.pinned_team is not None and not row.dropped},
        frozenset(at for at, row in enumerate(rows) if row.dropped),
    )


def fill(rows: Sequence[PatrolStop], made: PatrolPlan) -> None:
    """Write into the stops who stands there and when, or why nobody does."""
    for row in rows:
        row.team = row.place_in_route = row.arrives_s = row.starts_s = row.leaves_s = None
        row.reason = {}
    for route in made.plan.routes:
        order = 0
        for visit in route.visits:
            if visit.stop is None:
                continue
            order += 1
            row = rows[visit.stop]
            row.team, row.place_in_route = route.team + 1, order
            row.arrives_s, row.starts_s, row.leaves_s = visit.arrives_s, visit.starts_s, visit.leaves_s
            row.reason = {"why": _why_in(row), "detour_s": made.detours_s[visit.stop]}
    for left in made.plan.left_out:
        rows[left.stop].reason = _why_out(left)


def _why_in(row: PatrolStop) -> str:
    if row.required:
        return "post"
    if row.pinned_team is not None:
        return "pinned"
    if row.overdue:
        return "overdue"
    return _BY_KIND.get(row.kind, "dismissal")


def _why_out(left: LeftOut) -> dict[str, Any]:
    return {
        "why": left.reason.name.lower(),
        "must": left.must,
        "team": None if left.team is None else left.team + 1,
        "displaces": list(left.displaces),
        "late_s": left.least_extra_s,
    }


def outcome_of(made: PatrolPlan) -> dict[str, Any]:
    """Return what came of a plan, apart from its stops and routes."""
    inside = sum(len(route.stops) for route in made.plan.routes)
    whole = sum(one.prize for one in made.stops)
    optimal = made.plan.ended_by == "optimal"
    return {
        "stops": inside,
        "left_out": len(made.plan.left_out),
        "unmanned": len(made.plan.unmanned),
        "posts": sum(one.required for one in made.stops),
        "share": round(made.plan.prize / whole, 2) if whole else 0.0,
        "iterations": made.plan.iterations,
        "ended_by": made.plan.ended_by,
        "gap": 0.0 if optimal else None,  # where the search was not over all routes, no bound is known
        "warnings": list(made.warnings),
    }


def routes_of(made: PatrolPlan) -> dict[str, Any]:
    """Return the routes as they are kept: for drawing, and for the sheets."""
    teams = []
    for route, ways, start in zip(made.plan.routes, made.ways, made.starts, strict=True):
        lines = [shapely.get_coordinates(way.line) for way in ways if not way.line.is_empty]
        line = np.round(np.concatenate(lines), 6) if lines else np.empty((0, 2))
        if len(line) > 2:
            line = shapely.get_coordinates(shapely.simplify(shapely.LineString(line), _SIMPLE_DEG))
        rest = next((visit for visit in route.visits if visit.stop is None), None)
        teams.append(
            {
                "leaves_s": route.leaves_s, "returns_s": route.returns_s, "travel_s": route.travel_s,
                "length_m": round(sum(way.length_m for way in ways if np.isfinite(way.length_m))),
                "start": [round(v, 6) for v in start], "line": line.tolist(),
                "rest": None if rest is None else [rest.starts_s, rest.leaves_s],
                "estimated": any(way.estimated for way in ways),
            }
        )  # fmt: skip
    return {"teams": teams}
