"""Backups that are made while others write, and put back; all data invented."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import stat
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa
from geoalchemy2.shape import from_shape
from sqlalchemy.engine import Engine

from api.errors import BadInputError, CampusError, ConflictError, UnavailableError
from api.services.backup import Backup, last_backup_at, make_backup
from api.services.backup_restore import Restored, restore_backup
from api.services.cities import add_city
from api.services.doctor import Finding, examine
from api.settings import Settings
from api.store import migrate
from api.store.audit import Who, check_chain, key_of
from api.store.engine import open_engine, reading, writing
from api.store.models import City, Hazard, Photo
from api.store.models.base import now
from tests.databases import Databases

WRITERS, AT_LEAST = 4, 30
MOMENT = dt.datetime(2026, 11, 3, 16, tzinfo=dt.UTC)


class Place:
    """A data folder and its database."""

    def __init__(self, data: Path, url: str) -> None:
        self.settings = Settings(data=data, database_url=url)
        self.engine: Engine | None = None

    def open(self) -> Engine:
        if self.engine is None:
            self.engine = open_engine(self.settings.resolved_database_url, self.settings.data)
        return self.engine

    def close(self) -> None:
        if self.engine is not None:
            self.engine.dispose()
            self.engine = None

    def findings(self) -> dict[str, Finding]:
        return {finding.check: finding for finding in examine(self.settings, now())}

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.settings.data / "files").rglob("*") if path.is_file()}


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Iterator[Place]:
    """Return a place with a city in it."""
    made = Place(tmp_path / "here", address(engine))
    with writing(made.open()) as session:
        add_city(session, code="330681", name="虚构市", settings=made.settings, invented=True)
    yield made
    made.close()


@pytest.fixture
def empty_place(databases: Databases, tmp_path: Path) -> Iterator[Callable[[], Place]]:
    """Return what makes empty places."""
    made: list[tuple[Place, Engine]] = []

    def make() -> Place:
        engine = databases.copy(None)
        new = Place(tmp_path / f"there-{len(made)}", address(engine))
        made.append((new, engine))
        return new

    yield make
    for one, engine in made:
        one.close()
        databases.drop(engine)


def quiet(_what: str, _done: int, _of: int) -> None:
    pass


def backed_up(place: Place, path: Path, *, force: bool = False) -> Backup:
    return make_backup(place.open(), place.settings, path, who=Who(channel="command"), force=force, report=quiet)


def restored(place: Place, path: Path) -> Restored:
    return restore_backup(place.settings, path, report=quiet)


def manifest_of(path: Path) -> dict[str, object]:
    with tarfile.open(path) as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        return dict(json.load(file))


def log_hazard(place: Place) -> uuid.UUID:
    """Keep a hazard and its photo as the system does: the file first, then both records at once."""
    picture = os.urandom(200)
    digest = hashlib.sha256(picture).hexdigest()
    path = place.settings.data / "files" / digest[:2] / f"{digest}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    with writing(place.open()) as session:
        city = session.scalars(sa.select(City)).one()
        hazard = Hazard(
            city_id=city.id,
            category="VEN",
            observed_at=MOMENT,
            location=from_shape(shapely.Point(120.24, 29.71), srid=4326),
            uuid=uuid.uuid4(),
            invented=True,
        )
        session.add(hazard)
        session.flush()
        session.add(
            Photo(
                hazard_id=hazard.id,
                sha256=digest,
                sent_sha256=digest,
                size_bytes=200,
                width_px=1,
                height_px=1,
                invented=True,
            )
        )
    return hazard.uuid


class Writers:
    """Threads that write as fast as they can."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._acknowledged: list[uuid.UUID] = []
        self._more = threading.Condition()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def _write(self) -> None:
        while not self._end.is_set():
            kept = log_hazard(self._place)
            with self._more:
                self._acknowledged.append(kept)
                self._more.notify_all()

    def acknowledged(self, at_least: int) -> set[uuid.UUID]:
        with self._more:
            assert self._more.wait_for(lambda: len(self._acknowledged) >= at_least, timeout=120)
            return set(self._acknowledged)

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()


