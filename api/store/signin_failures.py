"""Failed sign-ins, kept for as long as they count."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import SignInFailure


class Failures(NamedTuple):
    """How many failures there were, and when the last one was."""

    number: int
    last: dt.datetime | None


def count(
    session: Session, since: dt.datetime, *, name_hash: str | None = None, address: str | None = None
) -> Failures:
    """Count the failures since a moment, of a name, an address, or both together."""
    query = sa.select(sa.func.count(), sa.func.max(SignInFailure.at)).where(SignInFailure.at >= since)
    if name_hash is not None:
        query = query.where(SignInFailure.name_hash == name_hash)
    if address is not None:
        query = query.where(SignInFailure.address == address)
    number, last = session.execute(query).one()
    return Failures(number, last)


def add(session: Session, *, name_hash: str, address: str, moment: dt.datetime, forget_before: dt.datetime) -> None:
    """Keep a failure, and forget those that count no more."""
    session.execute(sa.delete(SignInFailure).where(SignInFailure.at < forget_before))
    session.add(SignInFailure(name_hash=name_hash, address=address, at=moment))


def forget(session: Session, *, name_hash: str, address: str) -> None:
    """Forget the failures of a name at an address, after a sign-in that went well."""
    session.execute(
        sa.delete(SignInFailure).where(SignInFailure.name_hash == name_hash, SignInFailure.address == address)
    )
