"""Heat maps of incidents, as pages; what is counted is in ``api.services.cellcounts``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas
import pandas as pd
from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.services.cellcounts import counted_days, counts_of
from api.services.memory import Answers
from api.services.questions import NOTHING_KNOWN, Question, wanted_city
from api.settings import Settings
from api.store import atlas, cities, grids, ground, hazards, incidents, schools
from api.store.models import City
from api.store.models.base import now
from api.store.spatial import to_shapes
from api.vocabulary import vocabulary
from gis.maps.heatmap import HeatmapSpec, Tiles
from gis.maps.heatmap import heatmap_page as draw
from gis.maps.surface import Ground
from gis.maps.text import Text
from web import FOLDER

_MOST_HAZARDS = 2_000
_MOST_CITIES = 8
_MADE_UP = Text("演示数据：时间、隐患等系虚构", "Demonstration: times, hazards and more are made up")


def heatmap_page(
    session: Session,
    settings: Settings,
    wanted: Question,
    *,
    language: str,
    viewer: str,
    sealed: bool,
    of_inspector: int | None = None,
) -> str:
    """Return the heat map of a city's incidents as one page; see ``gis.maps.heatmap``.

    ``sealed`` is for those who may see the sealed layer: exact counts, of which the page hides what is below k;
    ``of_inspector`` limits the hazards beside them to those of an inspector.
    """
    city = wanted_city(session, wanted.city)
    lattice = cities.lattice_of(city)
    if lattice is None:
        raise NotFoundError(NOTHING_KNOWN)
    counts = counts_of(session, city, lattice, settings, wanted, sealed=sealed)
    days = counted_days(session, city, wanted, counts.period, sealed=sealed)
    around = _around(session, city)
    spec = HeatmapSpec(
        cells=counts.cells,
        slices=counts.slices,
        k=settings.k_anonymity,
        groups=None if sealed else counts.shown,
        released_until=city.incidents_released_until,
        title=Text(f"{city.name}：{title_of('zh', wanted)}", f"{city.name_en or city.name}: {title_of('en', wanted)}"),
        period=f"{days.first} – {days.last}" if days.first else "",
        school_days=days.school_days or None,
        school_days_by_weekday=days.by_weekday or None,
        school_days_until=days.until,
        perimeters=around.perimeters,
        schools=around.schools,
        gates=around.gates,
        hazards=_hazards(session, city, of_inspector),
        streets=around.streets,
        tiles=Tiles(settings.tiles_url, settings.tiles_attribution) if settings.tiles_url else None,
        watermark=_watermark(city, viewer),
        credit=around.credit,
        notice=_MADE_UP if incidents.any_invented(session, city) else None,
        language=language,
    )
    return draw(spec, browser_libraries())


def ground_of(session: Session, city: City, *, language: str, viewer: str) -> Ground:
    """Return what lies under the cells of a page: perimeters, schools, gates and streets; and who made it."""
    around = _around(session, city)
    return Ground(
        perimeters=around.perimeters,
        schools=around.schools,
        gates=around.gates,
        streets=around.streets,
        watermark=_watermark(city, viewer),
        credit=around.credit,
        notice=_MADE_UP if incidents.any_invented(session, city) else None,
        language=language,
    )


@dataclass(frozen=True, eq=False)
class _Around:
    """What lies around the schools of a city, the same on every page."""

    perimeters: geopandas.GeoDataFrame | None
    schools: geopandas.GeoDataFrame | None
    gates: geopandas.GeoDataFrame | None
    streets: geopandas.GeoDataFrame | None
    credit: str


_lasting = Answers(most=_MOST_CITIES)


def _around(session: Session, city: City) -> _Around:
    """Return what lies around the schools; it is read anew only when schools, gates, perimeters or streets change."""

    def read() -> _Around:
        return _Around(
            perimeters=_perimeters(session, city),
            schools=_schools(session, city),
            gates=_gates(session, city),
            streets=_streets(session, city, atlas.campus_bounds(session, city)),
            credit="© OpenStreetMap contributors" if atlas.any_from_osm(session, city) else "",
        )

    database = str(session.get_bind().engine.url)
    return _lasting.of((database, city.uuid, grids.area_version(session, city), ground.version(session)), read)


def title_of(language: str, wanted: Question) -> str:
    """Return what a page is of."""
    if language == "zh":
        return "放学时段事件热力图" if wanted.after_school else "事件热力图"
    return "incidents after school" if wanted.after_school else "incidents"


def _watermark(city: City, viewer: str) -> str:
    moment = now().astimezone(ZoneInfo(city.time_zone)).strftime("%Y-%m-%d %H:%M")
    return f"{viewer} {moment}".strip()


def _frame(table: pd.DataFrame, column: str) -> geopandas.GeoDataFrame | None:
    if table.empty:
        return None
    return geopandas.GeoDataFrame(table.drop(columns=column), geometry=list(table[column]), crs="EPSG:4326")


def _perimeters(session: Session, city: City) -> geopandas.GeoDataFrame | None:
    table = grids.perimeters_frame(session, city)
    table["name"] = table["school_name"]
    return _frame(table[["name", "distance_m", "invented", "zone"]], "zone")


def _schools(session: Session, city: City) -> geopandas.GeoDataFrame | None:
    known = schools.schools_frame(session, city).set_index("id")
    campuses = schools.campuses_frame(session, city)
    if campuses.empty:
        return None
    owner = known.loc[campuses["school_id"]]
    words = vocabulary().stages
    table = pd.DataFrame(
        {
            "name": owner["name"].to_numpy(),
            "stage": [
                Text("、".join(words[s].zh for s in stages), ", ".join(words[s].en for s in stages))
                for stages in owner["stages"]
            ],
            "invented": owner["invented"].to_numpy(),
            "boundary": campuses["boundary"].to_numpy(),
        }
    )
    return _frame(table, "boundary")


def _gates(session: Session, city: City) -> geopandas.GeoDataFrame | None:
    table = schools.gates_frame(session, city)
    if table.empty:
        return None
    names = schools.schools_frame(session, city).set_index("id")["name"]
    table["school"] = names.loc[table["school_id"]].to_numpy()
    return _frame(table[["name", "school", "invented", "location"]], "location")


def _hazards(session: Session, city: City, of_inspector: int | None) -> geopandas.GeoDataFrame | None:
    rows = hazards.hazards_page(session, city=city, statuses=["open"], of_inspector=of_inspector, limit=_MOST_HAZARDS)
    if not rows:
        return None
    words = vocabulary()
    records = []
    for hazard, _code, _source in rows:
        category = words.hazard_categories[hazard.category]
        subtype = category.subtypes.get(hazard.subtype)
        status = words.hazard_statuses[hazard.status]
        records.append(
            {
                "name": hazard.name,
                "category": hazard.category,
                "subtype": None if subtype is None else Text(subtype.zh, subtype.en),
                "severity": hazard.severity,
                "status": Text(status.zh, status.en),
                "detail": hazard.note[:200],
                "invented": hazard.invented,
            }
        )
    table = pd.DataFrame(records)
    table["location"] = to_shapes(hazard.location for hazard, _c, _s in rows)
    return _frame(table, "location")


def _streets(session: Session, city: City, box: Any) -> geopandas.GeoDataFrame | None:
    """Return the streets around the schools: those further away are no base for anything."""
    if box is None:
        return None
    west, south, east, north = box
    rows = atlas.streets_of_city(session, city, (west - 0.02, south - 0.02, east + 0.02, north + 0.02))
    if not rows:
        return None
    table = pd.DataFrame({"highway": [r.highway for r in rows], "name": [r.name for r in rows]})
    table["line"] = to_shapes(r.line for r in rows)
    return _frame(table, "line")


@lru_cache(maxsize=1)
def browser_libraries(folder: Path = FOLDER / "static" / "vendor") -> dict[str, str]:
    """Return the texts of the browser libraries by their path, for pages that carry them inside.

    Raises
    ------
    NotFoundError
        Where they are not installed.
    """
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.suffix in {".js", ".css"}
    }
    if not any(name.endswith("leaflet.js") for name in found):
        raise NotFoundError("the browser libraries are not installed; run: python -m web.vendor")
    return found
