"""The audit log: who changed or looked at what, when, from where, before and after; each line sealed with the last.

``watch`` puts a session under observation: what its unit of work creates, changes or deletes becomes lines of the log
in the same transaction, so no service can forget it. What bypasses the unit of work (bulk loads, sealed views, signing
in and out) calls ``note``.

The seal of a line is the HMAC-SHA-256 of the seal before it and of all its columns. The key lies in a file beside the
database and not in it, so whoever can write to the database cannot seal a changed line anew; ``audit_head`` remembers
the last line, so lines cut from the end are missed as well. Whoever cuts lines and turns the head back to match, or puts
an old copy of the database in its place, is found by the mark: a file beside the key that says how far the log had come.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import os
import threading
import uuid as uuid_module
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import shapely
import sqlalchemy as sa
from geoalchemy2 import WKBElement
from geoalchemy2.shape import to_shape
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from api.store.models import (
    AccessToken,
    AuditEntry,
    AuditHead,
    HazardEdit,
    IncidentGroup,
    Message,
    OutboxEntry,
    PatrolRun,
    PatrolStop,
    ServerSecret,
    SignInFailure,
    Source,
    ToldDue,
)
from api.store.models.base import Base, now

KEY_BYTES = 32
MARK = "audit.mark"
_UNWATCHED = (
    AccessToken,
    AuditEntry,
    AuditHead,
    HazardEdit,
    IncidentGroup,
    Message,
    OutboxEntry,
    PatrolRun,
    PatrolStop,
    ServerSecret,
    SignInFailure,
    Source,
    ToldDue,
)
_SECRET_COLUMNS = {"password_hash", "email", "token_sha256"}
UNLOGGED_COLUMNS = {"id", "source_row", "updated_at", "created_at", "source_id", "raw_geometry", "content_hash"}
_LONGEST_TEXT = 20_000
_marking = threading.Lock()
_LOG = cast(sa.Table, AuditEntry.__table__)
_HEAD = cast(sa.Table, AuditHead.__table__)


@dataclass(frozen=True)
class Who:
    """Who is behind the changes of a session, and from where.

    Attributes
    ----------
    person_id, person
        The signed-in person; none for the system itself.
    channel
        ``web``, ``command`` or ``system``.
    address, request_id
        Where a request came from, and its id in the server's log.
    """

    person_id: int | None = None
    person: str = ""
    channel: str = "system"
    address: str = ""
    request_id: str = ""


def audit_key(path: Path) -> bytes:
    """Return the key of the audit log from its file, made at the first start.

    Raises
    ------
    OSError
        Where the file can neither be read nor made.
    """
    if not path.exists():
        new = path.with_name(f"{path.name}.{uuid_module.uuid4().hex}")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(os.urandom(KEY_BYTES).hex())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(new, path)  # whole or not at all, and the first of two that start together
        new.unlink()
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def with_audit_key(engine: Engine, key: bytes, mark: Path | None = None) -> Engine:
    """Return an engine whose sessions seal the log with ``key``; without one they seal with an empty key.

    ``mark`` is the file that says how far the log has come.
    """
    return engine.execution_options(audit_key=key, audit_mark=mark)


def key_of(session: Session) -> bytes:
    """Return the key that a session seals with."""
    return bytes(session.get_bind().get_execution_options().get("audit_key", b""))


def watch(session: Session, who: Who) -> None:
    """Write what a session changes into the log, when it commits."""
    session.info["who"] = who
    session.info["audit"] = []
    event.listen(session, "after_flush", _collect)
    event.listen(session, "before_commit", _write)
    event.listen(session, "after_commit", _set_mark)


def note(
    session: Session,
    action: str,
    subject: str,
    *,
    identity: uuid_module.UUID | str = "",
    purpose: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Put a line into the log that the unit of work cannot see: a bulk load, a sealed view, a sign-in."""
    session.info["audit"].append(
        {
            "action": action,
            "subject": subject,
            "subject_uuid": str(identity),
            "purpose": purpose[:500],
            "before": _canonical(before),
            "after": _canonical(after),
        }
    )


def _canonical(values: Mapping[str, Any] | None) -> str | None:
    if values is None:
        return None
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=readable)


def readable(value: Any) -> Any:
    """Return a value of a record as the log writes it."""
    if value is None or isinstance(value, (bool, int, float, str, list, dict)):
        return value
    if isinstance(value, (WKBElement, shapely.Geometry)):
        text = shapely.to_wkt(to_shape(value) if isinstance(value, WKBElement) else value, rounding_precision=9)
        return (
            text if len(text) <= _LONGEST_TEXT else f"{text[:200]}… sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        )
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo is None else value.astimezone(dt.UTC)).isoformat()
    if isinstance(value, bytes):
        return f"{len(value)} bytes sha256:{hashlib.sha256(value).hexdigest()}"
    return str(value)


def _collect(session: Session, _context: object) -> None:
    for record in session.new:
        _line_of(session, record, "create")
    for record in session.dirty:
        if session.is_modified(record):
            _line_of(session, record, "update")
    for record in session.deleted:
        _line_of(session, record, "delete")


def _line_of(session: Session, record: Base, action: str) -> None:
    if isinstance(record, _UNWATCHED):
        return
    before, after = _values(record, action)
    if not before and not after:
        return
    note(
        session,
        action,
        record.__tablename__,
        identity=getattr(record, "uuid", None) or _key(record),
        before=before,
        after=after,
    )


