"""Files that people attach: told by their content, named without what could mislead, handed out as downloads only."""

from __future__ import annotations

import hashlib
import io
import re
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, UnsupportedTypeError
from api.security.people import Actor
from api.services.photos import files
from api.services.photos.pictures import redraw
from api.settings import Settings
from api.store.audit import Who
from api.store.engine import reading, writing
from api.store.models.base import KeptFile

TYPES = {
    "jpeg": "image/jpeg",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_MOST_PARTS, _MOST_UNPACKED_BYTES = 5_000, 500_000_000
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*\u202a-\u202e\u2066-\u2069]')


@dataclass(frozen=True)
class Attached:
    """A file as it is handed out."""

    content: bytes
    media_type: str
    name: str


class Find(Protocol):
    """Return the record that files are attached to, where it takes them from this person now; raise where not."""

    def __call__(self, session: Session, *, lock: bool) -> Any:
        """Return the record, locked until the transaction ends where that is asked for."""


@dataclass(frozen=True)
class Holder:
    """A record that files are attached to, and what is its own about that.

    ``known`` returns a file by its UUID, ``owns`` whether it is one of the record's, ``make`` the row of a new one where
    there is room for it, and ``view`` what clients are told of one.
    """

    find: Find
    known: Callable[[Session, uuid.UUID], Any]
    owns: Callable[[Any, Any], bool]
    make: Callable[[Session, Any, dict[str, Any]], Any]
    view: Callable[[Any, Any], dict[str, Any]]


def attach(
    engine: Engine, who: Who, actor: Actor, holder: Holder, given: tuple[uuid.UUID, str], content: bytes,
    settings: Settings,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    """Attach a file to a record; the same UUID with the same file again creates nothing.

    Parameters
    ----------
    given
        The UUID made by the client, and the file's name.

    Raises
    ------
    NotFoundError, ForbiddenError, ConflictError
        Where there is no such record, it takes no files of theirs now, it has enough, or the UUID is another file's.
    UnsupportedTypeError, BadInputError
        Where it is no picture, PDF, Word or Excel file, or one with macros.
    """
    identity, name = given
    sent = hashlib.sha256(content).hexdigest()
    with reading(engine) as session:
        owner = holder.find(session, lock=False)
        known = holder.known(session, identity)
        if known is not None:
            return _same(holder, owner, known, actor, sent), False
    kind, kept = recognised(content, settings)
    sha256 = files.keep(settings.data, kept, suffix=kind_suffix(kind))
    record = {"uuid": identity, "uploader_id": actor.id, "name": clean_name(name, kind), "kind": kind,
              "sha256": sha256, "sent_sha256": sent, "size_bytes": len(kept)}  # fmt: skip
    try:
        return _record(engine, who, actor, holder, record)
    except IntegrityError:  # the same file, sent twice at the same time: now the other one is there
        return _record(engine, who, actor, holder, record)


def _record(
    engine: Engine, who: Who, actor: Actor, holder: Holder, record: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    with writing(engine, who) as session:
        owner = holder.find(session, lock=True)
        known = holder.known(session, record["uuid"])
        if known is not None:
            return _same(holder, owner, known, actor, record["sent_sha256"]), False
        row = holder.make(session, owner, record)
        session.add(row)
        session.flush()
        return holder.view(owner, row), True


def _same(holder: Holder, owner: Any, known: KeptFile, actor: Actor, sent: str) -> dict[str, Any]:
    if not holder.owns(owner, known) or known.uploader_id != actor.id or known.sent_sha256 != sent:
        raise ConflictError("this id belongs to another file; send this one under a new id")
    return holder.view(owner, known)


def kept_file(row: KeptFile, settings: Settings) -> Attached:
    """Return a file as it is handed out, read from where it is kept."""
    content = files.read(settings.data, row.sha256, suffix=kind_suffix(row.kind))
    return Attached(content, TYPES[row.kind], row.name)


def recognised(content: bytes, settings: Settings) -> tuple[str, bytes]:
    """Return what a file is, by its content, and what is kept of it: pictures are drawn anew, without metadata.

    Raises
    ------
    UnsupportedTypeError, BadInputError
        Where it is nothing that is taken, or damaged.
    """
    if content.startswith(_PICTURES):
        picture = redraw(
            content, most_megapixels=settings.photo_max_megapixels, side_px=settings.photo_side_px, zone=ZoneInfo("UTC")
        )
        return "jpeg", picture.jpeg
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise BadInputError("the file cannot be used: it is cut off")
        return "pdf", content
    if content.startswith(b"PK\x03\x04"):
        return _office(content), content
    raise UnsupportedTypeError("send a picture (JPEG, PNG, WebP), a PDF, or a Word or Excel file (docx, xlsx)")


def _office(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise BadInputError("the file cannot be used: it is damaged") from error
    names = {part.filename.lower() for part in parts}
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED_BYTES:
        raise BadInputError("the file cannot be used: it unfolds to more than anybody wrote")
    if any(name.rpartition("/")[2] in {"vbaproject.bin", "vbadata.xml"} for name in names):
        raise UnsupportedTypeError("files with macros are not taken: save it without them")
    if "[content_types].xml" in names:
        for kind, part in (("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml")):
            if part in names:
                return kind
    raise UnsupportedTypeError("send a picture (JPEG, PNG, WebP), a PDF, or a Word or Excel file (docx, xlsx)")


def kind_suffix(kind: str) -> str:
    """Return how the name of a kept file of a kind ends."""
    return ".jpg" if kind == "jpeg" else f".{kind}"


def clean_name(name: str, kind: str) -> str:
    r"""Return a file's name without what could mislead, ending as its kind does.

    Examples
    --------
    >>> clean_name("C:\\reports\\每周.exe", "pdf"), clean_name("", "jpeg")
    ('每周.pdf', 'file.jpg')
    """
    stem = _NOT_IN_A_NAME.sub("", name.replace("\\", "/").rpartition("/")[2]).strip(". ")
    stem = stem.rpartition(".")[0] or stem
    return f"{stem[:150].strip('. ') or 'file'}{kind_suffix(kind)}"