def test_a_backup_under_writes_is_one_moment_with_everything_acknowledged(
    place: Place, empty_place: Callable[[], Place], tmp_path: Path
) -> None:
    archive = tmp_path / "campus.tar.gz"
    with Writers(place) as writers:
        before = writers.acknowledged(AT_LEAST)
        made = backed_up(place, archive)
        writers.acknowledged(len(before) + WRITERS + 1)  # the writers went on
    assert made.missing == made.damaged == ()
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600

    there = empty_place()
    done = restored(there, archive)
    manifest = manifest_of(archive)
    assert done.counts == made.counts == manifest["tables"]
    with reading(there.open()) as session:
        kept = set(session.scalars(sa.select(Hazard.uuid)))
        named = set(session.scalars(sa.select(Photo.sha256)))
        assert before <= kept
        assert len(kept) == len(named) == made.counts["hazards"] == made.counts["photos"]
        assert list(check_chain(session, key_of(session))) == []
    files = there.files()
    assert {f"{name}.jpg" for name in named} <= set(files)
    assert all(hashlib.sha256(data).hexdigest() == name.partition(".")[0] for name, data in files.items())
    assert (there.settings.data / "audit.key").read_bytes() == (place.settings.data / "audit.key").read_bytes()
    log_hazard(there)  # and it works
    findings = there.findings()
    assert {check for check, finding in findings.items() if finding.state == "error"} == set(), findings


def test_what_is_restored_is_what_was_there(place: Place, empty_place: Callable[[], Place], tmp_path: Path) -> None:
    for _ in range(3):
        log_hazard(place)
    again, archive = tmp_path / "again.tar", tmp_path / "plain.tar"
    backed_up(place, archive)
    there = empty_place()
    restored(there, archive)
    assert there.findings()["audit log"].seen == "nothing wrong"  # with its mark: lines cut off now are missed
    assert there.files() == place.files()
    assert last_backup_at(place.settings) is not None
    assert last_backup_at(there.settings) is None
    there.open()
    assert backed_up(there, again).counts["hazards"] == 3
    before, after = (manifest_of(path)["members"] for path in (archive, again))
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed <= {"database.sqlite", "database.dump"}  # which has the line of the second backup


