"""Files that are sent in forms, taken in pieces: counted while they come, on the disk beyond a megabyte."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.lowlevel
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.errors import BadInputError, Problem, TooLargeError, UnavailableError, UnsupportedTypeError

_FIELDS = 10
_LONGEST_FIELD_BYTES = 10_000
_FORM_BYTES = 100_000  # what stands around the file: the other fields, and the boundaries
# A form that is somewhat too large is read to its end and thrown away piece by piece, so that a browser gets the
# answer; one that is far too large finds its connection closed.
_READ_ON_FACTOR = 4
# Photos that are drawn anew at once. Each takes up to a gigabyte for its pixels, and a processor for up to seconds:
# more at once would only take the memory, and the threads that answer everybody else.
_AT_ONCE = 2
_limiter: anyio.lowlevel.RunVar[anyio.CapacityLimiter] = anyio.lowlevel.RunVar("photos drawn at once")
# What was sent goes out as what it is and never as a page, whatever somebody has smuggled into it. Kept by the browser, but asked for
# again each time: the right to see it may have ended.
AS_NO_PAGE = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True)
class Upload:
    """A form with one file: the other fields as they were sent, and the file, open."""

    fields: dict[str, str]
    file: UploadFile


class _Counted:
    """The body of a request, counted by what comes and not by what its headers promise."""

    def __init__(self, request: Request, most_bytes: int) -> None:
        self._request = request
        self._most_bytes = most_bytes
        self.too_large = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        taken = 0
        async for piece in self._request.stream():
            taken += len(piece)
            if taken > _READ_ON_FACTOR * self._most_bytes:
                self.too_large = True
                return
            if taken > self._most_bytes:
                self.too_large = True  # the rest goes nowhere
            else:
                yield piece


@asynccontextmanager
async def read_upload(request: Request, *, most_mb: float) -> AsyncIterator[Upload]:
    """Read a form with one file called ``file``, which is closed at the end.

    Raises
    ------
    UnsupportedTypeError
        Where the request is no form of this kind.
    TooLargeError
        Where more bytes come than ``most_mb`` megabytes and what stands around them.
    BadInputError
        Where the form is broken, has no file, two of them, or a field twice.
    UnavailableError
        Where there is no room for the file.
    """
    request.state.counts_its_body = True
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise UnsupportedTypeError("send multipart/form-data, with id and file")
    most_bytes = round(most_mb * 1_000_000)
    counted = _Counted(request, most_bytes + _FORM_BYTES)
    parser = MultiPartParser(
        request.headers, counted.pieces(), max_files=1, max_fields=_FIELDS, max_part_size=_LONGEST_FIELD_BYTES
    )
    try:
        form = await parser.parse()
    except ClientDisconnect:
        raise HTTPException(400, "the connection ended before the file did") from None
    except MultiPartException as error:
        if counted.too_large:
            raise _too_large(most_mb) from None
        raise BadInputError(f"the form cannot be read: {error.message}") from None
    except OSError as error:
        raise UnavailableError("there is no room for the file at the moment") from error
    file = form.get("file")
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if counted.too_large or (isinstance(file, UploadFile) and (file.size or 0) > most_bytes):
        await form.close()
        raise _too_large(most_mb)
    if not isinstance(file, UploadFile) or len(fields) != len({name for name, _ in fields}):
        await form.close()
        what = "a file is needed, and each field once"
        raise BadInputError(f"the form cannot be used: {what}", problems=[Problem("body.file", what)])
    try:
        yield Upload(dict(fields), file)
    finally:
        await file.close()


def _too_large(most_mb: float) -> TooLargeError:
    return TooLargeError(f"more than {most_mb:g} MB")


def drawing() -> anyio.CapacityLimiter:
    """Return what limits how many files are drawn anew at once."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        _limiter.set(limiter)
        return limiter
