"""The demonstration: a district of Tempe on real data, and Zhuji with everything on the map made up."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.services.demo.cases import add_cases
from api.services.demo.exchange import add_exchange
from api.services.demo.meetings import add_meetings
from api.services.demo.people import add_people
from api.services.demo.posts import add_posts
from api.settings import Settings
from api.store import cities, counts

ZHUJI, TEMPE = "330681", "TEMPE"


def remove_embedded(settings: Settings) -> None:
    """Take the embedded database away; another database is never emptied from here."""
    if settings.database_url is not None:
        raise BadInputError("--fresh empties the embedded database only; empty the other one yourself")
    for suffix in ("", "-wal", "-shm"):
        (settings.data / f"campus.sqlite{suffix}").unlink(missing_ok=True)


def load(session: Session, settings: Settings) -> list[str]:
    """Load what is not there yet, by the import that everybody uses, and say what there is."""
    known = {city.code for city in cities.all_cities(session)}
    if not {ZHUJI, TEMPE} <= known:
        _load_cities(session, settings, known)
    signs = add_people(session)
    add_cases(session, settings)
    add_exchange(session)
    add_posts(session)
    add_meetings(session, settings)
    return [*_summary(session), *signs]


def _load_cities(session: Session, settings: Settings, known: set[str]) -> None:
    from api.services.demo import tempe, zhuji  # what they need takes seconds to load, and most starts need none of it

    with TemporaryDirectory() as folder:
        if ZHUJI not in known:
            zhuji.load(session, settings, Path(folder))
        if TEMPE not in known:
            tempe.load(session, settings, Path(folder))


def _summary(session: Session) -> list[str]:
    lines = []
    for city in cities.all_cities(session):
        parts = ", ".join(f"{count} {name}" for name, count in counts.by_collection(session, city).items() if count)
        lines.append(f"{city.name} ({city.name_en or city.code}): {parts}")
    return lines
