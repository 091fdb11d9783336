"""The command ``campus``: each command reads its words, calls one service, and prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from api.errors import BadInputError, CampusError
from api.services.imports import ImportOptions, ImportRefusedError, ImportReport
from api.settings import Settings
from gis.errors import GisError

app = typer.Typer(
    help="Campus perimeter inspection: schools, perimeters, hazards, incidents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
grid = typer.Typer(help="Perimeters and their cells.", no_args_is_help=True, rich_markup_mode=None)
city = typer.Typer(help="Cities: the frame for everything else.", no_args_is_help=True, rich_markup_mode=None)
user = typer.Typer(help="People who can sign in.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(grid, name="grid")
app.add_typer(city, name="city")
app.add_typer(user, name="user")

out = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
err = Console(markup=False, emoji=False, stderr=True, highlight=False, soft_wrap=True)

Database = Annotated[
    str | None,
    typer.Option("--database", help="sqlite:///FILE or postgresql+psycopg://…; else CAMPUS_DATABASE_URL."),
]
CityOption = Annotated[str | None, typer.Option("--city", help="Code of the city, where there are several.")]
_PROBLEMS_SHOWN = 50


def settings_for(database: str | None) -> Settings:
    """Return the settings, with the database that was named."""
    settings = Settings()
    return settings if database is None else settings.model_copy(update={"database_url": database})


def ready_engine(settings: Settings) -> Engine:
    """Return an engine for a database that is of this program's version."""
    from api.store import migrate
    from api.store.engine import open_engine

    engine = open_engine(settings.resolved_database_url, settings.data)
    migrate.upgrade(engine)
    return engine


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something goes on."""
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        yield


@app.command(epilog="Example: campus serve --port 8000")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    database: Database = None,
) -> None:
    """Run the server; the database is created or upgraded first."""
    import uvicorn

    from api.app import create_app

    settings = settings_for(database)
    engine = ready_engine(settings)
    out.print(f"http://{host}:{port}")
    uvicorn.run(create_app(settings, engine), host=host, port=port, log_level="warning", timeout_graceful_shutdown=20)


@app.command(epilog="Example: campus demo --fresh")
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty embedded database.")] = False,
    database: Database = None,
) -> None:
    """Load the demonstration and print what is in it."""
    from api.services import demo as service
    from api.store.engine import writing

    settings = settings_for(database)
    if fresh:
        service.remove_embedded(settings)
    engine = ready_engine(settings)
    with working("loading the demonstration"), writing(engine) as session:
        lines = service.load(session, settings)
    for line in lines:
        out.print(line)


COLLECTIONS = "schools|gates|hazards|premises|incidents|cells|streets|places|districts|timetables|osm"


@app.command("import", epilog="Example: campus import hazards hazards.csv --crs gcj02 --map note=说明")
def import_(
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
    from api.services.cities import city_for_import
    from api.services.imports import import_file
    from api.services.imports.osm import import_osm
    from api.store.engine import writing

    settings = settings_for(database)
    options = ImportOptions(
        crs=crs, encoding=encoding, layer=layer, mapping=_mapping(mapping), keep_going=keep_going, dry_run=dry_run,
        actor=os.environ.get("USER", "command line"),
    )  # fmt: skip
    engine = ready_engine(settings)
    with working(f"importing {file.name}"), writing(engine) as session:
        target = city_for_import(session, city_code, settings)
        if what == "osm":
            reports = import_osm(session, target, file, options, settings)
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
    for problem in list(report.problems)[:_PROBLEMS_SHOWN]:
        where = "file" if problem.row is None else f"row {problem.row}"
        name = f" {problem.field}" if problem.field else ""
        console.print(f"  {where}{name}: {problem.severity}: {problem.detail}")
    if len(report.problems) > _PROBLEMS_SHOWN:
        console.print(f"  … and {len(report.problems) - _PROBLEMS_SHOWN} more")


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
    with working("building perimeters"), writing(engine) as session:
        known = find_school(session, school) if school else None
        if school and known is None:
            raise BadInputError(f"there is no school {school!r}, or more than one of that name")
        where = cities.get_city(session, city_code) if known is None else cities.city_of(session, known.city_id)
        report = build_grid(
            session, where, distance_m=distance, cell_m=cell, cut_out_campus=cut_out_campus,
            school_ids=None if known is None else [known.id],
        )  # fmt: skip
    out.print(
        f"{report.perimeters} perimeters in {report.cells} cells ({report.pieces} pieces); {report.hazards} hazards tied"
    )


@app.command(epilog="Example: campus check 120.2401 29.7123 --target internet_cafe --crs gcj02")
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
            out.print(f"{'':13} {result['line']}")
    out.print(answer["notice"])


@app.command(epilog="Example: campus screen --out leads.csv")
def screen(
    to: Annotated[Path | None, typer.Option("--out", help="FILE.csv or .xlsx; else the terminal.")] = None,
    language: str = "zh",
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Hold every premises against every rule: the list of leads."""
    from api.services.exports import write_table
    from api.services.screening import current_rules, leads_table, screen_city
    from api.store import cities
    from api.store.engine import reading

    settings = settings_for(database)
    language = "en" if language == "en" else "zh"
    with working("screening"), reading(ready_engine(settings)) as session:
        leads, names = screen_city(session, cities.get_city(session, city_code), settings)
        rules = {rule.rule_id: rule for rule in current_rules(session)}
    table = leads_table(leads, names, rules, language)
    if to is None:
        for row in table.head(_PROBLEMS_SHOWN).itertuples():
            out.print(f"{row.verdict:<13} {row.premises}: {row.sentence}")
    else:
        write_table(table, to)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in table["verdict"].value_counts().items())
    out.print(f"{len(table)} leads: {counts or 'none'}" + (f" → {to}" if to else ""))


