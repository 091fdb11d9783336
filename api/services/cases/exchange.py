"""Cases as rows of a file, for the city's own platform: written with everything, read as reports.

The layout is that of docs/exchange.md. What is read begins as a draft or a report, never further on: what other offices
did is their flow log, and not ours.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.errors import BadInputError, CampusError, Problem
from api.schemas.cases import CaseIn
from api.security.people import Actor
from api.services.cases.filing import report_case
from api.services.cases.machine import STATES
from api.services.departments import is_known, list_departments
from api.services.exports import harmless
from api.services.imports.report import ImportRefusedError, ImportReport
from api.services.imports.run import ImportOptions
from api.settings import Settings
from api.store import case_exchange, cities
from api.store.audit import note
from api.store.departments import id_of_department
from api.store.models import Case, City
from api.store.spatial import to_shape
from api.vocabulary import find_code, fold, vocabulary
from gis.crs import parse_crs, to_wgs84
from gis.readers.coordinates import parse_coordinates
from gis.readers.files import read_file
from gis.readers.report import RowProblem

# the layout: name and Chinese header, in the order of the file
COLUMNS: dict[str, str] = {
    "number": "编号", "external_number": "外部编号", "state": "状态", "category": "类别", "subtype": "小类",
    "name": "名称", "note": "说明", "address": "地址", "lon": "经度", "lat": "纬度", "crs": "坐标系",
    "observed_at": "发现时间", "received_at": "上报时间", "filed_at": "立案时间", "due_at": "到期时间",
    "closed_at": "结案时间", "lead": "主办部门", "urgency": "紧急程度", "district": "乡镇街道", "school": "学校",
    "reworks": "返工次数", "returns": "退回次数", "score": "评分",
}  # fmt: skip
TAKEN = frozenset({"draft", "reported"})
_NAMESPACE = uuid.UUID("0b6b6d2c-5b43-5a64-8f0d-6d8f1c1d1c60")  # of the ids of cases that come from files


def cases_table(
    session: Session, city: City, language: str, first: dt.date | None = None, last: dt.date | None = None
) -> pd.DataFrame:
    """Return the cases of a city received on some local days (None: ever) as rows of the layout, without drafts.

    The export is noted in the audit log by whoever keeps the transaction.
    """
    zone = ZoneInfo(city.time_zone)
    start = None if first is None else dt.datetime.combine(first, dt.time(), zone)
    end = None if last is None else dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone)
    rows = [_row(one, zone) for one in case_exchange.cases_with_names(session, city.id, start, end)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.rename(columns=COLUMNS) if language == "zh" else table


def export_cases(
    session: Session, city_code: str | None, language: str, first: dt.date | None = None, last: dt.date | None = None
) -> pd.DataFrame:
    """Return the rows of :func:`cases_table`, and note in the audit log that they were taken out."""
    city = cities.get_city(session, city_code)
    table = cases_table(session, city, language, first, last)
    note(session, "export", "cases", after={"city": city.code, "rows": len(table), "from": str(first), "to": str(last)})
    return table


def _row(one: case_exchange.Named, zone: ZoneInfo) -> dict[str, Any]:
    case = one.case
    point = to_shape(case.location)

    def when(moment: dt.datetime | None) -> str:
        return "" if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")

    return {
        "number": case.number, "external_number": case.external_number or "", "state": case.state,
        "category": case.category, "subtype": case.subtype, "name": case.name, "note": case.note,
        "address": case.address, "lon": round(point.x, 7), "lat": round(point.y, 7), "crs": "wgs84",
        "observed_at": when(case.observed_at), "received_at": when(case.received_at), "filed_at": when(case.filed_at),
        "due_at": when(case.due_at), "closed_at": when(case.closed_at), "lead": one.department or case.rule["lead"],
        "urgency": case.urgency, "district": one.district or "", "school": one.school or "", "reworks": case.reworks,
        "returns": case.returns, "score": case.score,
    }  # fmt: skip


@dataclass
class _Reading:
    """A file as it is read: its columns by the names of the layout, and what was wrong."""

    frame: pd.DataFrame
    columns: Mapping[str, str]
    problems: list[RowProblem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"written": 0, "updated": 0, "unchanged": 0})

    def text(self, row: Any, name: str) -> str:
        """Return a cell as a text: empty where there is none, and without the mark that made it harmless."""
        if name not in self.columns:
            return ""
        value = row[self.columns[name]]
        if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT:
            return ""
        text = value.isoformat() if isinstance(value, dt.datetime) else str(value).strip()
        return text[1:] if text.startswith("'") and harmless(text[1:]) != text[1:] else text

    def refuse(self, number: int, name: str, what: str) -> None:
        """Note that a row cannot be used."""
        self.problems.append(RowProblem(number, name or None, "case", what, "refused"))


def import_cases(session: Session, city: City, path: Path, options: ImportOptions, settings: Settings) -> ImportReport:
    """Read cases from a file: all of it or nothing, unless ``options.keep_going``; the same file again changes nothing.

    A row of one of our numbers (a file that was exported here) only brings its ``external_number``. Any other row is a
    new case: a report, or a draft where its state says so; the row of a known ``external_number`` changes nothing.

    Raises
    ------
    ImportRefusedError
        Where rows cannot be used: an unknown state, or one that only the flow of work leads to; a category, department
        or time that there is not; a place that is none.
    BadInputError, gis.errors.GisError
        Where the file as a whole cannot be used.
    """
    read = read_file(path, crs=options.crs, encoding=options.encoding, layer=options.layer)
    reading = _Reading(read.frame, _columns(read.frame, options.mapping))
    lon, lat = _places(reading, options)
    for at, (number, row) in enumerate(reading.frame.iterrows()):
        before = len(reading.problems)
        try:
            outcome = _take(session, city, reading, int(str(number)), row, float(lon[at]), float(lat[at]), settings)
        except (CampusError, ValidationError) as error:
            said = str(error) if isinstance(error, CampusError) else str(error.errors()[0]["msg"])
            reading.refuse(int(str(number)), "", said)
            continue
        if len(reading.problems) == before and outcome:
            reading.counts[outcome] += 1
    refused = len({problem.row for problem in reading.problems if problem.severity == "refused"})
    report = ImportReport(
        collection="cases", file=path.name, crs=options.crs or "wgs84", encoding=read.encoding, read=len(read.frame),
        refused=refused, dry_run=options.dry_run, problems=tuple(reading.problems), **reading.counts,
    )  # fmt: skip
    if refused and not options.keep_going:
        raise ImportRefusedError(report)
    if not options.dry_run:
        note(session, "import", "cases", after=report.as_dict() | {"file": path.name})
    return report


def _columns(frame: pd.DataFrame, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field: as it was named, else by its English or Chinese header."""
    there = {fold(str(column)): str(column) for column in frame.columns}
    found = {name: there[fold(word)] for name, zh in COLUMNS.items() for word in (name, zh) if fold(word) in there}
    for name, column in mapping.items():
        if name not in COLUMNS or column not in frame.columns:
            raise BadInputError(f"--map {name}={column}: there is no such field or column")
        found[name] = column
    missing = [name for name in ("category", "lon", "lat") if name not in found]
    if missing:
        what = f"the column {missing[0]} is missing"
        raise BadInputError(f"{what}; docs/exchange.md has the layout", problems=[Problem("file", what)])
    return found


