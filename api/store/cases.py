"""Cases, their flow log, filing rules and working calendars."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import (
    Case,
    CaseAssisting,
    CaseEntry,
    Cell,
    CellInspector,
    Department,
    District,
    FilingRule,
    Hazard,
    HazardSchool,
    Person,
    Photo,
    School,
    WorkYear,
)
from api.store.models.base import UtcDateTime
from api.store.spatial import Bounds, meets_bbox

_MANY = 500
FINAL = ("rejected", "void", "merged", "closed", "rated")


@dataclass(frozen=True)
class Seer:
    """Somebody who sees some cases only: those of departments, their own, and as inspector those of their cells."""

    person: int | None
    departments: frozenset[int]
    inspector: bool


def get_case(session: Session, identity: uuid.UUID, *, lock: bool = False) -> Case | None:
    """Return the case of a UUID; locked where it is about to change, so that of two who act one comes second."""
    query = sa.select(Case).where(Case.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def any_case(session: Session, city_id: int) -> bool:
    """Return whether a city has a case."""
    return session.scalar(sa.select(Case.id).where(Case.city_id == city_id).limit(1)) is not None


def seen_by(session: Session, case_id: int, seer: Seer) -> bool:
    """Return whether somebody sees a case."""
    return session.scalar(sa.select(Case.id).where(Case.id == case_id, visible(seer))) is not None


def visible(seer: Seer) -> Any:
    """Return the condition of the cases that somebody sees."""
    ways: list[Any] = [Case.reporter_id == seer.person] if seer.person is not None else [sa.false()]
    ways += [Case.parties.contains(f"|{department}|") for department in sorted(seer.departments)]
    if seer.inspector and seer.person is not None:
        walked = sa.select(CellInspector.cell_id).where(CellInspector.person_id == seer.person)
        assigned = sa.select(Cell.city_id).join(CellInspector, CellInspector.cell_id == Cell.id)
        in_cells = sa.or_(Case.cell_id.in_(walked), Case.city_id.not_in(assigned))
        ways.append(sa.and_(in_cells, Case.state != "draft"))
    return sa.or_(*ways)


def _seen(seer: Seer | None, not_drafts_of_others: int | None) -> list[Any]:
    """Return the conditions of what somebody sees (None: everything), drafts of the person alone."""
    is_shown = sa.or_(Case.state != "draft", Case.reporter_id == not_drafts_of_others)
    return [is_shown] if seer is None else [visible(seer), is_shown]


@dataclass(frozen=True)
class Wanted:
    """Which cases are wanted; what is empty does not matter."""

    bounds: Bounds | None = None
    states: Sequence[str] = ()
    categories: Sequence[str] = ()
    department: str | None = None
    district: str | None = None
    school: uuid.UUID | None = None
    hazard: uuid.UUID | None = None
    overdue_at: dt.datetime | None = None


def cases_page(
    session: Session, wanted: Wanted, *, seer: Seer | None, not_drafts_of_others: int | None, after: int, limit: int
) -> Sequence[Case]:
    """Return a page of cases by id; ``seer`` None: of all, but drafts of the person ``not_drafts_of_others`` only."""
    query = sa.select(Case).where(Case.id > after, *_seen(seer, not_drafts_of_others))
    if wanted.bounds is not None:
        query = query.where(meets_bbox(Case.location, wanted.bounds))
    if wanted.states:
        query = query.where(Case.state.in_(list(wanted.states)))
    if wanted.categories:
        query = query.where(Case.category.in_(list(wanted.categories)))
    if wanted.department is not None:
        query = query.join(Department, Department.id == Case.lead_id).where(Department.code == wanted.department)
    if wanted.district is not None:
        query = query.join(District, District.id == Case.district_id).where(District.code == wanted.district)
    if wanted.school is not None:
        query = query.join(School, School.id == Case.school_id).where(School.uuid == wanted.school)
    if wanted.hazard is not None:
        query = query.join(Hazard, Hazard.id == Case.hazard_id).where(Hazard.uuid == wanted.hazard)
    if wanted.overdue_at is not None:
        query = query.where(Case.is_open, Case.queue_at < wanted.overdue_at)
    return session.scalars(query.order_by(Case.id).limit(limit)).all()


@dataclass(frozen=True)
class Around:
    """What a case's own columns only refer to; ``assisting`` are the codes of the departments that assist."""

    hazard: uuid.UUID | None
    cell_code: str | None
    district: tuple[str, str] | None
    school: tuple[uuid.UUID, str] | None
    recurrence_of: uuid.UUID | None
    merged_into: uuid.UUID | None
    reporter: str | None
    assisting: list[str]


