"""Cases as Open311 GeoReport v2 has them (https://wiki.open311.org/GeoReport_v2): services, requests, tokens.

A category is a service, a case a service request. What somebody wrote, an address, a photo and everything about a person
stays here: a request says what kind of thing it is, where, who is responsible, since when, until when, and how it stands.
Cases of order (SEC) are no service: they are about people.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError, Problem
from api.schemas.cases import CaseIn
from api.security.people import Actor
from api.services.cases.filing import report_case
from api.services.cases.machine import OVER, STATES
from api.services.cases.views import seer_of
from api.services.departments import list_departments
from api.settings import Settings
from api.store import case_exchange, cases, cities
from api.store.case_exchange import Asked
from api.store.models import Case, City
from api.store.models.base import now
from api.store.spatial import to_shape
from api.vocabulary import vocabulary

NOT_OFFERED = frozenset({"SEC"})
MOST = 1_000
LONGEST = dt.timedelta(days=90)


def require_jurisdiction(session: Session, code: str) -> None:
    """Refuse a jurisdiction (a city's code) that there is not; none means all of them.

    Raises
    ------
    NotFoundError
        Where there is no such city.
    """
    if code:
        cities.get_city(session, code)


def services(language: str) -> list[dict[str, Any]]:
    """Return the services: the categories of hazards."""
    return [
        {
            "service_code": code,
            "service_name": term.label(language),
            "description": (", " if language == "en" else "、").join(
                one.label(language) for one in term.subtypes.values()
            ),
            "metadata": bool(term.subtypes),
            "type": "realtime",
            "keywords": ", ".join([term.en, *(one.en for one in term.subtypes.values())]),
            "group": "校园周边" if language == "zh" else "surroundings of schools",
        }
        for code, term in vocabulary().hazard_categories.items()
        if code not in NOT_OFFERED
    ]


def service_definition(code: str, language: str) -> dict[str, Any]:
    """Return what else may be said of a service: the subtype.

    Raises
    ------
    NotFoundError
        Where there is no such service.
    """
    term = vocabulary().hazard_categories.get(code)
    if term is None or code in NOT_OFFERED:
        raise NotFoundError(f"there is no service {code!r}")
    values = [{"key": one.code, "name": one.label(language)} for one in term.subtypes.values()]
    what = "小类" if language == "zh" else "Subtype"
    attribute = {
        "variable": True, "code": "subtype", "datatype": "singlevaluelist", "required": False,
        "datatype_description": "", "order": 1, "description": what, "values": values,
    }  # fmt: skip
    return {"service_code": code, "attributes": [attribute] if values else []}


def requests(
    session: Session,
    language: str,
    reader: Actor | None,
    *,
    jurisdiction: str | None,
    numbers: Sequence[str],
    codes: Sequence[str],
    start: dt.datetime | None,
    end: dt.datetime | None,
    statuses: Sequence[str],
) -> list[dict[str, Any]]:
    """Return service requests: those of some numbers, or else those received in a span of at most 90 days.

    ``reader`` sees the cases that are theirs to see, as on the board; None: everybody, where the map is public.

    Raises
    ------
    BadInputError
        Where the span is longer, or ends before it begins, or a status or service is none.
    """
    city = cities.get_city(session, jurisdiction)
    if numbers:
        asked = Asked(city.id, numbers=numbers[:MOST])
    else:
        end = end or (start + LONGEST if start is not None else now())
        start = start or end - LONGEST
        if not dt.timedelta() <= end - start <= LONGEST:
            what = "a span of at most 90 days, whose end does not lie before its beginning"
            raise BadInputError(what, problems=[Problem("query.start_date, query.end_date", what)])
        unknown = [one for one in statuses if one not in {"open", "closed"}]
        if unknown:
            what = f"there is no status {unknown[0]!r}; use open or closed"
            raise BadInputError(what, problems=[Problem("query.status", what)])
        is_open = None if len(set(statuses)) != 1 else statuses[0] == "open"
        for code in codes:
            service_definition(code, language)
        asked = Asked(city.id, (), codes, start, end, is_open)
    return _views(session, _offered(session, reader, case_exchange.reported_cases(session, asked, MOST)), language)


def _offered(session: Session, reader: Actor | None, found: Sequence[Case]) -> list[Case]:
    offered = [one for one in found if one.state != "draft" and one.category not in NOT_OFFERED]
    seer = None if reader is None else seer_of(session, reader)
    if seer is None:
        return offered
    seen = cases.visible_among(session, [one.id for one in offered], seer)
    return [one for one in offered if one.id in seen]


def one_request(session: Session, reader: Actor | None, number: str, language: str) -> list[dict[str, Any]]:
    """Return one service request by its number.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    for city in cities.all_cities(session):
        case = case_exchange.case_of_number(session, city.id, number)
        if case is not None and (found := _offered(session, reader, [case])):
            return _views(session, found, language)
    raise NotFoundError(f"there is no service request {number!r}")


def by_token(session: Session, reader: Actor | None, token: uuid.UUID) -> list[dict[str, str]]:
    """Return the number of the service request that was made under a token.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    case = cases.get_case(session, token)
    if case is None or not _offered(session, reader, [case]):
        raise NotFoundError("there is no service request of this token")
    return [{"service_request_id": str(case.number), "token": str(case.uuid)}]


def report(
    session: Session,
    actor: Actor,
    settings: Settings,
    *,
    service: str | None,
    lat: float | None,
    lon: float | None,
    subtype: str,
    description: str,
    address: str,
) -> list[dict[str, str]]:
    """Report a case as a service request, and return its number.

    Raises
    ------
    BadInputError
        Where the service or the place is missing.
    """
    if not service:
        what = "service_code was not provided"
        raise BadInputError(what, problems=[Problem("service_code", what)])
    service_definition(service, "en")
    if lat is None or lon is None:
        what = "lat and long were not provided; an address alone is not looked up"
        raise BadInputError(what, problems=[Problem("lat, long", what)])
    given = CaseIn.model_validate(
        {"id": uuid.uuid4(), "category": service, "subtype": subtype, "lon": lon, "lat": lat, "note": description,
         "address": address[:300]}
    )  # fmt: skip
    case, _ = report_case(session, actor, given, settings)
    return [{"service_request_id": str(case.number), "service_notice": "", "account_id": ""}]


def _views(session: Session, found: Sequence[Case], language: str) -> list[dict[str, Any]]:
    codes = cases.department_codes(session)
    leads = {entry["code"]: entry[language] for entry in list_departments(session)}
    by_city: dict[int, City] = {}
    out = []
    for case in found:
        city = by_city.setdefault(case.city_id, cities.city_of(session, case.city_id))
        term = vocabulary().hazard_categories[case.category]
        subtype = term.subtypes.get(case.subtype)
        state = STATES[case.state]
        point = to_shape(case.location)
        lead = codes[case.lead_id] if case.lead_id is not None else case.rule["lead"]
        out.append(
            {
                "service_request_id": case.number,
                "status": "closed" if case.state in OVER else "open",
                "status_notes": state.zh if language == "zh" else state.en,
                "service_name": term.label(language),
                "service_code": case.category,
                "description": term.label(language) if subtype is None else subtype.label(language),
                "agency_responsible": leads.get(lead, lead),
                "service_notice": "",
                "requested_datetime": _moment(case.received_at, city),
                "updated_datetime": _moment(case.updated_at, city),
                "expected_datetime": _moment(case.due_at, city),
                "address": "",
                "address_id": "",
                "zipcode": "",
                "lat": round(point.y, 6),
                "long": round(point.x, 6),
                "media_url": "",
            }
        )
    return out


def _moment(moment: dt.datetime | None, city: City) -> str:
    return "" if moment is None else moment.astimezone(ZoneInfo(city.time_zone)).isoformat(timespec="seconds")
