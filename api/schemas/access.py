"""What is sent about people: signing in, tokens, accounts."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.schemas.filing import DepartmentCode
from api.schemas.messages import Email
from api.schemas.records import In, Short, Text

# its spaces are part of a password
Password = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=False)]
Role = Literal["inspector", "handler", "dispatcher", "police", "liaison", "leader", "viewer", "admin"]


class SignInIn(In):
    """A name and a password."""

    username: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


class TokenIn(In):
    """A bearer token for a script: a name to know it by, and how long it lasts."""

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=366)] = 90


class PasswordIn(In):
    """One's own new password, and the present one."""

    old: Password
    new: Password


class PersonIn(In):
    """A new account; without a password one is made up and shown once."""

    id: uuid.UUID
    name: Annotated[Text, Field(min_length=1, max_length=64)]
    display_name: Annotated[Text, Field(max_length=100)] = ""
    roles: Annotated[list[Role], Field(max_length=8)]
    password: Password | None = None
    department: DepartmentCode | None = None
    email: Email = ""
    city_sign_on: bool = False  # by the city's own sign-on alone: no password


class PersonPatch(In):
    """What may change of an account."""

    display_name: Annotated[Text, Field(max_length=100)] | None = None
    roles: Annotated[list[Role], Field(max_length=8)] | None = None
    department: DepartmentCode | Literal[""] | None = None  # empty: of none any more
    disabled: bool | None = None
    password: Password | None = None
    email: Email | None = None  # empty: none any more


class CellsIn(In):
    """The cells that an inspector walks: all of them, by code."""

    cells: Annotated[list[Short], Field(max_length=20_000)]
