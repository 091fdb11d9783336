"""Timetables from a file: each school that the file names gets the dismissals that it says, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.services import school_times
from api.services.imports.report import ImportRefusedError, ImportReport
from api.services.imports.rows import Rows
from api.settings import Settings
from api.store import schools
from api.store.models import City, Source, Timetable
from gis.readers.report import RowProblem

if TYPE_CHECKING:
    from api.services.imports.run import ImportOptions


def write_timetables(
    session: Session, city: City, rows: Rows, path: Path, options: ImportOptions, settings: Settings
) -> ImportReport:
    """Write timetables; see :func:`api.services.imports.run.import_file`."""
    wanted: dict[int, set[tuple[int, str, object]]] = {}
    for at, key in enumerate(rows.columns["school"]):
        school = schools.find_school(session, str(key), city.id)
        if school is None:
            detail = f"there is no school {str(key)[:60]!r}, or more than one of that name"
            rows.problems.append(RowProblem(int(rows.number[at]), "school", "unknown_school", detail, "refused"))
            rows.refused += 1
            continue
        entry = (int(rows.columns["weekday"][at]), str(rows.columns["grades"][at]), rows.columns["dismissal"][at])
        wanted.setdefault(school.id, set()).add(entry)
    there: dict[int, set[tuple[int, str, object]]] = {}
    for row in session.scalars(sa.select(Timetable).where(Timetable.school_id.in_(list(wanted)))):
        there.setdefault(row.school_id, set()).add((row.weekday, row.grades, row.dismissal))
    changed = {school: entries for school, entries in wanted.items() if there.get(school, set()) != entries}
    report = ImportReport(
        collection="timetables",
        file=path.name,
        crs="",
        encoding=rows.encoding,
        read=rows.read,
        written=sum(len(entries) for school, entries in changed.items() if school not in there),
        updated=sum(len(entries) for school, entries in changed.items() if school in there),
        unchanged=sum(len(entries) for school, entries in wanted.items() if school not in changed),
        refused=rows.refused,
        dry_run=options.dry_run,
        problems=tuple(rows.problems),
    )
    if rows.refused and not options.keep_going:
        raise ImportRefusedError(report)
    if options.dry_run or not changed:
        return report
    source = Source(
        kind=options.kind, actor=options.actor, name=path.name[:255], collection="timetables", crs="",
        encoding=rows.encoding, invented=options.invented, report=report.as_dict(),
    )  # fmt: skip
    session.add(source)
    session.execute(sa.delete(Timetable).where(Timetable.school_id.in_(list(changed))))
    session.flush()
    schools.touch(session, list(changed))
    session.add_all(
        Timetable(
            school_id=school,
            weekday=weekday,
            grades=grades,
            dismissal=dismissal,
            invented=options.invented,
            source_id=source.id,
        )
        for school, entries in changed.items()
        for weekday, grades, dismissal in sorted(entries, key=str)
    )
    school_times.set_anew(session, city, settings, school_ids=list(changed))
    return report
