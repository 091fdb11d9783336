"""People, their roles and their tokens."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import AccessToken, Cell, CellInspector, Department, Person, PersonRole

_BATCH = 500  # fewer than a statement may have parameters


def get_person(session: Session, name: str) -> Person | None:
    """Return the person of a sign-in name."""
    return session.scalar(sa.select(Person).where(Person.name == name))


def all_people(session: Session) -> Sequence[tuple[Person, str]]:
    """Return everybody with their roles, joined by commas."""
    roles: dict[int, list[str]] = {}
    for person_id, role in session.execute(sa.select(PersonRole.person_id, PersonRole.role)):
        roles.setdefault(person_id, []).append(role)
    everybody = session.scalars(sa.select(Person).order_by(Person.name)).all()
    return [(person, ", ".join(sorted(roles.get(person.id, [])))) for person in everybody]


@dataclass(frozen=True)
class Known:
    """Somebody who is signed in, by a session or token that has not ended (``credential``)."""

    id: int
    uuid: uuid.UUID
    name: str
    display_name: str
    department_id: int | None
    credential: int
    roles: frozenset[str]


# each request asks this first, so it is put together once
_KNOWN = (
    sa.select(
        Person.id, Person.uuid, Person.name, Person.display_name, Person.department_id, AccessToken.id, PersonRole.role
    )
    .join(AccessToken, AccessToken.person_id == Person.id)
    .outerjoin(PersonRole, PersonRole.person_id == Person.id)
    .where(AccessToken.expires_at > sa.bindparam("moment"), Person.disabled.is_(False))
)
_BY_SECRET = _KNOWN.where(
    AccessToken.token_sha256 == sa.bindparam("digest"), AccessToken.kind == sa.bindparam("token_kind")
)
_BY_CREDENTIAL = _KNOWN.where(AccessToken.id == sa.bindparam("credential"))


def person_of_token(session: Session, digest: str, kind: str, moment: dt.datetime) -> Known | None:
    """Return the person of a session or token; None where there is none, or it has ended."""
    return _known(session, _BY_SECRET, {"digest": digest, "token_kind": kind, "moment": moment})


def person_of_credential(session: Session, credential_id: int, moment: dt.datetime) -> Known | None:
    """Return the person of a session or token by its id; None once it has ended."""
    return _known(session, _BY_CREDENTIAL, {"credential": credential_id, "moment": moment})


def _known(session: Session, query: Any, given: dict[str, Any]) -> Known | None:
    rows: Sequence[Any] = session.execute(query, given).all()
    if not rows:
        return None
    identity, public, name, shown, department, credential, _ = rows[0]
    roles = frozenset(row.role for row in rows if row.role is not None)
    return Known(identity, public, name, shown, department, credential, roles)


def roles_of(session: Session, person_id: int) -> list[str]:
    """Return the roles of a person, by name."""
    return sorted(session.scalars(sa.select(PersonRole.role).where(PersonRole.person_id == person_id)))


def with_role(session: Session, role: str) -> Sequence[Person]:
    """Return everybody who has a role and can sign in."""
    query = sa.select(Person).join(PersonRole, PersonRole.person_id == Person.id)
    return session.scalars(query.where(PersonRole.role == role, Person.disabled.is_(False)).order_by(Person.id)).all()


def find_person(session: Session, identity: uuid.UUID, *, lock: bool = False) -> Person | None:
    """Return the person of a UUID; locked, nobody else changes them until the transaction ends."""
    query = sa.select(Person).where(Person.uuid == identity)
    return session.scalar(query.with_for_update() if lock else query)


def person_of_subject(session: Session, subject: str) -> Person | None:
    """Return the person of an identity at the city's own sign-on."""
    return session.scalar(sa.select(Person).where(Person.external_subject == subject))


def role_rows(session: Session, person_id: int) -> Sequence[PersonRole]:
    """Return the records of a person's roles."""
    return session.scalars(sa.select(PersonRole).where(PersonRole.person_id == person_id)).all()


def get_token(session: Session, identity: uuid.UUID) -> AccessToken | None:
    """Return the session or token of a UUID."""
    return session.scalar(sa.select(AccessToken).where(AccessToken.uuid == identity))


def tokens_of(session: Session, person_id: int, kind: str | None = None) -> Sequence[AccessToken]:
    """Return the sessions and tokens of a person, the newest first."""
    query = sa.select(AccessToken).where(AccessToken.person_id == person_id).order_by(AccessToken.id.desc())
    return session.scalars(query if kind is None else query.where(AccessToken.kind == kind)).all()


def remove_expired_tokens(session: Session, person_id: int, moment: dt.datetime) -> None:
    """Take a person's sessions and tokens away that have ended."""
    session.execute(sa.delete(AccessToken).where(AccessToken.person_id == person_id, AccessToken.expires_at <= moment))


def remove_tokens(session: Session, person_id: int) -> None:
    """Take all tokens of a person away."""
    session.execute(sa.delete(AccessToken).where(AccessToken.person_id == person_id))


def any_administrator(session: Session) -> bool:
    """Return whether somebody can sign in as administrator."""
    query = (
        sa.select(PersonRole.person_id)
        .join(Person, Person.id == PersonRole.person_id)
        .where(PersonRole.role == "admin", Person.disabled.is_(False))
        .limit(1)
    )
    return session.scalar(query) is not None


def department_code(session: Session, department_id: int) -> str | None:
    """Return the code of a department."""
    return session.scalar(sa.select(Department.code).where(Department.id == department_id))


def cell_codes_of(session: Session, person_id: int) -> list[str]:
    """Return the codes of the cells that a person walks."""
    query = sa.select(Cell.code).join(CellInspector, CellInspector.cell_id == Cell.id)
    return list(session.scalars(query.where(CellInspector.person_id == person_id).order_by(Cell.code)))


def assign_cells(session: Session, person_id: int, codes: Sequence[str]) -> list[str]:
    """Give a person these cells and no others; return the codes that are not those of a cell (then nothing is done)."""
    wanted = list(dict.fromkeys(codes))
    known: dict[str, int] = {}
    for start in range(0, len(wanted), _BATCH):
        part = sa.select(Cell.code, Cell.id).where(Cell.code.in_(wanted[start : start + _BATCH]))
        known |= dict(session.execute(part).all())
    unknown = [code for code in wanted if code not in known]
    if not unknown:
        session.execute(sa.delete(CellInspector).where(CellInspector.person_id == person_id))
        if known:
            session.execute(
                sa.insert(CellInspector), [{"cell_id": known[code], "person_id": person_id} for code in wanted]
            )
    return unknown


def walks(session: Session, person_id: int, cell_id: int) -> bool:
    """Return whether a person walks a cell."""
    query = sa.select(CellInspector.id).where(CellInspector.person_id == person_id, CellInspector.cell_id == cell_id)
    return session.scalar(query) is not None


def cells_assigned(session: Session, city_id: int) -> bool:
    """Return whether the cells of a city are assigned to inspectors at all."""
    query = sa.select(CellInspector.id).join(Cell, Cell.id == CellInspector.cell_id).where(Cell.city_id == city_id)
    return session.scalar(query.limit(1)) is not None
