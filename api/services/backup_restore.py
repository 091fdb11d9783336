"""Put a backup back into an empty place, after holding every byte of it against its manifest."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine, make_url

from api.errors import BadInputError, ConflictError, UnavailableError
from api.services.backup import FILES, FORMAT, KEY, MANIFEST, Report
from api.settings import Settings
from api.store import migrate, snapshots
from api.store.audit import MARK, mark_end
from api.store.engine import make_engine, reading

_PART_BYTES = 1 << 20
_LARGEST_MANIFEST_BYTES = 1 << 28
_NAME = re.compile(
    rf"{re.escape(MANIFEST)}|database\.(sqlite|dump)|{re.escape(KEY)}|{FILES}(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+"
)


@dataclass(frozen=True)
class Restored:
    """What was put back: rows of each table, how many files, and the versions of the tables before and after."""

    counts: dict[str, int]
    files: int
    revision: str
    upgraded_to: str | None


def restore_backup(settings: Settings, path: Path, *, report: Report) -> Restored:
    """Put a backup back.

    Everything is unpacked beside the data folder and checked there first; only then does it take its place, the
    database last.

    Raises
    ------
    ConflictError
        Where the place is not empty.
    BadInputError
        For an archive that is damaged, holds what it should not, is of the other kind of database, or of a newer
        program.
    UnavailableError
        Where a program that is needed is missing.
    """
    url = make_url(settings.resolved_database_url)
    embedded = url.get_backend_name() == "sqlite"
    target = Path(url.database or "") if embedded else None
    _refuse_unless_empty(settings, target)
    if not path.is_file():
        raise BadInputError(f"there is no file {path}")
    with _folder_beside(settings.data) as folder:
        manifest = _unpack(path, folder, report)
        database = folder / _checked_database(manifest, embedded=embedded)
        if target is None:
            counts = _restore_dump(settings, manifest, database, folder)
        else:
            counts = _held_against(manifest, snapshots.look_at_file(database))
            _place_files(settings, folder)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.move(database, target)
    with _opened(settings) as engine:
        upgraded_to = _upgraded(engine, manifest["revision"])
        with reading(engine) as session:
            mark_end(session, settings.data / MARK)
    return Restored(
        counts=counts,
        files=sum(name.startswith(f"{FILES}/") for name in manifest["members"]),
        revision=manifest["revision"],
        upgraded_to=upgraded_to,
    )


def _refuse_unless_empty(settings: Settings, target: Path | None) -> None:
    beside = [] if target is None else [target, Path(f"{target}-wal")]
    there = [path for path in beside if path.exists() and path.stat().st_size]
    if (settings.data / FILES).is_dir() and any((settings.data / FILES).iterdir()):
        there.append(settings.data / FILES)
    if (settings.data / KEY).exists():
        there.append(settings.data / KEY)
    if there:
        raise ConflictError(
            f"{there[0]} is there already; a backup is put into an empty place: "
            "move the data folder away, or name another with CAMPUS_DATA"
        )
    if target is None:
        with _opened(settings) as engine:
            snapshots.refuse_unless_empty(engine)


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[Engine]:
    engine = make_engine(settings.resolved_database_url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def _folder_beside(data: Path) -> Iterator[Path]:
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".campus-restore-", dir=data) as folder:
        yield Path(folder)


def _unpack(path: Path, folder: Path, report: Report) -> dict[str, Any]:
    """Unpack the archive, and return its manifest when every member is what it says."""
    found: dict[str, dict[str, object]] = {}
    size = path.stat().st_size
    try:
        with path.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:*") as archive:
            for member in archive:
                _refuse_odd(member, found)
                if member.size > shutil.disk_usage(folder).free:
                    raise UnavailableError(f"{member.name} needs {member.size} bytes, and the disk has no room for it")
                found[member.name] = _unpack_one(archive, member, folder / member.name)
                report("checking", raw.tell(), size)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise BadInputError(f"{path} is damaged, or not a backup: {str(error).splitlines()[0].rstrip(':')}") from None
    except OSError as error:
        if error.errno is not None:
            raise  # of the disk, and not of the archive
        raise BadInputError(f"{path} is damaged: {error}") from None
    if found.pop(MANIFEST, None) is None:
        raise BadInputError(f"{path} is damaged, or not a backup: it has no {MANIFEST}")
    manifest = _read_manifest(folder / MANIFEST, path)
    for name in sorted(set(found) | set(manifest["members"])):
        if found.get(name) != manifest["members"].get(name):
            raise BadInputError(f"{path} is damaged: {name} is not what the manifest says; nothing was restored")
    return manifest


def _refuse_odd(member: tarfile.TarInfo, found: dict[str, dict[str, object]]) -> None:
    if not member.isreg() or member.issparse():
        raise BadInputError(f"the archive holds {member.name[:100]!r}, which is no plain file; nothing was restored")
    if _NAME.fullmatch(member.name) is None:
        raise BadInputError(f"the archive holds {member.name[:100]!r}, which a backup never does; nothing was restored")
    if member.name in found:
        raise BadInputError(f"the archive holds {member.name[:100]!r} twice; nothing was restored")


def _unpack_one(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> dict[str, object]:
    source = archive.extractfile(member)
    assert source is not None  # noqa: S101 - it is a plain file
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while part := source.read(_PART_BYTES):
            digest.update(part)
            size += len(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return {"size": size, "sha256": digest.hexdigest()}


def _read_manifest(file: Path, path: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _LARGEST_MANIFEST_BYTES:
            raise ValueError("it is too large")
        manifest = json.loads(file.read_text(encoding="utf-8"))
        fits = (
            isinstance(manifest["members"], dict)
            and all(isinstance(count, int) for count in manifest["tables"].values())
            and isinstance(manifest["revision"], str)
            and isinstance(manifest["database"], str)
        )
        if not fits:
            raise ValueError("a part of it is of the wrong kind")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInputError(f"{path} is damaged: its {MANIFEST} cannot be read: {error}") from None
    if manifest.get("format") != FORMAT:
        raise BadInputError(f"{path} is a backup of a newer program; use that program to restore it")
    return dict(manifest)


def _checked_database(manifest: dict[str, Any], *, embedded: bool) -> str:
    backend = "sqlite" if embedded else "postgresql"
    if manifest["database"] != snapshots.KINDS[backend] or snapshots.MEMBERS[backend] not in manifest["members"]:
        raise BadInputError(
            f"the backup is of a {manifest['database']} database, and --database names a {snapshots.KINDS[backend]} one"
        )
    if not snapshots.knows_revision(manifest["revision"]):
        raise BadInputError(
            f"the backup is of version {manifest['revision']}, which this program does not know; "
            "install the newer program that wrote it"
        )
    return snapshots.MEMBERS[backend]


def _held_against(manifest: dict[str, Any], snapshot: snapshots.Snapshot) -> dict[str, int]:
    counts = dict(snapshot.counts)
    for name, count in manifest["tables"].items():
        if counts.get(name) != count:
            raise BadInputError(f"{name} has {counts.get(name)} rows, and the manifest says {count}")
    if snapshot.revision != manifest["revision"]:
        raise BadInputError(
            f"the database is of version {snapshot.revision}, and the manifest says {manifest['revision']}"
        )
    return counts


def _restore_dump(settings: Settings, manifest: dict[str, Any], dump: Path, folder: Path) -> dict[str, int]:
    with _opened(settings) as engine:
        try:
            snapshots.put_back_dump(engine, dump)
            counts = _held_against(manifest, snapshots.look_at(engine))
        except BadInputError as error:
            raise UnavailableError(f"the database was restored, but not as it was: {error}; drop it") from None
    _place_files(settings, folder)
    return counts


def _place_files(settings: Settings, folder: Path) -> None:
    for name in (FILES, KEY):
        if (folder / name).exists():
            if (settings.data / name).is_dir():
                (settings.data / name).rmdir()  # it is empty
            (folder / name).rename(settings.data / name)


def _upgraded(engine: Engine, revision: str) -> str | None:
    if revision == migrate.head_revision():
        return None
    migrate.upgrade(engine)
    return migrate.head_revision()
