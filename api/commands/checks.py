"""Places and premises against the distance rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.commands.console import LINES_SHOWN, CityOption, Database, out, ready_engine, settings_for, working


def check(
    lon: float,
    lat: float,
    target: Annotated[str, typer.Option(help="A premises category, such as internet_cafe or 网吧.")],
    crs: str = "wgs84",
    error: Annotated[float | None, typer.Option(min=0, help="How far off the place may be, metres.")] = None,
    language: str = "zh",
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Hold one place against the distance rules, with the evidence."""
    from api.services.screening import check_place
    from api.store.engine import reading

    settings = settings_for(database)
    language = "en" if language == "en" else "zh"
    with reading(ready_engine(settings)) as session:
        answer = check_place(
            session, settings, lon=lon, lat=lat, target=target, source_crs=crs, position_error_m=error,
            city_code=city_code, language=language,
        )  # fmt: skip
    for result in answer["results"]:
        out.print(f"{result['verdict']:<13} {result['sentence']}")
        if result["line"] is not None:
            out.print(f"{'':13} {json.dumps(result['line'])}")
    out.print(answer["notice"])


def screen(
    to: Annotated[Path | None, typer.Option("--out", help="FILE.csv or .xlsx; else the terminal.")] = None,
    language: str = "zh",
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Hold every premises against every rule: the list of leads."""
    from api.services.cities import today
    from api.services.exports import write_table
    from api.services.screening import current_rules, leads_table, screen_city
    from api.store import cities
    from api.store.engine import reading
    from gis.rules import rules_at

    settings = settings_for(database)
    language = "en" if language == "en" else "zh"
    with working("screening"), reading(ready_engine(settings)) as session:
        city = cities.get_city(session, city_code)
        leads, names = screen_city(session, city, settings)
        rules = {rule.rule_id: rule for rule in rules_at(current_rules(session), today(city))}
    table = leads_table(leads, names, rules, language)
    if to is None:
        for row in table.head(LINES_SHOWN).itertuples():
            out.print(f"{row.verdict:<13} {row.premises}: {row.sentence}")
    else:
        write_table(table, to)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in table["verdict"].value_counts().items())
    out.print(f"{len(table)} leads: {counts or 'none'}" + (f" → {to}" if to else ""))