def _places(reading: _Reading, options: ImportOptions) -> tuple[Any, Any]:
    """Return longitudes and latitudes in WGS 84 (NaN where there is none that can be used)."""
    columns, frame = reading.columns, reading.frame
    crs = options.crs
    if crs is None:
        said = {str(one).strip().lower() for one in frame[columns["crs"]].dropna()} if "crs" in columns else set()
        if len(said) != 1:
            raise BadInputError("say the coordinate system of the file: --crs wgs84|cgcs2000|gcj02|bd09|EPSG:n")
        crs = said.pop()
    lon, lat, problems = parse_coordinates(frame[columns["lon"]], frame[columns["lat"]])
    reading.problems += problems
    return to_wgs84(lon, lat, parse_crs(crs), bad="nan")


def _take(
    session: Session, city: City, reading: _Reading, number: int, row: Any, lon: float, lat: float, settings: Settings
) -> str:
    """Take one row; return what came of it, empty where it was refused."""
    said = {name: reading.text(row, name) for name in COLUMNS}
    state = _state(said["state"])
    if state is None:
        reading.refuse(number, "state", f"there is no state {said['state']!r}; use draft or reported")
        return ""
    ours = case_exchange.case_of_number(session, city.id, said["number"]) if said["number"] else None
    if ours is not None:
        return _known(ours, said["external_number"])
    if state not in TAKEN:
        what = f"a case begins as draft or reported here; {state} is reached by the work on it"
        reading.refuse(number, "state", what)
        return ""
    if (
        said["external_number"]
        and case_exchange.case_of_external(session, city.id, said["external_number"]) is not None
    ):
        return "unchanged"
    kind = _kind(session, reading, number, said)
    if kind is None:
        return ""
    if not (np.isfinite(lon) and np.isfinite(lat)):
        if not any(problem.row == number for problem in reading.problems):
            reading.refuse(number, "lon, lat", "the place is missing, or not on Earth")
        return ""
    category, subtype, lead = kind
    body = {"category": category, "subtype": subtype, "lon": lon, "lat": lat, "draft": state == "draft"}
    body |= {name: said[name] for name in ("name", "note", "address")}
    if said["observed_at"]:
        body["observed_at"] = _moment(said["observed_at"], ZoneInfo(city.time_zone))
    key = said["external_number"] or repr(sorted((name, str(value)) for name, value in body.items()))
    given = CaseIn.model_validate(body | {"id": uuid.uuid5(_NAMESPACE, f"{city.code}/{key}")})
    case, created = report_case(session, Actor(name="file"), given, settings)
    if created:
        case.external_number = said["external_number"] or None
        if lead and lead != case.rule["lead"]:
            case.rule = {**case.rule, "lead": lead, "changed": ["lead"]}
            case.lead_id = id_of_department(session, lead)
    return "written" if created else "unchanged"