def _referred(kind: str, column: Any, first: Any, second: Any = None) -> sa.Select[Any]:
    """Return a part of what is looked up at once: of what kind, by which id, and two texts."""
    none = sa.literal_column("''") if second is None else second
    query = sa.select(sa.literal_column(f"'{kind}'").label("kind"), column, sa.cast(first, sa.String), none)
    return query.where(column.in_(sa.bindparam(kind, expanding=True)))


# Asked with each page of the board, and so put together once: that takes longer than to run them. A join of these
# eight tables would take PostgreSQL ten times as long to plan as this takes in all.
_AROUND = sa.union_all(
    _referred("hazard", Hazard.id, Hazard.uuid),
    _referred("cell", Cell.id, Cell.code),
    _referred("district", District.id, District.code, District.name),
    _referred("school", School.id, School.uuid, School.name),
    _referred("case", Case.id, Case.uuid),
    _referred("person", Person.id, Person.display_name),
    _referred("assisting", CaseAssisting.case_id, Department.code).join(
        Department, Department.id == CaseAssisting.department_id
    ),
)
_CODES = sa.select(Department.id, Department.code)


def around(session: Session, found: Sequence[Case]) -> dict[int, Around]:
    """Return what cases refer to, by the id of the case."""
    out: dict[int, Around] = {}
    for start in range(0, len(found), _MANY):
        part = found[start : start + _MANY]
        wanted: dict[str, set[Any]] = {
            "hazard": {case.hazard_id for case in part}, "cell": {case.cell_id for case in part},
            "district": {case.district_id for case in part}, "school": {case.school_id for case in part},
            "case": {one for case in part for one in (case.recurrence_of_id, case.merged_into_id)},
            "person": {case.reporter_id for case in part}, "assisting": {case.id for case in part},
        }  # fmt: skip
        texts: dict[tuple[str, int], tuple[str, str]] = {}
        assisting: dict[int, list[str]] = {}
        rows = session.execute(_AROUND, {kind: sorted(ids - {None}) for kind, ids in wanted.items()}).all()
        for kind, identity, first, second in rows:
            if kind == "assisting":
                assisting.setdefault(identity, []).append(first)
            else:
                texts[kind, identity] = first, second

        def uuid_at(kind: str, identity: int | None, texts: dict[Any, Any] = texts) -> uuid.UUID | None:
            return None if identity is None else uuid.UUID(texts[kind, identity][0])

        for case in part:
            school = None if case.school_id is None else texts["school", case.school_id]
            out[case.id] = Around(
                uuid_at("hazard", case.hazard_id),
                None if case.cell_id is None else texts["cell", case.cell_id][0],
                None if case.district_id is None else texts["district", case.district_id],
                None if school is None else (uuid.UUID(school[0]), school[1]),
                uuid_at("case", case.recurrence_of_id),
                uuid_at("case", case.merged_into_id),
                None if case.reporter_id is None else texts["person", case.reporter_id][0],
                sorted(assisting.get(case.id, ())),
            )
    return out


def assisting_ids(session: Session, case_id: int) -> set[int]:
    """Return the departments that assist with a case."""
    return set(session.scalars(sa.select(CaseAssisting.department_id).where(CaseAssisting.case_id == case_id)))


def add_assisting(session: Session, case: Case, department_ids: Sequence[int]) -> None:
    """Let departments assist with a case, beside those that do already."""
    query = sa.select(CaseAssisting.department_id).where(CaseAssisting.case_id == case.id)
    known = set(session.scalars(query))
    session.add_all(
        CaseAssisting(case_id=case.id, department_id=one) for one in dict.fromkeys(department_ids) if one not in known
    )
    add_parties(case, department_ids)


def add_parties(case: Case, department_ids: Iterable[int | None]) -> None:
    """Let the people of departments see a case from now on."""
    known = {int(one) for one in _apart(case.parties)}
    case.parties = _together(sorted(known | {one for one in department_ids if one is not None}))


def _together(codes: Iterable[object]) -> str:
    """Return codes as one text in which each stands between bars, to be found as ``|code|``."""
    text = "|".join(str(one) for one in codes)
    return f"|{text}|" if text else ""


def _apart(text: str) -> list[str]:
    return [one for one in text.split("|") if one]


def department_codes(session: Session) -> dict[int, str]:
    """Return the codes of all departments by id."""
    return {row.id: row.code for row in session.execute(_CODES).all()}


