"""What is wrong with an installation, and what to do about it: one small function for each thing that is looked at."""

from __future__ import annotations

import datetime as dt
import math
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.errors import CampusError
from api.services import backup
from api.services.hazards import ties
from api.services.readiness import free_bytes
from api.settings import Settings
from api.store import hazards, migrate, people, soundness
from api.store.audit import MARK, check_chain, read_mark
from api.store.engine import make_engine, reading

State = Literal["ok", "warning", "error"]
_LITTLE_SPACE = 16  # times the room without which the server calls itself not ready
_SHAPES = 1000
_TIES = 200
_TOLERANCE_M = 0.01
_BACKUP_EVERY = dt.timedelta(days=2)
_SHOWN = 3


@dataclass(frozen=True)
class Finding:
    """What came of one check: its name, how it is, what was seen and what to do."""

    check: str
    state: State
    seen: str
    to_do: str = ""


def examine(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """Look at everything, and change nothing.

    Yields
    ------
    Finding
        One for each check, as it is done; what needs the database is left out where that does not answer.
    """
    yield check_permissions(settings)
    yield check_space(settings)
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield Finding("database", "error", f"there is no file {url.database}", "start the server, or restore a backup")
        return
    try:
        engine = make_engine(settings.resolved_database_url)
        try:
            yield from _examine_database(engine, settings, now)
        finally:
            engine.dispose()
    except (DBAPIError, CampusError) as error:
        yield Finding("database", "error", f"it does not answer: {_first_line(error)}", "start or repair the database")


def _first_line(error: Exception) -> str:
    said = getattr(error, "orig", None) or error
    return next(iter(str(said).strip().splitlines()), type(error).__name__)


def _examine_database(engine: Engine, settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    version = check_version(engine)
    yield version
    if version.state == "error":
        return
    checks: tuple[Callable[[Session], Finding], ...] = (
        check_soundness,
        check_references,
        check_shapes,
        lambda session: check_files(session, settings),
        lambda session: check_stray_files(session, settings),
        lambda session: check_audit_chain(session, settings),
        check_ties,
        check_administrator,
    )
    for check in checks:
        with reading(engine) as session:
            yield check(session)
    yield check_last_backup(settings, now)


def check_version(engine: Engine) -> Finding:
    """Hold the version of the tables against the program's."""
    at, head = migrate.current_revision(engine), migrate.head_revision()
    if at == head:
        return Finding("database", "ok", f"it answers and is of version {at}")
    return Finding(
        "database",
        "error",
        f"it is of version {at}, and the program of {head}",
        "start the server, which upgrades it; a newer database needs the newer program",
    )


def check_soundness(session: Session) -> Finding:
    """Look for damaged pages or indexes."""
    return _finding(
        "pages and indexes",
        soundness.damage(session),
        "restore the last backup into an empty place" if soundness.is_embedded(session) else "REINDEX the index",
    )


def check_references(session: Session) -> Finding:
    """Look for rows that name a row that is not there."""
    return _finding("references", soundness.broken_references(session), "restore the last backup, and report the fault")


def check_shapes(session: Session) -> Finding:
    """Look at the newest shapes of every table."""
    bad = soundness.bad_shapes(session, _SHAPES)
    found = [f"{count} shapes of {name} are not valid" for name, count in bad.items()]
    return _finding("shapes", found, "import the files they came from again", "warning")


def check_files(session: Session, settings: Settings) -> Finding:
    """Hold every file that a record speaks of against its name, which is its hash."""
    there = {backup.content_name_of(path): path for _, path in backup.content_files(settings)}
    found, looked_at = [], 0
    for name in soundness.photo_files(session):
        looked_at += 1
        path = there.get(name)
        if path is None:
            found.append(f"the file {name[:12]}… is not there")
            continue
        with path.open("rb") as file:
            if backup.sha256_of(file) != name:
                found.append(f"the file {name[:12]}… is not what its name says")
    return _finding("files of records", found, "copy them from a backup", seen=f"{looked_at} files are as they were")


def check_stray_files(session: Session, settings: Settings) -> Finding:
    """Look for files that no record speaks of: left by an upload that did not end, and harmless."""
    known = set(soundness.photo_files(session))
    stray = sum(backup.content_name_of(path) not in known for _, path in backup.content_files(settings))
    return Finding("stray files", "ok", f"{stray} files without a record" + (" (harmless)" if stray else ""))


def check_audit_chain(session: Session, settings: Settings) -> Finding:
    """Hold every line of the audit log against its seal, and its end against the mark beside the key."""
    try:
        key = bytes.fromhex((settings.data / backup.KEY).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return Finding("audit log", "error", "its key cannot be read", f"put {backup.KEY} back from a backup")
    mark = read_mark(settings.data / MARK)
    found = list(islice(check_chain(session, key, mark), _SHOWN + 1))
    if not soundness.audit_log_is_guarded(session):
        found.append("the database would let it be changed: the triggers that refuse it are gone")
    if not found and mark is None and soundness.audit_log_begins(session):
        what = f"nothing wrong, but {MARK} is not there: whether lines were cut off its end cannot be told"
        return Finding("audit log", "warning", what, "find out who took it away; the next change sets it again")
    return _finding("audit log", found, "somebody changed it: keep a copy, and compare it with a backup")


def check_ties(session: Session) -> Finding:
    """Measure again how far some hazards are from the schools they are tied to."""
    found, looked_at = [], 0
    for city, ids in soundness.some_hazards(session, _TIES):
        points = hazards.hazard_points(session, city, ids=ids)
        measured = ties(session, city, points["lon"].to_numpy(dtype=float), points["lat"].to_numpy(dtype=float))
        hazard = points["id"].to_numpy(dtype=int)[measured["point"].to_numpy(dtype=int)]
        pairs = zip(hazard.tolist(), measured["school_id"].to_numpy(dtype=int).tolist(), strict=True)
        boundary = measured["boundary_distance_m"].to_numpy(dtype=float).tolist()
        gate = measured["gate_distance_m"].to_numpy(dtype=float).tolist()
        again = dict(zip(pairs, zip(boundary, gate, strict=True), strict=True))
        stored = soundness.stored_ties(session, ids)
        looked_at += len(stored)
        found += [
            f"hazard {pair[0]} and school {pair[1]} of {city.code} are tied otherwise"
            for pair in sorted(stored.keys() | again.keys())
            if not _same(stored.get(pair), again.get(pair))
        ]
    return _finding("ties of hazards", found, "campus grid build", seen=f"{looked_at} measured again, all true")


def _same(stored: tuple[float, float | None] | None, again: tuple[float, float] | None) -> bool:
    if stored is None or again is None:
        return False
    numbers = [math.nan if value is None else value for value in stored]
    return bool(np.allclose(numbers, again, rtol=0, atol=_TOLERANCE_M, equal_nan=True))


def check_administrator(session: Session) -> Finding:
    """Look whether somebody can sign in as administrator."""
    if people.any_administrator(session):
        return Finding("administrator", "ok", "somebody can sign in as administrator")
    return Finding(
        "administrator", "warning", "nobody can sign in as administrator", "campus user add NAME --role admin"
    )


def check_last_backup(settings: Settings, now: dt.datetime) -> Finding:
    """Look how old the last backup is."""
    last = backup.last_backup_at(settings)
    if last is None:
        return Finding("backup", "warning", "none is known of", "campus backup FILE, by a timer")
    hours = (now - last).total_seconds() / 3600
    late = now - last > _BACKUP_EVERY
    return Finding(
        "backup", "warning" if late else "ok", f"the last is {hours:.0f} h old", "campus backup FILE" if late else ""
    )


def check_space(settings: Settings) -> Finding:
    """Look how much room the disk of the data folder has."""
    free, least = free_bytes(settings), settings.free_space_mb * 1_000_000
    state: State = "error" if free < least else "warning" if free < _LITTLE_SPACE * least else "ok"
    return Finding("disk", state, f"{free / 1e9:.1f} GB free", "" if state == "ok" else "make room on the disk")


def check_permissions(settings: Settings) -> Finding:
    """Look whether others on the machine can read the data."""
    if os.name != "posix":
        return Finding("permissions", "ok", "not looked at on this system")
    loose = [path for path in (settings.data, *_private_files(settings)) if _mode(path) & 0o077]
    found = [f"{path} has mode {_mode(path):04o}" for path in loose]
    to_do = [f"chmod {'700' if path.is_dir() else '600'} {path}" for path in loose]
    open_to_others = any(path.is_dir() or _mode(path.absolute().parent) & 0o077 for path in loose)
    return _finding(
        "permissions",
        found,
        "; ".join(to_do),
        "error" if open_to_others else "warning",
        seen="nobody else can read the data",
    )


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else 0


def _private_files(settings: Settings) -> list[Path]:
    url = make_url(settings.resolved_database_url)
    database = [Path(url.database)] if url.get_backend_name() == "sqlite" and url.database else []
    return [*database, settings.data / backup.KEY]


def _finding(
    check: str, found: list[str], to_do: str, state: State = "error", *, seen: str = "nothing wrong"
) -> Finding:
    if not found:
        return Finding(check, "ok", seen)
    more = f" … and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Finding(check, state, "; ".join(found[:_SHOWN]) + more, to_do)
