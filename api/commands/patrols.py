"""Patrol plans as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.console import CityOption, Database, out, ready_engine, settings_for, working
from api.commands.heatmap import day_of
from api.errors import BadInputError

patrol = typer.Typer(help="After-school patrols.", no_args_is_help=True)


def place_of(text: str | None) -> tuple[float, float] | None:
    """Return LON,LAT as numbers.

    Examples
    --------
    >>> place_of("120.24,29.71")
    (120.24, 29.71)
    """
    if text is None:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        lon, lat = 999.0, 999.0
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInputError(f"--depot: {text!r} is no place; write longitude and latitude, as 120.24,29.71")
    return lon, lat


@patrol.command(
    epilog="Example: campus patrol plan --date 2026-11-25 --teams 4 --from 15:30 --to 17:30 --out plan.html"
)
def plan(
    to: Annotated[Path, typer.Option("--out", help="FILE.geojson, FILE.gpx, FILE.ics or FILE.html")],
    date: Annotated[str, typer.Option("--date", help="The day, as 2026-11-25.")],
    teams: Annotated[int, typer.Option("--teams")],
    first: Annotated[str, typer.Option("--from", help="Beginning of duty, HH:MM.")],
    last: Annotated[str, typer.Option("--to", help="End of duty, HH:MM.")],
    depot: Annotated[str | None, typer.Option("--depot", help="LON,LAT; else teams begin at the best stops.")] = None,
    mode: Annotated[str, typer.Option("--mode", help="foot, bicycle or car")] = "foot",
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=600, help="How long to search.")] = 10.0,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="The same seed gives the same plan: not the clock ends the search."),
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="zh or en, for the sheets")] = "zh",
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Plan which team stands where and when after school; a sheet for each team with .html."""
    from api.schemas.patrols import SKILLS
    from api.services.patrols.files import KINDS, write_plan
    from api.services.patrols.planning import plan_day
    from api.services.patrols.requests import PlanRequest, TeamWanted, seconds_of
    from api.services.patrols.views import made_document
    from api.store.engine import reading

    kind = to.suffix.removeprefix(".").lower()
    if kind not in KINDS:
        raise BadInputError(f"--out: a plan is written as .geojson, .gpx, .ics or .html, not as {to.name!r}")
    day = day_of(date)
    if day is None:
        raise BadInputError("--date: name the day, as 2026-11-25")
    team = TeamWanted(mode=mode, start=place_of(depot), skills=frozenset(SKILLS))
    wanted = PlanRequest(day, (team,) * max(teams, 0), seconds_of(first), seconds_of(last), city_code, exact=True)
    settings = settings_for(database)
    with working("planning"), reading(ready_engine(settings)) as session:
        found = plan_day(session, settings, wanted, seconds=None if seed is not None else seconds, seed=seed)
    to.write_bytes(write_plan(made_document(found), kind, language))
    stops = sum(len(route.stops) for route in found.plan.routes)
    busy = sum(1 for route in found.plan.routes if route.visits)
    out.print(f"{to}: {busy} teams at {stops} stops, {len(found.plan.left_out)} left out")
    if found.plan.unmanned:
        out.print(f"  {len(found.plan.unmanned)} posts that must be manned are not")
    for warning in found.warnings:
        out.print(f"  {warning}", markup=False)
