"""Cities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.console import Database, group, operator, out, ready_engine, settings_for

city = group("Cities: the frame for everything else.")


@city.command("add", epilog="Example: campus city add 330681 诸暨市 --area boundary.geojson --crs gcj02")
def add_city(
    code: str,
    name: str,
    name_en: str = "",
    time_zone: str = "Asia/Shanghai",
    area: Annotated[Path | None, typer.Option(help="Its boundary; points outside are refused.")] = None,
    crs: str | None = None,
    database: Database = None,
) -> None:
    """Add a city."""
    from api.services import cities as service
    from api.services.areas import read_area
    from api.store.engine import writing

    settings = settings_for(database)
    shape = None if area is None else read_area(area, crs)
    with writing(ready_engine(settings), operator()) as session:
        service.add_city(
            session, code=code, name=name, name_en=name_en, time_zone=time_zone, area=shape, settings=settings
        )
    out.print(f"city {code} {name} added")


@city.command("list", epilog="Example: campus city list")
def list_cities(database: Database = None) -> None:
    """List the cities."""
    from api.store import cities
    from api.store.engine import reading

    with reading(ready_engine(settings_for(database))) as session:
        for known in cities.all_cities(session):
            out.print(f"{known.code:<12} {known.name} ({known.time_zone}), cells of {known.cell_m:g} m")
