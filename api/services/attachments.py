"""Files that people attach: told by their content, named without what could mislead, handed out as downloads only."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.errors import BadInputError, UnsupportedTypeError
from api.services.photos.pictures import redraw
from api.settings import Settings

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
