"""Groups of incidents that may be shown to everybody."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.console import CityOption, Database, operator, out, ready_engine, settings_for, working


def release(
    anew: Annotated[
        bool, typer.Option("--anew", help="Take all groups back first, and make them by today's school time.")
    ] = False,
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Gather the incidents of weeks that are over into groups that may be shown to everybody.

    The server does so by itself once a week. With --anew all groups are made anew, for a city whose timetables and
    calendar came after its incidents: do it once, before the map is public. Whoever kept the answers of before could
    read single incidents off the difference.
    """
    from api.services.cities import today
    from api.services.releases import release_anew, release_incidents
    from api.store import cities
    from api.store.engine import writing

    settings = settings_for(database)
    engine = ready_engine(settings)
    with working("gathering incidents"), writing(engine, operator()) as session:
        city = cities.get_city(session, city_code)
        gather = release_anew if anew else release_incidents
        found = gather(session, city, settings, today(city))
    out.print(f"{city.name}: {found} incidents are in new groups")
