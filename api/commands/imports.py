"""Bring files into the database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from api.commands.console import LINES_SHOWN, CityOption, Database, operator, out, ready_engine, settings_for, working
from api.errors import BadInputError

if TYPE_CHECKING:
    from api.services.imports import ImportReport

COLLECTIONS = "schools|gates|hazards|premises|facilities|facility_uses|pupils|incidents|cells|streets|buildings|places|districts|stall_areas|timetables|cases|osm"


def import_collection(
    what: Annotated[str, typer.Argument(metavar=COLLECTIONS)],
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    crs: Annotated[str | None, typer.Option(help="wgs84|cgcs2000|gcj02|bd09|EPSG:n of the file.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file; else it is found out.")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer or sheet of a file that has several.")] = None,
    mapping: Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Take the good rows of a bad file.")] = False,
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Import a file: all or nothing, and the same file twice changes nothing."""
    from api.services.cases.exchange import import_cases
    from api.services.cities import city_for_import
    from api.services.imports import ImportOptions, import_file
    from api.services.imports.osm import import_osm
    from api.store.engine import writing

    settings = settings_for(database)
    options = ImportOptions(
        crs=crs, encoding=encoding, layer=layer, mapping=_mapping(mapping), keep_going=keep_going, dry_run=dry_run,
        actor=os.environ.get("USER", "command line"),
    )  # fmt: skip
    engine = ready_engine(settings)
    with working(f"importing {file.name}"), writing(engine, operator()) as session:
        target = city_for_import(session, city_code, settings)
        if what == "osm":
            reports = import_osm(session, target, file, options, settings)
        elif what == "cases":
            reports = [import_cases(session, target, file, options, settings)]
        else:
            reports = [import_file(session, target, what, file, options, settings)]
        if dry_run:
            session.rollback()
    for report in reports:
        show_report(report)


def _mapping(entries: list[str] | None) -> dict[str, str]:
    pairs = {}
    for entry in entries or []:
        name, separator, column = entry.partition("=")
        if not separator or not name or not column:
            raise BadInputError(f"--map {entry!r} must be FIELD=COLUMN, such as --map note=说明")
        pairs[name.strip()] = column.strip()
    return pairs


def show_report(report: ImportReport, console: Console = out) -> None:
    """Print what came of an import."""
    would = "would be " if report.dry_run else ""
    console.print(
        f"{report.file} → {report.collection}: {report.read} rows read, {would}{report.written} written, "
        f"{report.updated} updated, {report.unchanged} unchanged, {report.refused} refused"
    )
    for problem in list(report.problems)[:LINES_SHOWN]:
        where = "file" if problem.row is None else f"row {problem.row}"
        name = f" {problem.field}" if problem.field else ""
        console.print(f"  {where}{name}: {problem.severity}: {problem.detail}")
    if len(report.problems) > LINES_SHOWN:
        console.print(f"  … and {len(report.problems) - LINES_SHOWN} more")
