"""One file with everything: the database as it is at one moment, and the files that its records speak of.

The database is copied first and the files after it. Files are named by their content and are neither changed nor taken
away, so that whatever the copy of the database names is there when the files are copied.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import json
import os
import tarfile
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from api import __version__
from api.errors import ConflictError
from api.settings import Settings
from api.store import snapshots
from api.store.audit import Who, note
from api.store.engine import writing

FORMAT = 1
MANIFEST = "manifest.json"
KEY = "audit.key"
FILES = "files"
_LAST = "last-backup.json"
_NAME_LENGTH = 64  # of a SHA-256
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Backup:
    """A backup that was made.

    Attributes
    ----------
    path, size_bytes
        The archive.
    counts
        Rows of each table.
    files
        How many files are in it, besides the database.
    missing, damaged
        Files that records speak of and that are not there, and files that are not what their names say.
    """

    path: Path
    size_bytes: int
    counts: dict[str, int]
    files: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]


@dataclass
class _Contents:
    """What has been put into the archive so far."""

    members: dict[str, dict[str, object]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)


def make_backup(
    engine: Engine, settings: Settings, path: Path, *, who: Who, force: bool = False, report: Report
) -> Backup:
    """Write a backup while the system works.

    It is written under another name and renamed when all of it is on the disk, so a file of this name is whole.

    Parameters
    ----------
    engine
        An engine of the database.
    settings
        The settings; the files are those in its data folder.
    path
        The archive: a tar file, compressed where the name ends in ``.gz`` or ``.tgz``.
    who
        Who makes it, for the audit log.
    force
        Replace a file that is there.
    report
        Called with what is being done, how much of it is done and how much there is.

    Raises
    ------
    ConflictError
        Where there is a file of that name already.
    UnavailableError
        Where the database is empty, or a program that is needed is missing or too old.
    """
    if path.exists() and not force:
        raise ConflictError(f"{path} is there already; take another name, or replace it with --force")
    _log(engine, who, path)
    with _private_folder(path.parent) as folder:
        member = snapshots.MEMBERS[snapshots.backend_of(engine)]
        snapshot = snapshots.take(engine, folder / member, lambda done, of: report("database", done, of))
        written = folder / "archive"
        contents = _Contents()
        with _created(written) as raw, _tar(raw, path.name) as archive:
            _add(archive, contents, member, folder / member)
            _add_files(archive, contents, settings, report)
            missing = sorted(snapshot.files - {_content_name(name) for name in contents.members})
            manifest = {
                "format": FORMAT,
                "program": __version__,
                "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                "database": snapshots.KINDS[snapshots.backend_of(engine)],
                "revision": snapshot.revision,
                "tables": snapshot.counts,
                "members": contents.members,
                "missing": missing,
            }
            _add_text(archive, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        size = written.stat().st_size
        written.replace(path)
    _sync_folder(path.parent)
    _remember(settings, size)
    files = sum(name.startswith(f"{FILES}/") for name in contents.members)
    return Backup(path, size, dict(snapshot.counts), files, tuple(missing), tuple(contents.damaged))


def last_backup_at(settings: Settings) -> dt.datetime | None:
    """Return when the last backup from this data folder was made; None where none is known."""
    try:
        said = json.loads((settings.data / _LAST).read_text(encoding="utf-8"))
        return dt.datetime.fromisoformat(said["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def content_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the files beside the database, as name in the archive and path; not those that are still being written."""
    root = settings.data / FILES
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if len(_content_name(name)) == _NAME_LENGTH and path.is_file() and not path.is_symlink():
                yield f"{FILES}/{path.relative_to(root).as_posix()}", path


def sha256_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of the rest of a file."""
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def content_name_of(path: Path) -> str:
    """Return the SHA-256 that a file's name says."""
    return _content_name(path.name)


def _content_name(name: str) -> str:
    stem = name.rpartition("/")[2].partition(".")[0]
    return stem if len(stem) == _NAME_LENGTH and not stem.strip("0123456789abcdef") else ""


def _log(engine: Engine, who: Who, path: Path) -> None:
    # sealed records leave the database with it, so it is a line of the log; a database that cannot be written to is
    # copied all the same
    with contextlib.suppress(DBAPIError), writing(engine, who) as session:
        note(session, "backup", "database", after={"file": path.name[:200]})


@contextlib.contextmanager
def _private_folder(parent: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".campus-backup-", dir=parent) as folder:  # of mode 0700
        yield Path(folder)


@contextlib.contextmanager
def _created(path: Path) -> Iterator[IO[bytes]]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        yield raw
        raw.flush()
        os.fsync(raw.fileno())


def _tar(raw: IO[bytes], name: str) -> tarfile.TarFile:
    if name.endswith((".gz", ".tgz")):
        return tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3)
    return tarfile.open(fileobj=raw, mode="w")


def _add_files(archive: tarfile.TarFile, contents: _Contents, settings: Settings, report: Report) -> None:
    files = list(content_files(settings))
    for number, (name, path) in enumerate(files):
        _add(archive, contents, name, path)
        if contents.members[name]["sha256"] != content_name_of(path):
            contents.damaged.append(name)
        report("files", number + 1, len(files))
    if (settings.data / KEY).is_file():
        _add(archive, contents, KEY, settings.data / KEY)


class _Hashing(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        part = self._file.read(size)
        self._hash.update(part)
        return part

    def sha256(self) -> str:
        """Return the SHA-256 of what was read."""
        return self._hash.hexdigest()


def _add(archive: tarfile.TarFile, contents: _Contents, name: str, path: Path) -> None:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        hashing = _Hashing(file)
        archive.addfile(_header(name, status.st_size, status.st_mtime), hashing)
    contents.members[name] = {"size": status.st_size, "sha256": hashing.sha256()}


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    archive.addfile(_header(name, len(data), dt.datetime.now(dt.UTC).timestamp()), io.BytesIO(data))


def _header(name: str, size: int, changed_at: float) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mtime, header.mode = size, int(changed_at), 0o600
    return header


def _remember(settings: Settings, size: int) -> None:
    """Keep when this was, for `campus doctor` and the figures; the backup is good without it."""
    with contextlib.suppress(OSError):
        new = settings.data / f".{_LAST}.{uuid.uuid4().hex}"
        new.write_text(json.dumps({"at": dt.datetime.now(dt.UTC).isoformat(), "size_bytes": size}), encoding="utf-8")
        new.replace(settings.data / _LAST)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every file system can
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
