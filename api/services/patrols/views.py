"""Plans as they are shown: stops and routes as GeoJSON, without a number that counts incidents.

What a stop is worth follows from incidents near it. It is shown as high, middle or low to those who may know: the
police, or everybody where only released groups were counted, which the heat map shows to everybody too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.schemas import geojson
from api.security.people import Actor
from api.services.patrols.kept import asked_of, fill, outcome_of, routes_of, rows_of
from api.services.patrols.planning import PatrolPlan
from api.services.patrols.requests import clock
from api.store import cities, patrols
from api.store.models import PatrolPlan as PlanRecord
from api.store.models import PatrolStop

_RANKS = ((0.2, "high"), (0.5, "middle"))
_ORDINARY = ("from_s", "to_s", "sources", "district", "schools", "every_days", "pace", "seconds", "iterations", "seed")


def priorities(stops: Sequence[PatrolStop]) -> list[str]:
    """Return ``high``, ``middle`` or ``low`` for each stop, by rank: the prize itself counts incidents."""
    order = np.argsort([-one.prize for one in stops], kind="stable")
    out = ["low"] * len(stops)
    for rank, at in enumerate(order):
        out[int(at)] = next((name for share, name in _RANKS if rank < share * len(stops)), "low")
    return out


def summary(session: Session, plan: PlanRecord) -> dict[str, Any]:
    """Return a plan in a line of a list."""
    city = cities.city_of(session, plan.city_id)
    outcome = plan.outcome
    return {
        "id": str(plan.uuid),
        "city": city.code,
        "day": plan.day.isoformat(),
        "name": plan.name,
        "state": plan.state,
        "teams": len(plan.wanted["teams"]),
        "stops": outcome.get("stops"),
        "unmanned": outcome.get("unmanned"),
        "version": plan.version,
        "created_at": plan.created_at.isoformat(),
    }


def plan_document(
    session: Session, actor: Actor, plan: PlanRecord, *, only: Collection[int] | None = None
) -> dict[str, Any]:
    """Return a plan with its stops and routes; ``only``: what concerns these teams."""
    rows = patrols.stops_of(session, plan.id)
    run = patrols.run_of(session, plan.id)
    city = cities.city_of(session, plan.city_id)
    routes = {} if run is None else run.routes
    ranks = plan.basis == "groups" or "police" in actor.roles
    document = _document(plan.wanted, rows, routes, ranks=ranks, only=only)
    progress = None
    if plan.state == "planning" and run is not None:
        best = run.best.get("teams", [])
        progress = {
            "done": round(run.done, 3),
            "iterations": run.iterations,
            "manned": run.best.get("manned", 0),
            "stops": sum(map(len, best)),
            "teams": [[str(rows[at].uuid) for at in own if at < len(rows)] for own in best] if only is None else [],
            "heard_at": run.at.isoformat(),
        }
    return document | summary(session, plan) | {
        "city_name": city.name,
        "time_zone": city.time_zone,
        "basis": plan.basis,
        "wanted": {name: plan.wanted.get(name) for name in _ORDINARY},
        "team_list": _teams(plan.wanted, routes, only),
        "outcome": plan.outcome if only is None else {},
        "warnings": plan.outcome.get("warnings", []),
        "problem": plan.problem,
        "progress": progress,
        "published_at": None if plan.published_at is None else plan.published_at.isoformat(),
    }  # fmt: skip


def made_document(made: PatrolPlan) -> dict[str, Any]:
    """Return a plan that is kept nowhere, as :func:`plan_document` does."""
    wanted = asked_of(made.wanted)
    rows = rows_of(made.stops)
    fill(rows, made)
    routes = routes_of(made)
    return _document(wanted, rows, routes, ranks=True, only=None) | {
        "id": None, "day": made.wanted.day.isoformat(), "city": made.wanted.city, "city_name": made.city, "name": "",
        "state": "ready", "time_zone": made.time_zone, "wanted": {name: wanted.get(name) for name in _ORDINARY},
        "team_list": _teams(wanted, routes, None), "outcome": outcome_of(made), "warnings": list(made.warnings),
    }  # fmt: skip


def _teams(wanted: Mapping[str, Any], routes: Mapping[str, Any], only: Collection[int] | None) -> list[dict[str, Any]]:
    known: Sequence[Mapping[str, Any]] = routes.get("teams", ())
    out = []
    for number, team in enumerate(wanted["teams"], 1):
        if only is not None and number not in only:
            continue
        begins = wanted["from_s"] if team["begins_s"] is None else team["begins_s"]
        ends = wanted["to_s"] if team["ends_s"] is None else team["ends_s"]
        said: dict[str, Any] = {
            "number": number, "name": team["name"], "mode": team["mode"], "skills": team["skills"],
            "members": team.get("members", []), "begins": clock(begins), "ends": clock(ends), "wanted_start": team["start"],
        }  # fmt: skip
        if number <= len(known):
            route = known[number - 1]
            said |= {
                "leaves": clock(route["leaves_s"]), "returns": clock(route["returns_s"]),
                "travel_min": round(route["travel_s"] / 60), "length_m": route["length_m"], "start": route["start"],
                "rest": None if route["rest"] is None else [clock(one) for one in route["rest"]],
                "estimated": route["estimated"],
            }  # fmt: skip
        out.append(said)
    return out


def _document(
    wanted: Mapping[str, Any],
    rows: Sequence[PatrolStop],
    routes: Mapping[str, Any],
    *,
    ranks: bool,
    only: Collection[int] | None,
) -> dict[str, Any]:
    rank = priorities(rows)
    shown = [(at, row) for at, row in enumerate(rows) if only is None or row.team in only]
    identities: list[str] = [str(row.uuid) for _, row in shown]
    shapes: list[Any] = [shapely.Point(row.lon, row.lat) for _, row in shown]
    properties = [_stop(row, rows, rank[at] if ranks else None) for at, row in shown]
    for number, route in enumerate(routes.get("teams", ()), 1):
        if len(route["line"]) > 1 and (only is None or number in only):
            identities.append(f"route-{number}")
            shapes.append(shapely.LineString(route["line"]))
            properties.append(
                {"is": "route", "team": number, "leaves": clock(route["leaves_s"]), "returns": clock(route["returns_s"]),
                 "length_m": route["length_m"], "travel_min": round(route["travel_s"] / 60)}
            )  # fmt: skip
    return geojson.features(identities, np.array(shapes, dtype=object), properties)


def _stop(row: PatrolStop, rows: Sequence[PatrolStop], priority: str | None) -> dict[str, Any]:
    reason = dict(row.reason)
    if "displaces" in reason:  # who would have to go compares prizes: only for those who may know them
        names = [_name(rows[at]) for at in reason["displaces"] if at < len(rows)]
        reason["displaces"] = names if priority is not None else []
    return {
        "is": "stop" if row.team is not None else "left out",
        "number": row.number,
        "kind": row.kind,
        "name": row.name,
        "school": row.school,
        "team": row.team,
        "order": row.place_in_route,
        "arrives": None if row.arrives_s is None else clock(row.arrives_s),
        "starts": None if row.starts_s is None else clock(row.starts_s),
        "leaves": None if row.leaves_s is None else clock(row.leaves_s),
        "minutes": round(row.stay_s / 60),
        "windows": [[clock(first), clock(last + row.stay_s)] for first, last in row.windows["starts"]],
        "dismissals": [
            {"grades": grades, "at": clock(minute * 60)} for grades, minute in row.windows.get("dismissals", ())
        ],
        "assumed_dismissal": row.assumed,
        "overdue": row.overdue,
        "required": row.required,
        "skill": row.skill,
        "pinned": row.pinned_team,
        "dropped": row.dropped,
        "moved": row.moved,
        "reason": reason,
    } | ({} if priority is None else {"priority": priority})


def _name(row: PatrolStop) -> str:
    return f"{row.school} {row.name}".strip()
