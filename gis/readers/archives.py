"""Zip files from others: looked through and unpacked with limits, names of Chinese Windows read rightly."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gis.errors import UnreadableFileError
from gis.readers.report import Limits, shorten

_MOST_MEMBERS = 2_000
_HIGHEST_RATIO = 200
# Small members may be packed as tightly as they like: nobody is harmed by a few megabytes.
_RATIO_COUNTS_FROM = 20_000_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file in a zip: its readable path, and how the archive itself calls it."""

    path: PurePosixPath
    info: zipfile.ZipInfo

    @property
    def ending(self) -> str:
        """The ending of its name, in lower case."""
        return self.path.suffix.lower()


@contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[tuple[zipfile.ZipFile, list[Member]]]:
    """Open a zip and list its files, after looking for everything that makes it unsafe.

    Raises
    ------
    UnreadableFileError
        Where it is damaged or locked, has too many or too large members, or paths that lead out of it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive, _members(archive, path, limits)
    except zipfile.BadZipFile as error:
        msg = f"{path.name}: the zip file is damaged or not complete ({error}); fetch or pack it again"
        raise UnreadableFileError(msg) from None
    except (NotImplementedError, zlib.error, EOFError, OSError, RuntimeError, struct.error) as error:
        msg = f"{path.name}: the zip file cannot be unpacked ({shorten(error, 100)}); pack it again as a plain zip"
        raise UnreadableFileError(msg) from None


def _members(archive: zipfile.ZipFile, path: Path, limits: Limits) -> list[Member]:
    infos = archive.infolist()
    if len(infos) > _MOST_MEMBERS:
        msg = f"{path.name}: {len(infos):,} files in one zip are more than {_MOST_MEMBERS:,}; pack only what is needed"
        raise UnreadableFileError(msg)
    total = sum(info.file_size for info in infos)
    if total > limits.size:
        msg = f"{path.name}: unpacked it has {total / 1e6:,.0f} MB, more than the {limits.size / 1e6:,.0f} MB allowed"
        raise UnreadableFileError(msg)
    out = []
    for info in infos:
        name = readable_name(info)
        pure = PurePosixPath(name.replace("\\", "/"))
        shown = shorten(name)
        if pure.is_absolute() or ".." in pure.parts or (pure.parts and pure.parts[0].endswith(":")):
            msg = f"{path.name}: the path {shown!r} in the zip leads out of it; such a file is not opened"
            raise UnreadableFileError(msg)
        if stat.S_ISLNK(info.external_attr >> 16):
            msg = f"{path.name}: {shown!r} in the zip is a link; pack the file itself"
            raise UnreadableFileError(msg)
        if info.flag_bits & 0x1:
            msg = f"{path.name}: {shown!r} in the zip is locked with a password; pack it without one"
            raise UnreadableFileError(msg)
        if info.file_size > _RATIO_COUNTS_FROM and info.file_size > _HIGHEST_RATIO * max(info.compress_size, 1):
            msg = (
                f"{path.name}: {shown!r} unpacks to {info.file_size / 1e6:,.0f} MB from "
                f"{info.compress_size / 1e6:,.1f} MB; this looks like a zip bomb and is not opened"
            )
            raise UnreadableFileError(msg)
        if not info.is_dir() and not _is_clutter(pure):
            out.append(Member(pure, info))
    return out


def _is_clutter(path: PurePosixPath) -> bool:
    return "__MACOSX" in path.parts or path.name.startswith("._") or path.name in {".DS_Store", "Thumbs.db"}


def readable_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; where it is not marked as UTF-8 it may be that all the same, else GB 18030."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.orig_filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.orig_filename


def unpack(archive: zipfile.ZipFile, member: Member, target: Path, limits: Limits) -> None:
    """Write one member to ``target``, a path of our own making; never to the path that the archive names."""
    written = 0
    with archive.open(member.info) as source, target.open("wb") as out:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > limits.size:
                msg = f"{member.path.name}: unpacked it has more than the {limits.size / 1e6:,.0f} MB allowed"
                raise UnreadableFileError(msg)
            out.write(chunk)
