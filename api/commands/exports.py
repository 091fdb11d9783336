"""Records into files for other systems."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.commands.console import CityOption, Database, operator, out, ready_engine, settings_for, working
from api.errors import BadInputError

export = typer.Typer(help="Write records into files.", no_args_is_help=True)


@export.command("cases", epilog="Example: campus export cases --out cases.xlsx --from 2026-11-01 --to 2026-11-30")
def export_cases(
    to: Annotated[Path, typer.Option("--out", help="FILE.csv or .xlsx.")],
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Received on this day or later.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Received on this day or earlier.")] = None,
    language: str = "zh",
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Write the cases of a city as rows, drafts apart; campus import cases reads the same layout."""
    from api.services.cases.exchange import export_cases as rows_of
    from api.services.exports import write_table
    from api.store.engine import writing

    chosen: Literal["zh", "en"] = "en" if language == "en" else "zh"
    days = [_day(name, text) for name, text in (("--from", first), ("--to", last))]
    engine = ready_engine(settings_for(database))
    with working("exporting cases"), writing(engine, operator()) as session:
        table = rows_of(session, city_code, chosen, *days)
        write_table(table, to)
    out.print(f"{len(table)} cases → {to}")


def _day(name: str, text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{name}: {text!r} is not a day; write it as 2026-09-01") from None
