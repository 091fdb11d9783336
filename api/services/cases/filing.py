"""How a case begins: proposed for a hazard by the rule that fits it, or reported by somebody."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem
from api.schemas.cases import CaseIn
from api.security.people import Actor
from api.security.scope import may_see_hazard
from api.services.cases.calendar import work_calendar
from api.services.cases.rules import Rule, best_rule, copied, rules_of
from api.services.cases.timing import move_clocks
from api.services.departments import list_departments
from api.services.hazards import cells_at, ties
from api.services.screening import city_of_report
from api.settings import Settings
from api.store import cases, cities, hazards, inspections
from api.store.departments import id_of_department
from api.store.models import Case, CaseEntry, City, Hazard, School
from api.store.models.base import now
from api.store.records import claim
from api.store.spatial import Bounds, to_element, to_shape
from api.vocabulary import vocabulary
from gis.geodesic import distance_m

SAME_PLACE_M = 50.0  # the same type within 50 m is probably the same stall (observed practice)


@dataclass(frozen=True)
class Found:
    """What a case is about: what, and where."""

    city: City
    category: str
    subtype: str
    lon: float
    lat: float
    severity: int
    observed_at: dt.datetime
    hazard: Hazard | None
    cell_id: int | None
    district_id: int | None
    school_id: int | None
    places: dict[str, frozenset[str]]


def propose_case(session: Session, actor: Actor, hazard: Hazard, *, at: dt.datetime | None = None) -> Case | None:
    """Propose a case for a hazard that has just been logged, if the rule that fits it says so.

    It stands as reported until a dispatcher files it as it is, changes it, or does not file it. ``at`` is the moment of
    receipt: now, but for the demonstration.
    """
    city = cities.city_of(session, hazard.city_id)
    found = _of_hazard(session, city, hazard)
    rule = best_rule(rules_of(session, city), found.category, found.subtype, found.places)
    if rule is None or found.severity < rule.body.min_severity:
        return None
    if rule.body.near_school and found.school_id is None:
        return None
    identity = uuid.uuid5(hazard.uuid, "case")  # the same hazard proposes the same case
    if cases.get_case(session, identity) is not None:
        return None
    return _begin(session, actor, identity, found, rule, action="propose", texts={}, moment=at or now())


def report_case(session: Session, actor: Actor, given: CaseIn, settings: Settings) -> tuple[Case, bool]:
    """Report a case; the same UUID again answers the stored one and creates nothing.

    Raises
    ------
    ConflictError
        Where the UUID belongs to a case that says something else, or the hazard has a case already.
    NotFoundError
        Where there is no such hazard, or none that they may see.
    """
    claim(session, given.id)
    known = cases.get_case(session, given.id)
    if known is not None:
        if known.reporter_id != actor.id or known.content_hash != given.fingerprint():
            raise ConflictError("a case with this id is there already, and says something else")
        return known, False
    found = _of_report(session, actor, given, settings)
    rule = best_rule(rules_of(session, found.city), found.category, found.subtype, found.places)
    if rule is None:
        raise ConflictError("no filing rule fits this; add one first")
    texts = {"name": given.name, "note": given.note, "address": given.address, "content_hash": given.fingerprint()}
    case = _begin(
        session, actor, given.id, found, rule, action="draft" if given.draft else "report", texts=texts, moment=now()
    )
    return case, True


def _of_hazard(session: Session, city: City, hazard: Hazard) -> Found:
    point = to_shape(hazard.location)
    school = cases.nearest_school(session, hazard.id)
    schools = frozenset(str(one) for one in cases.schools_at(session, hazard.id))
    places, district = _places(session, hazard.cell_id, schools, school)
    return Found(
        city, hazard.category, hazard.subtype, point.x, point.y, hazard.severity, hazard.observed_at, hazard,
        hazard.cell_id, district, None if school is None else school.id, places,
    )  # fmt: skip


def _of_report(session: Session, actor: Actor, given: CaseIn, settings: Settings) -> Found:
    if given.hazard is not None:
        hazard = hazards.get_hazard(session, given.hazard)
        if hazard is None or not may_see_hazard(session, actor, hazard, settings):
            raise NotFoundError("there is no such hazard, or none that you may see")
        known = cases.open_case_of(session, hazard.id)
        if known is not None:
            error = ConflictError("this hazard has a case already that has not come to its end")
            error.more = {"case": str(known.uuid)}
            raise error
        return _of_hazard(session, cities.city_of(session, hazard.city_id), hazard)
    assert given.category is not None  # noqa: S101 - the schema sees to it
    assert given.lon is not None  # noqa: S101
    assert given.lat is not None  # noqa: S101
    subtypes = vocabulary().hazard_categories[given.category].subtypes
    if given.subtype and given.subtype not in subtypes:
        what = f"not a subtype of {given.category}; use one of {', '.join(subtypes)}"
        raise BadInputError(f"subtype {given.subtype!r}: {what}", problems=[Problem("body.subtype", what)])
    city = city_of_report(session, given.lon, given.lat)
    lon, lat = np.array([given.lon]), np.array([given.lat])
    cell = cells_at(session, city, lon, lat)[0]
    near = ties(session, city, lon, lat).sort_values("boundary_distance_m")
    schools = [session.get_one(School, int(one)) for one in near["school_id"]]
    school = schools[0] if schools else None
    places, district = _places(session, cell, frozenset(str(one.uuid) for one in schools), school)
    return Found(
        city, given.category, given.subtype, given.lon, given.lat, 3, given.observed_at or now(), None,
        cell, district, None if school is None else school.id, places,
    )  # fmt: skip


def _places(
    session: Session, cell_id: int | None, schools: frozenset[str], school: School | None
) -> tuple[dict[str, frozenset[str]], int | None]:
    """Return where something is, as rules ask for it, and its township: that of the cell, else of the school."""
    cell = None if cell_id is None else cases.get_cell(session, cell_id)
    district_id = None if cell is None else cell.district_id
    if district_id is None and school is not None:
        district_id = school.district_id
    district = None if district_id is None else cases.get_district(session, district_id)
    places = {
        "school": schools,
        "cell": frozenset(() if cell is None else (cell.code,)),
        "district": frozenset(() if district is None else (district.code,)),
    }
    return places, district_id


def _begin(
    session: Session,
    actor: Actor,
    identity: uuid.UUID,
    found: Found,
    rule: Rule,
    *,
    action: str,
    texts: dict[str, Any],
    moment: dt.datetime,
) -> Case:
    hazard = found.hazard
    if hazard is not None:
        texts = {name: texts.get(name) or getattr(hazard, name) for name in ("name", "note", "address")} | {
            "content_hash": texts.get("content_hash")
        }
    before = _closed_before(session, found, rule, moment)
    case = Case(
        uuid=identity,
        city_id=found.city.id,
        hazard_id=None if hazard is None else hazard.id,
        cell_id=found.cell_id,
        district_id=found.district_id,
        school_id=found.school_id,
        category=found.category,
        subtype=found.subtype,
        location=to_element(shapely.Point(found.lon, found.lat)),
        state="draft",
        is_open=True,
        rule=copied(rule) | {"reason": reason_of(session, rule), "changed": []},
        urgency=rule.body.urgency,
        lead_id=id_of_department(session, rule.body.lead),  # until it is filed nothing goes there; it is found by it
        reporter_id=actor.id,
        observed_at=found.observed_at,
        received_at=moment,
        stops={"step": [], "overall": []},
        extensions={"amounts": [], "step": 0},
        recurrence_of_id=None if before is None else before.id,
        invented=hazard is not None and hazard.invented,
        source_id=inspections.person_source(session, actor.name).id,
        **texts,
    )
    calendar = work_calendar(session, found.city)
    if action != "draft":
        case.state = "reported"
        move_clocks(case, "draft", calendar, moment)
    session.add(case)
    session.flush()
    local = moment.astimezone(calendar.time_zone)
    case.number = f"{found.city.code}-{local:%Y%m%d}-{case.id:06d}"
    details = {} if before is None else {"recurrence_of": str(before.uuid)}
    session.add(
        CaseEntry(
            case_id=case.id,
            number=1,
            action=action,
            to_state=case.state,
            person_id=actor.id,
            at=moment,
            said_at=found.observed_at,
            details=details,
            case_version=case.version,
        )
    )
    session.flush()
    return case


def reason_of(session: Session, rule: Rule) -> dict[str, str]:
    """Return in both languages by which rule a case is proposed."""
    term = vocabulary().hazard_categories[rule.category]
    subtype = term.subtypes.get(rule.subtype)
    leads = {entry["code"]: entry for entry in list_departments(session)}
    lead = leads.get(rule.body.lead, {"zh": rule.body.lead, "en": rule.body.lead})
    kinds = {"": ("全市", "everywhere"), "district": ("乡镇", "township"), "school": ("学校", "school"),
             "cell": ("网格", "cell")}  # fmt: skip
    kind_zh, kind_en = kinds[rule.place_kind]
    own_zh, own_en = ("内置规则", "built-in rule") if rule.version == 0 else ("本市规则", "rule of the city")
    what_zh = term.zh if subtype is None else f"{term.zh}·{subtype.zh}"
    what_en = term.en if subtype is None else f"{term.en}, {subtype.en}"
    return {
        "zh": f"{own_zh}：{what_zh}（{kind_zh}{rule.place}）由{lead['zh']}牵头",
        "en": f"{own_en}: {what_en} ({kind_en} {rule.place}".rstrip() + f") is led by {lead['en']}",
    }


def _box(lon: float, lat: float, within_m: float) -> Bounds:
    margin = within_m / 1000 * 0.02  # generous up to 60 degrees of latitude: only to narrow a search
    return (max(lon - margin, -180.0), max(lat - margin, -90.0), min(lon + margin, 180.0), min(lat + margin, 90.0))


def _within(found: Sequence[Case], lon: float, lat: float, within_m: float) -> list[Case]:
    if not found:
        return []
    points = [to_shape(case.location) for case in found]
    away = distance_m(lon, lat, np.array([p.x for p in points]), np.array([p.y for p in points]))
    return [case for case, metres in zip(found, away, strict=True) if metres <= within_m]


def _closed_before(session: Session, found: Found, rule: Rule, moment: dt.datetime) -> Case | None:
    """Return the case of the same type that was closed last near here, within the metres and days of the rule."""
    near = rule.body.recurrence
    since = moment - dt.timedelta(days=near.days)
    box = _box(found.lon, found.lat, near.within_m)
    closed = cases.same_type_in(session, found.city.id, found.category, box, closed_since=since)
    same = [case for case in closed if found.subtype in {"", case.subtype} or not case.subtype]
    return next(iter(_within(same, found.lon, found.lat, near.within_m)), None)


def perhaps_the_same(session: Session, case: Case) -> list[uuid.UUID]:
    """Return other open cases of the same category within 50 m: perhaps duplicates, to be merged by somebody."""
    point = to_shape(case.location)
    box = _box(point.x, point.y, SAME_PLACE_M)
    found = cases.same_type_in(session, case.city_id, case.category, box, closed_since=None)
    return [one.uuid for one in _within(found, point.x, point.y, SAME_PLACE_M) if one.id != case.id]
