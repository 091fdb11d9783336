"""Accounts: who can sign in, with which roles, in which cells."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem, StaleError
from api.schemas.access import PasswordIn, PersonIn, PersonPatch, TokenIn
from api.security import people, sessions
from api.security.people import Actor
from api.services.departments import department_of
from api.store import people as store
from api.store.audit import note
from api.store.models import AccessToken, Person, PersonRole
from api.store.records import claim


def credential_views(tokens: Sequence[AccessToken], actor: Actor) -> list[dict[str, Any]]:
    """Return sessions and tokens as they may be shown: without their secrets, which nobody has."""
    return [
        {
            "id": str(token.uuid),
            "kind": token.kind,
            "name": token.name,
            "created_at": token.created_at.isoformat(),
            "expires_at": token.expires_at.isoformat(),
            "address": token.address,
            "current": token.id == actor.credential_id,
        }
        for token in tokens
    ]


def make_token(session: Session, actor: Actor, given: TokenIn, moment: dt.datetime, address: str) -> dict[str, Any]:
    """Make a bearer token for a script of the person; its secret is in this answer alone."""
    person = session.get_one(Person, actor.id)
    record, secret = sessions.issue(
        session, person, kind="bearer", moment=moment, days=given.days, name=given.name, address=address
    )
    return credential_views([record], actor)[0] | {"access_token": secret, "token_type": "bearer"}


def me(session: Session, actor: Actor) -> dict[str, Any]:
    """Return who somebody is; without a sign-in everything is empty."""
    return {
        "id": None if actor.uuid is None else str(actor.uuid),
        "name": actor.name or None,
        "display_name": actor.display_name or None,
        "roles": sorted(actor.roles),
        "department": None if actor.department_id is None else store.department_code(session, actor.department_id),
        "cells": [] if actor.id is None else store.cell_codes_of(session, actor.id),
    }


def change_own_password(session: Session, actor: Actor, given: PasswordIn) -> None:
    """Change one's own password.

    Raises
    ------
    BadInputError
        Where the present password is not the one given, or the new one is too short.
    """
    person = session.get_one(Person, actor.id)
    if not people.password_fits(given.old, person.password_hash):
        what = "this is not your present password"
        raise BadInputError(what, problems=[Problem("body.old", what)])
    people.set_password(session, person, given.new)


def known_person(session: Session, identity: uuid.UUID, *, lock: bool = False) -> Person:
    """Return the person of a UUID; locked, nobody else changes them until the transaction ends.

    Raises
    ------
    NotFoundError
        Where there is none.
    """
    person = store.find_person(session, identity, lock=lock)
    if person is None:
        raise NotFoundError("there is no such person")
    return person


def person_view(session: Session, person: Person, *, to: Actor | None = None) -> dict[str, Any]:
    """Return an account as it is shown; its e-mail address to administrators alone."""
    private = {"email": person.email or ""} if to is not None and "admin" in to.roles else {}
    return private | {
        "id": str(person.uuid),
        "name": person.name,
        "display_name": person.display_name,
        "roles": store.roles_of(session, person.id),
        "department": None if person.department_id is None else store.department_code(session, person.department_id),
        "disabled": person.disabled,
        "invented": person.invented,
        "version": person.version,
    }


def list_people(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return every account, by name."""
    return [person_view(session, person, to=actor) for person, _ in store.all_people(session)]


def add_account(session: Session, given: PersonIn) -> tuple[dict[str, Any], bool]:
    """Add an account; the same again creates nothing.

    Returns
    -------
    account, created
        With ``password`` where one was made up: it is shown this once.
    """
    claim(session, given.id)
    known = store.find_person(session, given.id)
    if known is not None:
        if known.name != given.name:
            raise ConflictError("an account with this id is there already, and has another name")
        return person_view(session, known), False
    password = None if given.city_sign_on else given.password or secrets.token_urlsafe(12)
    person = people.add_person(
        session,
        name=given.name,
        password=password,
        roles=list(given.roles),
        display_name=given.display_name,
        identity=given.id,
    )
    if given.department is not None:
        person.department_id = department_of(session, given.department, may_begin_later=True).id
    person.email = given.email or None
    session.flush()
    view = person_view(session, person)
    return (view if given.password or password is None else view | {"password": password}), True


def change_account(
    session: Session, actor: Actor, identity: uuid.UUID, change: PersonPatch, version: int
) -> dict[str, Any]:
    """Change an account.

    Raises
    ------
    StaleError
        Where somebody else changed it meanwhile.
    BadInputError
        Where nobody would be left who may do this.
    """
    person = known_person(session, identity)
    if person.version != version:
        raise StaleError("somebody else changed the account meanwhile; read it again")
    if change.display_name is not None:
        person.display_name = change.display_name
    if change.roles is not None:
        _set_roles(session, person, change.roles)
    if change.department is not None:
        code = change.department
        person.department_id = department_of(session, code, may_begin_later=True).id if code else None
    if change.email is not None:
        person.email = change.email or None
    if change.disabled is not None:
        person.disabled = change.disabled
    if change.password is not None:
        people.set_password(session, person, change.password)
    if person.disabled:
        sessions.end_all(session, person)
    person.version += 1
    session.flush()
    if not store.any_administrator(session):
        raise BadInputError("somebody must stay who can administrate; give another account the role admin first")
    return person_view(session, person, to=actor)


def _set_roles(session: Session, person: Person, roles: Sequence[str]) -> None:
    for row in store.role_rows(session, person.id):
        if row.role not in roles:
            session.delete(row)
    known = set(store.roles_of(session, person.id))
    session.add_all(PersonRole(person_id=person.id, role=role) for role in dict.fromkeys(roles) if role not in known)


def sign_out_everywhere(session: Session, identity: uuid.UUID) -> None:
    """End all sessions and tokens of somebody."""
    sessions.end_all(session, known_person(session, identity))


def cells_of(session: Session, identity: uuid.UUID) -> dict[str, Any]:
    """Return the codes of the cells that somebody walks, and the version to change them by: that of the account."""
    return _cells_view(session, known_person(session, identity))


def _cells_view(session: Session, person: Person) -> dict[str, Any]:
    return {"cells": store.cell_codes_of(session, person.id), "version": person.version}


def assign_cells(session: Session, identity: uuid.UUID, codes: Sequence[str], version: int) -> dict[str, Any]:
    """Say which cells somebody walks: these, and no others, if their account is still at ``version``.

    Each assignment is a version of its own, the one of the same cells too: were the version made of the cells, what
    somebody else assigned and took back meanwhile would go unnoticed.

    Raises
    ------
    StaleError
        Where somebody else assigned their cells meanwhile.
    BadInputError
        Where a code is not that of a cell.
    """
    person = known_person(session, identity, lock=True)
    if person.version != version:
        raise StaleError("somebody else assigned the cells meanwhile; read them again")
    before = store.cell_codes_of(session, person.id)
    unknown = store.assign_cells(session, person.id, codes)
    if unknown:
        what = f"there is no cell {unknown[0]!r}"
        raise BadInputError(what, problems=[Problem("body.cells", f"there is no cell {code!r}") for code in unknown])
    person.version += 1
    session.flush()
    view = _cells_view(session, person)
    after = {"cells": view["cells"]}
    note(session, "update", "cell_inspectors", identity=person.uuid, before={"cells": before}, after=after)
    return view
