"""Files that records speak of: named by their content, written so that a power loss leaves them whole or not there.

A file lies in ``files/ab/cd/<sha256>.jpg`` of the data folder, of which no web server knows. It is written beside its
place under another name, synced, and renamed; the folders are synced too. Only then may a record speak of it. Small
copies lie in ``thumbnails`` in the same way, named by the photo they were made of; they can be made again at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from api.errors import UnavailableError

FILES, THUMBNAILS = "files", "thumbnails"


def keep(data: Path, content: bytes, *, suffix: str = ".jpg") -> str:
    """Keep a file, and return the SHA-256 that names it; when this returns it is on the disk.

    Parameters
    ----------
    data
        The data folder.
    content
        The whole file; the same content twice is one file.
    suffix
        How its name ends.

    Raises
    ------
    UnavailableError
        Where the disk is full or cannot be written to; nothing half is left behind.
    """
    name = hashlib.sha256(content).hexdigest()
    _write(data, path_of(data, name, suffix=suffix), content)
    return name


def path_of(data: Path, name: str, root: str = FILES, *, suffix: str = ".jpg") -> Path:
    """Return where the file of a name lies."""
    return data / root / name[:2] / name[2:4] / f"{name}{suffix}"


def read(data: Path, name: str, *, suffix: str = ".jpg") -> bytes:
    """Return a file that was kept.

    Raises
    ------
    UnavailableError
        Where it is not there, or cannot be read.
    """
    try:
        return path_of(data, name, suffix=suffix).read_bytes()
    except OSError as error:
        raise UnavailableError("the file of this photo cannot be read at the moment") from error


def small_copy(data: Path, name: str, make: Callable[[bytes], bytes]) -> bytes:
    """Return the small copy of a photo, made when it is first asked for; a full disk only means made each time."""
    path = path_of(data, name, THUMBNAILS)
    with contextlib.suppress(OSError):
        return path.read_bytes()
    made = make(read(data, name))
    with contextlib.suppress(UnavailableError):
        _write(data, path, made)
    return made


def _write(data: Path, path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _is_there(path, content):
            _place(path, content)
        folder = path.parent
        while folder != data.parent:  # another upload may have made folders that are not on the disk yet
            _sync_folder(folder)
            if folder == data:
                break
            folder = folder.parent
    except OSError as error:
        raise UnavailableError(
            "the photo cannot be kept at the moment: the disk is full or cannot be written"
        ) from error


def _is_there(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


def _place(path: Path, content: bytes) -> None:
    new = path.with_name(f".new-{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