def _key(record: Base) -> str:
    return "/".join(str(part) for part in sa.inspect(record).mapper.primary_key_from_instance(record))[:36]


def _values(record: Base, action: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the columns of a record before and after a change: of an update only those that changed."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    state = sa.inspect(record)
    for attribute in state.mapper.column_attrs:
        name = attribute.key
        if name in UNLOGGED_COLUMNS or name not in state.dict:
            continue
        value = state.dict[name]
        history = state.attrs[name].history
        secret = name in _SECRET_COLUMNS
        if action == "update":
            if history.has_changes():
                old = _without_track(history.deleted[0] if history.deleted else None)
                value = _without_track(value)
                before[name], after[name] = ("(secret)", "(changed)") if secret else (old, value)
        elif value not in (None, ""):
            (after if action == "create" else before)[name] = "(secret)" if secret else _without_track(value)
    return (None if action == "create" else before), (None if action == "delete" else after)


def _without_track(value: Any) -> Any:
    """Return the answers of a visit with the track's number of points in its place: the log outlives tracks."""
    if isinstance(value, dict) and isinstance(value.get("track"), list):
        return value | {"track": f"({len(value['track'])} points)"}
    return value


def _write(session: Session) -> None:
    """Append what was collected, under a lock that is held to the end of the transaction."""
    session.flush()
    lines: list[dict[str, Any]] = session.info["audit"]
    if not lines:
        return
    session.info["audit"] = []
    who: Who = session.info["who"]
    key = key_of(session)
    head = session.execute(sa.select(_HEAD).with_for_update()).one()  # SQLite: the transaction has the lock already
    seal, last = head.seal, head.last_id
    rows = []
    moment = now()
    for line in lines:
        last += 1
        row = {
            "id": last,
            "at": moment,
            "person_id": who.person_id,
            "person": who.person,
            "channel": who.channel,
            "address": who.address,
            "request_id": who.request_id,
        } | line
        seal = row["seal"] = _seal(key, seal, row)
        rows.append(row)
    session.execute(sa.insert(_LOG), rows)
    session.execute(sa.update(_HEAD).values(last_id=last, lines=head.lines + len(rows), seal=seal))
    session.info["head"] = (last, seal)


def _set_mark(session: Session) -> None:
    """Say in the file beside the key how far the log has come, now that it is on the disk.

    The mark may lag behind (a power cut, another process that was faster), and is never ahead. It is of one length and
    written over in one piece, so a program that is killed leaves the old or the new one.
    """
    path: Path | None = session.get_bind().get_execution_options().get("audit_mark")
    head: tuple[int, str] | None = session.info.pop("head", None)
    if path is None or head is None:
        return
    with contextlib.suppress(OSError):  # what is kept is kept, also where the mark cannot be set
        _write_mark(path, *head)


def _write_mark(path: Path, last: int, seal: str) -> None:
    with _marking:
        known = read_mark(path)
        if known is not None and known[0] >= last:
            return
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(handle, f"{last:020} {seal}\n".encode("ascii"))
        finally:
            os.close(handle)


def mark_end(session: Session, path: Path) -> None:
    """Set the mark to the end of a log that was put back as it is."""
    _write_mark(path, *end_of_log(session))


def end_of_log(session: Session) -> tuple[int, str]:
    """Return the last line of the log and its seal: the same where no record has changed."""
    head = session.execute(sa.select(_HEAD)).one()
    return head.last_id, head.seal


def read_mark(path: Path) -> tuple[int, str] | None:
    """Return the line of the log that the mark names, and its seal; None where there is no mark."""
    try:
        line, seal = path.read_text(encoding="ascii").split()
        return int(line), seal
    except (OSError, ValueError):
        return None


def _seal(key: bytes, before: str, row: Mapping[str, Any]) -> str:
    columns = [readable(row[c.name]) if c.name == "at" else row[c.name] for c in _LOG.columns if c.name != "seal"]
    text = json.dumps([before, *columns], ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def check_chain(session: Session, key: bytes, mark: tuple[int, str] | None = None) -> Iterator[str]:
    """Read the whole log, and yield one sentence for each line that is missing or not as it was written.

    Parameters
    ----------
    mark
        A line that the log has had, and its seal, as :func:`read_mark` gives them.
    """
    seal, expected = "", 1
    for row in session.execute(sa.select(_LOG).order_by(_LOG.c.id).execution_options(yield_per=1000)).mappings():
        if row["id"] != expected:
            yield f"lines {expected} to {row['id'] - 1} of the audit log are missing"
        elif not hmac.compare_digest(_seal(key, seal, dict(row)), row["seal"]):
            yield f"line {row['id']} of the audit log is not as it was written, or the one before it is not"
        elif mark is not None and row["id"] == mark[0] and not hmac.compare_digest(row["seal"], mark[1]):
            yield f"line {row['id']} of the audit log is another one than was there before"
        seal, expected = row["seal"], row["id"] + 1
    head = session.execute(sa.select(_HEAD)).one_or_none()
    if head is None:
        yield "the audit log has lost its head"
    elif (head.last_id, head.seal) != (expected - 1, seal):
        yield f"the audit log ends at line {expected - 1}, and should end at line {head.last_id}"
    if mark is not None and mark[0] >= expected:
        yield f"the audit log ends at line {expected - 1}, and has had {mark[0]}: lines were cut off its end"