def leads_case_of(session: Session, hazard_id: int, departments: Collection[int]) -> bool:
    """Return whether one of some departments leads a case of a hazard that has been filed and is under way."""
    if not departments:
        return False
    led = sa.and_(Case.lead_id.in_(sorted(departments)), Case.filed_at.is_not(None), Case.state.not_in(FINAL))
    query = sa.select(Case.id).where(Case.hazard_id == hazard_id, led)
    return session.scalar(query.limit(1)) is not None


def open_case_of(session: Session, hazard_id: int) -> Case | None:
    """Return the case of a hazard that has not come to its end."""
    query = sa.select(Case).where(Case.hazard_id == hazard_id, Case.state.not_in((*FINAL, "draft")))
    return session.scalar(query.order_by(Case.id).limit(1))


def last_cases_of(session: Session, hazard_ids: Sequence[int]) -> Sequence[Any]:
    """Return the hazard, number and state of the newest case of each of some hazards."""
    newest = sa.select(sa.func.max(Case.id)).where(Case.hazard_id.in_(list(hazard_ids))).group_by(Case.hazard_id)
    return session.execute(sa.select(Case.hazard_id, Case.number, Case.state).where(Case.id.in_(newest))).all()


def last_number(session: Session, case_id: int) -> int:
    """Return the number of the last line of a case's flow log; 0 before the first."""
    return session.scalar(sa.select(sa.func.max(CaseEntry.number)).where(CaseEntry.case_id == case_id)) or 0


def log_lines(session: Session, case_id: int, *, since_version: int = 0) -> Sequence[Any]:
    """Return the flow log with the shown names of people and the codes of departments: after a version, or all."""
    return session.execute(
        sa.select(CaseEntry, Person.display_name, Department.code)
        .outerjoin(Person, Person.id == CaseEntry.person_id)
        .outerjoin(Department, Department.id == CaseEntry.department_id)
        .where(CaseEntry.case_id == case_id, CaseEntry.case_version > since_version)
        .order_by(CaseEntry.number)
    ).all()


def known_entry(session: Session, identity: uuid.UUID) -> CaseEntry | None:
    """Return the line of a flow log of a UUID."""
    return session.scalar(sa.select(CaseEntry).where(CaseEntry.uuid == identity))


def handlers_of(case: Case) -> tuple[frozenset[int], frozenset[int]]:
    """Return who had a case in hand: the people, and the departments."""
    codes = _apart(case.handlers)
    people, departments = (frozenset(int(one[1:]) for one in codes if one[0] == kind) for kind in "pd")
    return people, departments


def set_handlers(case: Case, people: Iterable[int], departments: Iterable[int]) -> None:
    """Write down who had a case in hand."""
    case.handlers = _together([*(f"p{one}" for one in sorted(people)), *(f"d{one}" for one in sorted(departments))])


def same_type_in(
    session: Session, city_id: int, category: str, bounds: Bounds, *, closed_since: dt.datetime | None
) -> Sequence[Case]:
    """Return cases of a category in a box: those closed since a moment, or (None) those that are open; latest first."""
    query = sa.select(Case).where(Case.city_id == city_id, Case.category == category, meets_bbox(Case.location, bounds))
    if closed_since is None:
        query = query.where(Case.state.not_in((*FINAL, "draft")))
    else:
        query = query.where(Case.state.in_(("closed", "rated")), Case.closed_at >= closed_since)
    return session.scalars(query.order_by(Case.closed_at.desc(), Case.id.desc()).limit(200)).all()


def recurrences_of(session: Session, case_id: int) -> list[uuid.UUID]:
    """Return the cases that are recurrences of a case."""
    query = sa.select(Case.uuid).where(Case.recurrence_of_id == case_id).order_by(Case.id)
    return list(session.scalars(query))


def numbers_of(
    session: Session, identities: Sequence[uuid.UUID], *, seer: Seer | None, not_drafts_of_others: int | None
) -> list[tuple[uuid.UUID, str]]:
    """Return the numbers of those of some cases that somebody sees."""
    query = sa.select(Case.uuid, Case.number).where(Case.uuid.in_(identities), *_seen(seer, not_drafts_of_others))
    return [(identity, number or "") for identity, number in session.execute(query.order_by(Case.id)).all()]


