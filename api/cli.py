"""The command ``campus``: each command reads its words, calls one service, and prints."""

from __future__ import annotations

import sys

import typer

from api.commands import briefs, calendar, checks, evaluation, heatmap, hotspots, imports, operations, releases, serving
from api.commands.cities import city
from api.commands.console import err
from api.commands.exports import export
from api.commands.grids import grid
from api.commands.patrols import patrol
from api.commands.people import user
from api.errors import CampusError
from gis.errors import GisError

app = typer.Typer(
    help="Campus perimeter inspection: schools, perimeters, hazards, incidents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(epilog="Example: campus serve --port 8000")(serving.serve)
app.command(epilog="Example: campus work --once")(serving.work)
app.command(epilog="Example: campus demo --fresh")(serving.demo)
app.command("import", epilog="Example: campus import hazards hazards.csv --crs gcj02 --map note=说明")(
    imports.import_collection
)
app.add_typer(export, name="export")
app.add_typer(grid, name="grid")
app.command(epilog="Example: campus check 120.2401 29.7123 --target internet_cafe --crs gcj02")(checks.check)
app.command(epilog="Example: campus screen --out leads.csv")(checks.screen)
app.command(epilog="Example: campus heatmap --out heat.html --from 2026-09-01 --after-school --by-week")(
    heatmap.heatmap
)
app.command(epilog="Example: campus hotspots --out hot.geojson --after-school --weeks 13")(hotspots.hotspots)
app.command(epilog="Example: campus release --anew --city 330681")(releases.release)
app.command(epilog="Example: campus brief --week 2026-W47 --out brief.docx")(briefs.brief)
app.command(epilog="Example: campus evaluate incidents.csv --area city.geojson --test-weeks 26")(evaluation.evaluate)
app.command(epilog="Example: campus calendar holidays-2027.toml")(calendar.calendar)
app.add_typer(city, name="city")
app.add_typer(user, name="user")
app.add_typer(patrol, name="patrol")
app.command(epilog="Example: campus backup /backups/campus-2026-11-23.tar.gz")(operations.backup)
app.command(epilog="Example: campus restore /backups/campus-2026-11-23.tar.gz")(operations.restore)
app.command(epilog="Example: campus doctor")(operations.doctor)


def main() -> None:
    """Run the command; what a person did wrong is one clear line, and exit code 2."""
    try:
        app()
    except Exception as error:
        line = _in_one_line(error)
        if line is None:
            raise
        err.print(f"campus: {line}")
        sys.exit(2)


def _in_one_line(error: Exception) -> str | None:
    """Return what is wrong in one line; None for what is a fault of the program."""
    if isinstance(error, CampusError | GisError):
        report = getattr(error, "report", None)
        if report is not None:
            imports.show_report(report, err)
        return f"{error}{_option(error)}"
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    from sqlalchemy.exc import OperationalError  # loaded already where it can be one

    if isinstance(error, OperationalError):
        return f"the database cannot be used: {str(error.orig).strip().splitlines()[0]}"
    return None


def _option(error: CampusError | GisError) -> str:
    """Return the option that an error is about, where it says so as it does over HTTP: ``query.city`` is --city."""
    places = {problem.where for problem in error.problems} if isinstance(error, CampusError) else set()
    one = places.pop() if len(places) == 1 else ""
    return f" (--{one.removeprefix('query.')})" if one.startswith("query.") else ""


if __name__ == "__main__":
    main()
