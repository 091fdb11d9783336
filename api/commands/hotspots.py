"""Hot spots as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from api.commands.console import CityOption, Database, out, ready_engine, settings_for, working
from api.commands.heatmap import day_of
from api.errors import BadInputError

METHODS = ("gi", "kde", "moran")


def hotspots(
    to: Annotated[Path, typer.Option("--out", help="FILE.geojson")],
    first: Annotated[str | None, typer.Option("--from", help="First day; else so many weeks before the last.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day; else today.")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--type", help="Incident type; may be repeated.")] = None,
    after_school: Annotated[bool, typer.Option("--after-school", help="Only the hour around dismissal.")] = False,
    weeks: Annotated[int, typer.Option(min=1, max=520)] = 13,
    method: Annotated[
        str, typer.Option("--method", help="gi: Gi*; kde: Gi* of a kernel density; moran: local Moran's I.")
    ] = "gi",
    exact: Annotated[
        bool, typer.Option("--exact", help="Exact counts, for the police alone; else released groups.")
    ] = False,
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Find the cells around schools that are hot or cold, with their significance."""
    import orjson

    from api.services.hotspots import hot_spots
    from api.services.questions import Question, day_asked_from
    from api.services.releases import release_if_due
    from api.store.engine import reading
    from api.store.models.base import now

    if method not in METHODS:
        raise BadInputError(f"--method {method!r} must be one of {', '.join(METHODS)}")
    chosen: Literal["gi", "kde", "moran"] = "kde" if method == "kde" else "moran" if method == "moran" else "gi"
    settings = settings_for(database)
    wanted = Question(
        first=day_of(first), last=day_of(last), kinds=tuple(kinds or ()), after_school=after_school, city=city_code
    )
    engine = ready_engine(settings)
    with working("looking for hot spots"):
        if not exact:
            release_if_due(engine, settings, now())
        with reading(engine) as session:
            document = hot_spots(
                session,
                settings,
                wanted,
                weeks=weeks,
                today=day_asked_from(session, city_code, now()),
                sealed=exact,
                method=chosen,
            )
    to.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    found = [feature["properties"] for feature in document["features"]]
    hot, cold = (sum(1 for one in found if one["class"] * sign > 0) for sign in (1, -1))
    out.print(f"{to}: {hot} hot and {cold} cold cells of {document['cells']}, {document['weeks']} weeks")
    said: set[str] = set()
    for one in sorted((one for one in found if one["class"] > 0), key=lambda one: (one["q"], -one["z"])):
        around = one["schools"][0] if one["schools"] else one["code"]
        if around not in said:  # neighbouring cells of one spot say the same
            said.add(around)
            out.print(f"  {one['sentence_en']}", markup=False, soft_wrap=True)
    if "reason_en" in document:
        out.print(f"  no answer: {document['reason_en']}")