def _kind(session: Session, reading: _Reading, number: int, said: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return the codes of category, subtype and department of a row; None where one of them is none."""
    category = find_code(vocabulary().hazard_categories, said["category"])
    if category is None:
        reading.refuse(number, "category", f"there is no category {said['category']!r}")
        return None
    subtypes = vocabulary().hazard_categories[category].subtypes
    subtype = find_code(subtypes, said["subtype"]) if said["subtype"] else ""
    if subtype is None:
        reading.refuse(number, "subtype", f"there is no subtype {said['subtype']!r} of {category}")
        return None
    lead = _department(session, said["lead"])
    if lead is None:
        reading.refuse(number, "lead", f"there is no department {said['lead']!r}")
        return None
    return category, subtype, lead


def _known(case: Case, external: str) -> str:
    if not external or case.external_number == external:
        return "unchanged"
    case.external_number = external[:60]
    case.version += 1
    return "updated"


def _state(text: str) -> str | None:
    """Return the state that a file means; a row that says none is a report."""
    if not text:
        return "reported"
    return next(
        (one.code for one in STATES.values() if fold(text) in {fold(one.code), fold(one.zh), fold(one.en)}), None
    )


def _department(session: Session, text: str) -> str | None:
    """Return the department that a file means, empty where it names none; None where there is no such."""
    if not text or is_known(session, text):
        return text
    return next(
        (one["code"] for one in list_departments(session) if fold(text) in {fold(one["zh"]), fold(one["en"])}), None
    )


def _moment(text: str, zone: ZoneInfo) -> dt.datetime:
    """Return a moment that a file says; a time without an offset is the city's."""
    try:
        moment = dt.datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise BadInputError(f"observed_at: {text!r} is not a time; write it as 2026-11-03 16:20") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
