"""Premises against the distance rules: leads (疑似线索), never findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError, Problem
from api.services.cities import today
from api.settings import Settings
from api.store import atlas, cities, screening
from api.store.models import City
from api.store.spatial import to_shape
from api.vocabulary import find_code, vocabulary
from gis import crs, rules
from gis.geodesic import pairs_of_places
from gis.rules import SchoolSet

_BEYOND_M = 2_000.0  # what is just across the boundary is still reported
_BEYOND_SCHOOLS_M = 50_000.0
BUILDING_ERROR_M = 30.0  # how far the wall may lie outside a building that stands for the campus


def current_rules(session: Session) -> tuple[rules.Rule, ...]:
    """Return every version of the rules: of the table that the software comes with, and what administrators set."""
    table = {(rule.rule_id, rule.version): rule for rule in rules.load_rules()}
    table |= {(row["rule_id"], row["version"]): rules.rule_of(row) for row in screening.kept_rules(session)}
    return tuple(table.values())


def city_at(session: Session, lon: float, lat: float, code: str | None = None) -> City:
    """Return the city of a place: the one named, else the one whose area or schools are nearest."""
    known = cities.all_cities(session)
    if code is not None or len(known) <= 1:
        return cities.get_city(session, code)
    nearest = screening.nearest_city(session, lon, lat)
    if nearest is None:
        raise NotFoundError("there is no school yet; import some: campus import schools FILE")
    return nearest


def city_of_report(session: Session, lon: float, lat: float) -> City:
    """Return the city that something reported at a place belongs to.

    Raises
    ------
    BadInputError
        For 0, 0, and far outside the city's area, or very far from its schools where that is not known.
    NotFoundError
        Where there are several cities and no school.
    """
    city = city_at(session, lon, lat)
    require_near(session, city, lon, lat)
    return city


def require_near(session: Session, city: City, lon: float, lat: float) -> None:
    """Refuse a place at 0, 0, or far outside a city."""
    if lon == lat == 0 or _is_far_outside(session, city, lon, lat):
        what = "the place lies far outside the city's area; is longitude given before latitude?"
        raise BadInputError(what, problems=[Problem("body.lon", what)])


def _is_far_outside(session: Session, city: City, lon: float, lat: float) -> bool:
    """Return whether a place lies far outside a city's area, or very far from its schools where that is not known."""
    if city.area is not None:
        return not _is_within(lon, lat, to_shape(city.area), _BEYOND_M)
    bounds = atlas.campus_bounds(session, city)
    return bounds is not None and not _is_within(lon, lat, shapely.box(*bounds), _BEYOND_SCHOOLS_M)


def _is_within(lon: float, lat: float, area: shapely.Geometry, limit_m: float) -> bool:
    """Return whether a place lies in an area, or within so many metres of it."""
    inside = shapely.intersects_xy(area, lon, lat)  # told at once, where a boundary may have many thousand corners
    return bool(inside) or len(pairs_of_places(np.array([lon]), np.array([lat]), np.array([area]), limit_m)) > 0


def check_place(
    session: Session,
    settings: Settings,
    *,
    lon: float,
    lat: float,
    target: str,
    source_crs: str = "wgs84",
    position_error_m: float | None = None,
    city_code: str | None = None,
    language: str = "zh",
) -> dict[str, Any]:
    """Hold one place against every rule of a target, with the evidence.

    Parameters
    ----------
    lon, lat
        The place, in ``source_crs``.
    target
        A premises category, as a code or a word of the vocabulary.
    position_error_m
        How far off the place may be, metres; None: the setting.

    Returns
    -------
    dict
        ``place``, ``results`` (each with verdict, distances, measured line, legal basis and a sentence), ``notice``.
    """
    code = find_code(vocabulary().premises_categories, target)
    if code is None:
        raise BadInputError(
            f"the target {target[:60]!r} is not known; use one of {', '.join(vocabulary().premises_categories)}"
        )
    x, y = crs.to_wgs84(np.array([lon]), np.array([lat]), source_crs)
    city = city_at(session, float(x[0]), float(y[0]), city_code)
    error_m = settings.position_error_m if position_error_m is None else position_error_m
    school_set, names = _school_set(session, city, settings)
    table = current_rules(session)
    places = pd.DataFrame(
        {
            "id": [0],
            "lon": x,
            "lat": y,
            "categories": [[code]],
            "position_error_m": [error_m],
            "licensed_from": [None],
            "licence_expires": [None],
        }
    )
    found: Any = rules.check(
        places, school_set, table, on=today(city), township_areas=screening.township_areas(session, city)
    )
    by_id = {rule.rule_id: rule for rule in rules.rules_at(table, today(city))}
    return {
        "place": {"lon": float(x[0]), "lat": float(y[0]), "target": code, "position_error_m": error_m},
        "point": [float(x[0]), float(y[0])],
        "results": [_result(row, by_id[row.rule_id], names, language) for row in found.itertuples()],
        "notice": rules.LEAD_NOTICE[language],
    }


