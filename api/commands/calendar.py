"""The working calendar."""

from __future__ import annotations

from pathlib import Path

from api.commands.console import CityOption, Database, operator, out, ready_engine, settings_for


def calendar(file: Path, city_code: CityOption = None, database: Database = None) -> None:
    """Take the years of a working calendar from a file; open cases get their due moments anew."""
    from api.security.people import NOBODY
    from api.services.cases.calendar import read_years
    from api.services.cases.timing import set_work_year
    from api.store.engine import writing

    years = read_years(file)
    with writing(ready_engine(settings_for(database)), operator()) as session:
        for year, given in sorted(years.items()):
            said = set_work_year(session, NOBODY, city_code, year, given, None)
            off = sum(not day.working for day in given.days)
            confirmed = "confirmed" if given.confirmed else "to be confirmed"
            out.print(
                f"{year}: {off} days off, {len(given.days) - off} make-up days, {confirmed}; "
                f"{said['cases_moved']} open cases are due at another time"
            )
