"""Perimeters and their cells."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.console import CityOption, Database, group, operator, out, ready_engine, settings_for, working
from api.errors import BadInputError

grid = group("Perimeters and their cells.")


@grid.command("build", epilog="Example: campus grid build --distance 200 --cell 100")
def build(
    distance: Annotated[float | None, typer.Option(min=1, max=5000, help="Width of the zone, metres.")] = None,
    cell: Annotated[float | None, typer.Option(min=20, max=1000, help="Side of a cell, metres.")] = None,
    school: Annotated[str | None, typer.Option(help="One school: its UUID, identifier or name.")] = None,
    cut_out_campus: Annotated[bool, typer.Option("--cut-out-campus", help="Leave the campus out.")] = False,
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Build perimeters and cut them into the city's cells."""
    from api.services.grids import build_grid
    from api.store import cities
    from api.store.engine import writing
    from api.store.schools import find_school

    engine = ready_engine(settings_for(database))
    with working("building perimeters"), writing(engine, operator()) as session:
        named = cities.get_city(session, city_code) if city_code else None
        known = find_school(session, school, None if named is None else named.id) if school else None
        if school and known is None:
            raise BadInputError(f"there is no school {school!r}, or more than one of that name")
        where = named or (cities.get_city(session, None) if known is None else cities.city_of(session, known.city_id))
        report = build_grid(
            session, where, distance_m=distance, cell_m=cell, cut_out_campus=cut_out_campus,
            school_ids=None if known is None else [known.id],
        )  # fmt: skip
    out.print(
        f"{report.perimeters} perimeters in {report.cells} cells ({report.pieces} pieces); {report.hazards} hazards tied"
    )