def nearest_school(session: Session, hazard_id: int) -> School | None:
    """Return the school whose boundary is nearest to a hazard, of those in whose perimeter it lies."""
    return session.scalar(
        sa.select(School)
        .join(HazardSchool, HazardSchool.school_id == School.id)
        .where(HazardSchool.hazard_id == hazard_id)
        .order_by(HazardSchool.boundary_distance_m, School.id)
        .limit(1)
    )


def schools_at(session: Session, hazard_id: int) -> list[uuid.UUID]:
    """Return the schools in whose perimeter a hazard lies."""
    query = sa.select(School.uuid).join(HazardSchool, HazardSchool.school_id == School.id)
    return list(session.scalars(query.where(HazardSchool.hazard_id == hazard_id)))


def get_cell(session: Session, cell_id: int) -> Cell:
    """Return the cell of an id."""
    return session.get_one(Cell, cell_id)


def get_district(session: Session, district_id: int) -> District:
    """Return the township of an id."""
    return session.get_one(District, district_id)


def districts_with_names(session: Session) -> list[tuple[str, str]]:
    """Return the codes and names of all townships."""
    rows = session.execute(sa.select(District.code, District.name).order_by(District.code)).all()
    return [(code, name) for code, name in rows]


def is_place(session: Session, city_id: int, kind: str, place: str) -> bool:
    """Return whether a city has the township or cell of a code, or the school of a UUID."""
    if kind == "school":
        try:
            there = sa.select(School.id).where(School.city_id == city_id, School.uuid == uuid.UUID(place))
        except ValueError:
            return False
    else:
        table: Any = {"district": District, "cell": Cell}[kind]
        there = sa.select(table.id).where(table.city_id == city_id, table.code == place)
    return session.scalar(there.limit(1)) is not None


def hazards_of_merged(session: Session, case_id: int) -> Sequence[Hazard]:
    """Return the open hazards of the cases that were merged into one, and into those; none that has an open case."""
    merged = sa.select(Case.id, Case.hazard_id).where(Case.merged_into_id == case_id).cte("merged", recursive=True)
    merged = merged.union(sa.select(Case.id, Case.hazard_id).join(merged, Case.merged_into_id == merged.c.id))
    under_way = sa.select(Case.hazard_id).where(Case.hazard_id == Hazard.id, Case.state.not_in((*FINAL, "draft")))
    return session.scalars(
        sa.select(Hazard)
        .where(Hazard.id.in_(sa.select(merged.c.hazard_id)), Hazard.status == "open", ~under_way.exists())
        .order_by(Hazard.id)
    ).all()


def photos_come_since(session: Session, hazard_id: int, moment: dt.datetime) -> Sequence[dt.datetime]:
    """Return when the photos of a hazard that came after a moment were taken: one taken before may come late."""
    taken = sa.func.coalesce(Photo.taken_at, Photo.created_at, type_=UtcDateTime)
    return session.scalars(sa.select(taken).where(Photo.hazard_id == hazard_id, Photo.created_at >= moment)).all()


def open_cases(session: Session, city_id: int) -> Sequence[Case]:
    """Return the cases of a city whose clocks run or stand still."""
    query = sa.select(Case).where(Case.city_id == city_id, Case.state.not_in((*FINAL, "draft")))
    return session.scalars(query.order_by(Case.id)).all()


def filing_rules(session: Session, city_id: int) -> Sequence[FilingRule]:
    """Return a city's own filing rules."""
    return session.scalars(sa.select(FilingRule).where(FilingRule.city_id == city_id).order_by(FilingRule.id)).all()


def filing_rule(session: Session, identity: uuid.UUID) -> FilingRule | None:
    """Return the filing rule of a UUID, of any city."""
    return session.scalar(sa.select(FilingRule).where(FilingRule.uuid == identity))


def work_year(session: Session, city_id: int, year: int) -> WorkYear | None:
    """Return a city's own year of its working calendar."""
    return session.scalar(sa.select(WorkYear).where(WorkYear.city_id == city_id, WorkYear.year == year))


def work_years(session: Session, city_id: int) -> Sequence[WorkYear]:
    """Return all of a city's own years."""
    return session.scalars(sa.select(WorkYear).where(WorkYear.city_id == city_id).order_by(WorkYear.year)).all()


def visible_among(session: Session, case_ids: Sequence[int], seer: Seer) -> set[int]:
    """Return which of some cases somebody sees."""
    out: set[int] = set()
    for start in range(0, len(case_ids), _MANY):
        part = list(case_ids[start : start + _MANY])
        out |= set(session.scalars(sa.select(Case.id).where(Case.id.in_(part), visible(seer))))
    return out