@app.command(epilog="Example: campus heatmap --out heat.html --from 2026-09-01 --after-school --by-week")
def heatmap(
    to: Annotated[Path, typer.Option("--out", help="FILE.html")],
    first: Annotated[str | None, typer.Option("--from", help="First day, 2026-09-01.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day.")] = None,
    kinds: Annotated[list[str] | None, typer.Option("--type", help="Incident type; may be repeated.")] = None,
    after_school: Annotated[bool, typer.Option("--after-school", help="Only the hour around dismissal.")] = False,
    by_week: Annotated[bool, typer.Option("--by-week", help="With a slider over weekdays and hours.")] = False,
    language: str = "zh",
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Draw a Folium heat map as one file that opens with no network."""
    from api.services.heatmaps import HeatRequest, heatmap_page
    from api.store.engine import reading

    settings = settings_for(database)
    wanted = HeatRequest(
        first=_day(first), last=_day(last), kinds=tuple(kinds or ()), after_school=after_school, by_week=by_week,
        city=city_code,
    )  # fmt: skip
    with working("drawing"), reading(ready_engine(settings)) as session:
        page = heatmap_page(session, settings, wanted, language="en" if language == "en" else "zh", viewer="")
    to.write_text(page, encoding="utf-8")
    out.print(f"{to}: {len(page.encode()) / 1000:.0f} kB")


def _day(text: str | None) -> Any:
    import datetime as dt

    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"{text!r} is not a day; write it as 2026-09-01") from None


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
    with writing(ready_engine(settings)) as session:
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


@user.command("add", epilog="Example: campus user add lin --role inspector")
def add_user(
    name: str,
    role: Annotated[list[str], typer.Option(help="inspector, handler, dispatcher, police, … ; may be repeated.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    database: Database = None,
) -> None:
    """Add somebody who can sign in."""
    from api.security.people import add_person
    from api.store.engine import writing

    with writing(ready_engine(settings_for(database))) as session:
        add_person(session, name=name, password=password, roles=role)
    out.print(f"{name} added")


@user.command("password", epilog="Example: campus user password lin")
def change_password(
    name: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    database: Database = None,
) -> None:
    """Give somebody a new password; their tokens end."""
    from api.security.people import set_password
    from api.store.engine import writing

    with writing(ready_engine(settings_for(database))) as session:
        set_password(session, _known_person(session, name), password)
    out.print(f"the password of {name} is changed")


@user.command("disable", epilog="Example: campus user disable lin")
def disable_user(name: str, database: Database = None) -> None:
    """Keep somebody from signing in."""
    from api.store import people
    from api.store.engine import writing

    with writing(ready_engine(settings_for(database))) as session:
        person = _known_person(session, name)
        person.disabled = True
        people.remove_tokens(session, person.id)
    out.print(f"{name} is disabled")


@user.command("list", epilog="Example: campus user list")
def list_users(database: Database = None) -> None:
    """List who can sign in."""
    from api.store import people
    from api.store.engine import reading

    with reading(ready_engine(settings_for(database))) as session:
        for person, roles in people.all_people(session):
            out.print(f"{person.name:<16} {roles}{' (disabled)' if person.disabled else ''}")


def _known_person(session: Any, name: str) -> Any:
    from api.errors import NotFoundError
    from api.store import people

    person = people.get_person(session, name)
    if person is None:
        raise NotFoundError(f"there is nobody called {name!r}")
    return person


def main() -> None:
    """Run the command; what a person did wrong is one clear line, and exit code 2."""
    try:
        app()
    except ImportRefusedError as error:
        show_report(error.report, err)
        _stop(str(error))
    except (CampusError, GisError) as error:
        _stop(str(error))
    except OperationalError as error:
        _stop(f"the database cannot be used: {str(error.orig).strip().splitlines()[0]}")
    except OSError as error:
        _stop(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))


def _stop(line: str) -> None:
    err.print(f"campus: {line}")
    sys.exit(2)


if __name__ == "__main__":
    main()