def test_nothing_is_written_over(place: Place, empty_place: Callable[[], Place], tmp_path: Path) -> None:
    archive = tmp_path / "campus.tar"
    archive.write_text("something of somebody's")
    with pytest.raises(ConflictError, match="--force"):
        backed_up(place, archive)
    assert archive.read_text() == "something of somebody's"
    backed_up(place, archive, force=True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []
    with pytest.raises(ConflictError, match="CAMPUS_DATA"):
        restored(place, archive)
    there = empty_place()
    restored(there, archive)
    with pytest.raises(ConflictError):
        restored(there, archive)


def test_an_empty_database_is_not_backed_up(empty_place: Callable[[], Place], tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="empty"):
        backed_up(empty_place(), tmp_path / "campus.tar")
    assert not (tmp_path / "campus.tar").exists()


def test_an_older_backup_is_upgraded_and_a_newer_one_refused(
    databases: Databases, empty_place: Callable[[], Place], tmp_path: Path
) -> None:
    old = empty_place()
    migrate.upgrade(old.open(), "0002")
    archive = tmp_path / "old.tar"
    backed_up(old, archive)
    there = empty_place()
    done = restored(there, archive)
    assert (done.revision, done.upgraded_to) == ("0002", migrate.head_revision())
    assert migrate.current_revision(there.open()) == migrate.head_revision()

    newer = rewritten(archive, tmp_path / "newer.tar", manifest={"revision": "9999"})
    with pytest.raises(BadInputError, match="newer program"):
        restored(empty_place(), newer)
    other = "PostGIS" if databases.kind == "spatialite" else "SpatiaLite"
    foreign = rewritten(archive, tmp_path / "foreign.tar", manifest={"database": other})
    with pytest.raises(BadInputError, match=other):
        restored(empty_place(), foreign)


def rewritten(
    source: Path,
    target: Path,
    *,
    manifest: dict[str, object] | None = None,
    without: str = "",
    adding: tuple[tarfile.TarInfo, bytes] | None = None,
) -> Path:
    """Copy an archive with something changed in it."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        if adding is not None:
            new.addfile(adding[0], io.BytesIO(adding[1]))
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            data = file.read()
            if member.name == "manifest.json":
                data = json.dumps(json.loads(data) | (manifest or {})).encode()
                member.size = len(data)
            if member.name != without:
                new.addfile(member, io.BytesIO(data))
    return target


def header(name: str, size: int = 0, **said: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = size
    for key, value in said.items():
        setattr(made, key, value)
    return made


def test_damaged_and_malicious_archives_are_refused_and_leave_nothing(
    place: Place, empty_place: Callable[[], Place], tmp_path: Path
) -> None:
    log_hazard(place)
    good = tmp_path / "good.tar"
    backed_up(place, good)
    whole = good.read_bytes()
    manifest = manifest_of(good)
    photo = next(name for name in manifest["members"] if name.startswith("files/"))  # type: ignore[attr-defined]
    with tarfile.open(good) as archive:
        inside_photo = archive.getmember(photo).offset_data + 50
    flipped = bytearray(whole)
    flipped[inside_photo] ^= 1
    outside = tmp_path / "outside"

    bad = {
        "flipped": bytes(flipped),
        "cut short": whole[: len(whole) // 2],
        "empty": b"",
        "something else": b"no archive " * 1000,
    }
    archives = []
    for name, data in bad.items():
        archives.append(tmp_path / f"{name}.tar")
        archives[-1].write_bytes(data)
    packed = tmp_path / "packed.tar.gz"
    backed_up(place, packed)
    archives.append(tmp_path / "packed cut short.tar.gz")
    archives[-1].write_bytes(packed.read_bytes()[:-2000])
    additions = [
        header("../outside", 3),
        header(str(outside), 3),
        header("files/../../outside", 3),
        header("files/.hidden", 3),
        header("files/link", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        header("files/hard", type=tarfile.LNKTYPE, linkname="audit.key"),
        header("files/pipe", type=tarfile.FIFOTYPE),
        header("files", type=tarfile.DIRTYPE),
        header("audit.key", 3),  # twice
        header("files/unheard-of", 3),
    ]
    for number, addition in enumerate(additions):
        data = b"abc"[: addition.size]
        archives.append(rewritten(good, tmp_path / f"added-{number}.tar", adding=(addition, data)))
    tables = {**manifest["tables"], "hazards": 7}  # type: ignore[dict-item]
    archives += [
        rewritten(good, tmp_path / "without a photo.tar", without=photo),
        rewritten(good, tmp_path / "without a manifest.tar", without="manifest.json"),
        rewritten(good, tmp_path / "future.tar", manifest={"format": 2}),
        rewritten(good, tmp_path / "no members.tar", manifest={"members": None}),
    ]
    there = empty_place()
    for path in archives:
        with pytest.raises(BadInputError):
            restored(there, path)
        assert list(there.settings.data.iterdir()) == [], path
        assert not outside.exists()
    with pytest.raises(CampusError, match="hazards has 1 rows"):
        restored(empty_place(), rewritten(good, tmp_path / "miscounted.tar", manifest={"tables": tables}))
    restored(there, good)


def test_missing_and_damaged_files_are_named(place: Place, tmp_path: Path) -> None:
    for _ in range(2):
        log_hazard(place)
    lost, spoilt = sorted((place.settings.data / "files").rglob("*.jpg"))
    lost.unlink()
    spoilt.write_bytes(b"something else")
    stray = place.settings.data / "files" / f"{'0' * 64}.jpg"
    stray.write_bytes(b"of an upload that did not end")
    made = backed_up(place, tmp_path / "campus.tar")
    assert made.missing == (lost.stem,)
    assert sorted(Path(name).stem for name in made.damaged) == sorted([spoilt.stem, stray.stem])
    findings = place.findings()
    assert findings["files of records"].state == "error"
    assert "is not there" in findings["files of records"].seen
    assert "is not what its name says" in findings["files of records"].seen
    assert findings["stray files"].state == "ok"
    assert findings["stray files"].seen.startswith("1 ")
