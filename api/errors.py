"""The problems that services raise; they know no HTTP.

::

    CampusError
    ├── NotFoundError       there is no such record
    ├── ConflictError       the record contradicts one that is there
    ├── StaleError          somebody else changed the record meanwhile
    ├── ForbiddenError      the person may not do this
    ├── SignInError         wrong name or password, or nobody is signed in
    ├── RateLimitError      too many requests of this kind; ``wait_s`` says how long to wait
    ├── BadInputError       input that cannot be used; ``problems`` says where and why
    │   ├── TooLargeError         a file of more bytes or pixels than are taken
    │   └── UnsupportedTypeError  a kind of file that is not read here
    └── UnavailableError    the database or a needed part is not there at the moment
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_TOO_LONG = re.compile(r"Value should have at most (\d+) items after validation, not (\d+)")


def words_of(message: str) -> str:
    """Return what validation says of a value in words for people: the items of a text are its characters."""
    message = message.removeprefix("Value error, ")
    return _TOO_LONG.sub(r"the text has \2 characters; at most \1 can be kept", message)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input: where, what, and a stable code."""

    where: str
    what: str
    code: str = "invalid"


class CampusError(Exception):
    """Base of the problems that services raise; ``more`` holds what else a client is told, by name."""

    code = "error"

    def __init__(self, detail: str, *, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problems = tuple(problems)
        self.more: dict[str, Any] = {}


class NotFoundError(CampusError):
    """There is no such record."""

    code = "not-found"


class GoneError(CampusError):
    """What was there for a time is not any more."""

    code = "gone"


class ConflictError(CampusError):
    """The record contradicts one that is there."""

    code = "conflict"


class StaleError(CampusError):
    """Somebody else changed the record meanwhile."""

    code = "stale"


class ForbiddenError(CampusError):
    """The person may not do this."""

    code = "forbidden"


class SignInError(CampusError):
    """The name or the password is wrong, or nobody is signed in."""

    code = "sign-in"


class RateLimitError(CampusError):
    """Too many requests of one kind; try again after ``wait_s`` seconds."""

    code = "too-many"

    def __init__(self, detail: str, *, wait_s: float) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class BadInputError(CampusError):
    """Input that cannot be used; ``problems`` says where and why."""

    code = "bad-input"


class TooLargeError(BadInputError):
    """A file of more bytes or pixels than are taken."""

    code = "too-large"


class UnsupportedTypeError(BadInputError):
    """A kind of file that is not read here."""

    code = "unsupported-type"


class UnavailableError(CampusError):
    """The database or a needed part is not there at the moment."""

    code = "unavailable"
