"""The heat map as a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.commands.console import CityOption, Database, operator, out, ready_engine, settings_for, working
from api.errors import BadInputError

VIEWS = ("cells", "density", "side", "difference")


def heatmap(
    to: Annotated[Path, typer.Option("--out", help="FILE.html")],
    first: Annotated[str | None, typer.Option("--from", help="First day, 2026-09-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day.")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--type", help="Incident type; may be repeated.")] = None,
    after_school: Annotated[bool, typer.Option("--after-school", help="Only the hour around dismissal.")] = False,
    by_week: Annotated[bool, typer.Option("--by-week", help="With a slider over weekdays and hours.")] = False,
    view: Annotated[
        str, typer.Option("--view", help="cells, density, side (two periods side by side) or difference.")
    ] = "cells",
    bandwidth: Annotated[float, typer.Option("--bandwidth", help="Of the kernel of --view density, metres.")] = 150.0,
    versus_first: Annotated[str | None, typer.Option("--versus-from", help="First day of the other period.")] = None,
    versus_last: Annotated[str | None, typer.Option("--versus-to", help="Last day of the other period.")] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Exact counts, for the police alone; else released groups.")
    ] = False,
    language: str = "zh",
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Draw a Folium heat map as one file that opens with no network."""
    from api.services.heatmaps import heatmap_page
    from api.services.questions import Question
    from api.services.releases import release_if_due
    from api.services.surface_pages import Versus, comparison_page, density_page
    from api.store.engine import reading
    from api.store.models.base import now

    if view not in VIEWS:
        raise BadInputError(f"--view {view!r} must be one of {', '.join(VIEWS)}")
    begin, end = day_of(versus_first), day_of(versus_last)
    if view in {"side", "difference"} and (begin is None or end is None):
        raise BadInputError(f"--view {view} compares two periods: give --versus-from and --versus-to too")
    settings = settings_for(database)
    wanted = Question(
        first=day_of(first), last=day_of(last), kinds=tuple(kinds or ()), after_school=after_school, by_week=by_week,
        city=city_code,
    )  # fmt: skip
    engine = ready_engine(settings)
    with working("drawing"):
        if not exact:
            release_if_due(engine, settings, now())
        with reading(engine) as session:
            told: Any = {"language": "en" if language == "en" else "zh", "viewer": operator().person, "sealed": exact}
            if view == "density":
                page = density_page(session, settings, wanted, bandwidth, **told)
            elif begin is not None and end is not None and view != "cells":
                shown: Literal["side", "difference"] = "difference" if view == "difference" else "side"
                page = comparison_page(session, settings, wanted, Versus(begin, end), shown, **told)
            else:
                page = heatmap_page(session, settings, wanted, **told)
    to.write_text(page, encoding="utf-8")
    out.print(f"{to}: {len(page.encode()) / 1000:.0f} kB")


def day_of(text: str | None) -> dt.date | None:
    """Return the day that somebody typed."""
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{text!r} is not a day; write it as 2026-09-01") from None