def _result(row: Any, rule: rules.Rule, names: pd.DataFrame, language: str) -> dict[str, Any]:
    known = row.school is not None and int(row.school) >= 0
    school = names.iloc[int(row.school)] if known else None
    name = None if school is None else str(school["name"])
    return {
        "rule_id": row.rule_id,
        "version": rule.version,
        "title": rule.title(language),
        "target": rule.target,
        "verdict": row.verdict,
        "school": None if school is None else {"uuid": str(school["uuid"]), "name": name},
        "measure": row.measure,
        "distance_m": _number(row.distance_m),
        "limit_m": _number(row.limit_m),
        "boundary_distance_m": _number(row.boundary_distance_m),
        "gate_distance_m": _number(row.gate_distance_m),
        "sentence": rules.explain(row, rule, language, school_name=name or ""),
        "basis": rule.basis(language),
        "basis_status": rule.basis_status,
        "line": None if row.line is None else shapely.geometry.mapping(row.line),
        "existing": bool(row.existing),
    }


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def screen_city(session: Session, city: City, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold every premises against every rule.

    Returns
    -------
    leads, schools
        The leads as ``gis.rules.screen`` returns them (``place`` is the position in the premises), with the
        premises' own columns beside them; and the schools that ``school`` points into.
    """
    premises = screening.premises_frame(session, city)
    if premises.empty:
        raise NotFoundError("there are no premises to screen; import some: campus import premises FILE")
    school_set, names = _school_set(session, city, settings)
    xy = shapely.get_coordinates(premises["location"].to_numpy(dtype=object))
    places = pd.DataFrame(
        {
            "id": premises["id"].to_numpy(),
            "lon": xy[:, 0],
            "lat": xy[:, 1],
            "categories": premises["categories"],
            "position_error_m": [
                settings.position_error_m if pd.isna(e) else float(e) for e in premises["position_error_m"]
            ],
            "licensed_from": premises["licensed_from"],
            "licence_expires": premises["licence_expires"],
        }
    )
    leads = rules.screen(
        places,
        school_set,
        current_rules(session),
        on=today(city),
        township_areas=screening.township_areas(session, city),
    )
    return leads.merge(premises[["id", "uuid", "name", "address"]], left_on="place", right_on="id", how="left"), names


def leads_table(
    leads: pd.DataFrame, names: pd.DataFrame, table: Mapping[str, rules.Rule], language: str
) -> pd.DataFrame:
    """Return leads as a table for people: what, where, against which rule, with the sentence."""
    school = names["name"].to_numpy(dtype=object)[leads["school"].to_numpy(dtype=np.int64)]
    rows: Any = leads.itertuples()
    return pd.DataFrame(
        {
            "premises": leads["name"].to_numpy(),
            "address": leads["address"].to_numpy(),
            "rule": leads["rule_id"].to_numpy(),
            "school": school,
            "verdict": leads["verdict"].to_numpy(),
            "distance_m": leads["distance_m"].astype(float).round(2).to_numpy(),
            "limit_m": leads["limit_m"].to_numpy(),
            "boundary_distance_m": leads["boundary_distance_m"].astype(float).round(2).to_numpy(),
            "gate_distance_m": leads["gate_distance_m"].astype(float).round(2).to_numpy(),
            "existing": leads["existing"].to_numpy(),
            "sentence": [
                rules.explain(row, table[row.rule_id], language, school_name=str(name))
                for row, name in zip(rows, school, strict=True)
            ],
        }
    )


def _school_set(session: Session, city: City, settings: Settings) -> tuple[SchoolSet, pd.DataFrame]:
    names, campuses, gates = screening.school_frames(session, city, today(city))
    if campuses.empty:
        raise NotFoundError("there is no school yet; import some: campus import schools FILE")
    position = {int(identity): at for at, identity in enumerate(names["id"])}
    known_as = campuses["known_as"].to_numpy()
    error = np.full(len(campuses), settings.boundary_error_m)
    error[known_as == "building"] = BUILDING_ERROR_M
    error[known_as == "point"] = campuses["radius_m"].astype(float).fillna(0.0).to_numpy()[known_as == "point"]
    return (
        SchoolSet(
            boundaries=campuses["boundary"].to_numpy(dtype=object),
            boundary_school=campuses["school_id"].map(position).to_numpy().astype(np.int64),
            boundary_error_m=error,
            stages=tuple(tuple(stages) for stages in names["stages"]),
            opened_on=tuple(names["opened_on"]),
            district=tuple(names["district_code"]),
            gates=gates["location"].to_numpy(dtype=object),
            gate_school=gates["school_id"].map(position).to_numpy().astype(np.int64),
        ),
        names,
    )
