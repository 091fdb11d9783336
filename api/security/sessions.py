"""Sessions of browsers and tokens of scripts: opaque secrets, of which only the SHA-256 is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError
from api.security.people import NOBODY, Actor
from api.store import people
from api.store.audit import note
from api.store.models import AccessToken, Person

SESSION_DAYS = 7
TOKEN_DAYS = 7
LONGEST_TOKEN_DAYS = 366
MOST_TOKENS = 50


def issue(
    session: Session, person: Person, *, kind: str, moment: dt.datetime, days: float, name: str = "", address: str = ""
) -> tuple[AccessToken, str]:
    """Give somebody a session or a bearer token.

    Parameters
    ----------
    kind
        ``session`` or ``bearer``: neither passes for the other.
    days
        How long it lasts.

    Returns
    -------
    AccessToken, str
        What is kept of it, and the secret itself: it is shown once.

    Raises
    ------
    BadInputError
        For a lifetime of more than 366 days, and where somebody holds 50 bearer tokens already.
    """
    if not 0 < days <= LONGEST_TOKEN_DAYS:
        raise BadInputError(f"a token lasts up to {LONGEST_TOKEN_DAYS} days")
    people.remove_expired_tokens(session, person.id, moment)
    if kind == "bearer" and len(people.tokens_of(session, person.id, kind)) >= MOST_TOKENS:
        raise BadInputError(f"there are {MOST_TOKENS} tokens already; end some first")
    secret = secrets.token_urlsafe(32)
    record = AccessToken(
        person_id=person.id,
        kind=kind,
        name=name,
        token_sha256=token_digest(secret),
        created_at=moment,
        expires_at=moment + dt.timedelta(days=days),
        address=address,
    )
    session.add(record)
    session.flush()
    note(
        session,
        "sign_in" if kind == "session" else "token",
        "access_tokens",
        identity=record.uuid,
        after={"person": person.name, "kind": kind, "name": name, "expires_at": record.expires_at},
    )
    return record, secret


def who_is(session: Session, secret: str, kind: str, moment: dt.datetime) -> Actor:
    """Return the person of a session or token; nobody where it is unknown or has ended."""
    found = people.person_of_token(session, token_digest(secret), kind, moment)
    if found is None:
        return NOBODY
    return Actor(
        found.id, found.uuid, found.name, found.display_name, found.roles, found.department_id, found.credential
    )


def still_is(session: Session, actor: Actor, moment: dt.datetime) -> bool:
    """Return whether somebody who was let in is so still: their session has not ended, and nothing of them changed."""
    if actor.credential_id is None:
        return False
    found = people.person_of_credential(session, actor.credential_id, moment)
    if found is None:
        return False
    return (found.id, found.roles, found.department_id) == (actor.id, actor.roles, actor.department_id)


def list_credentials(session: Session, actor: Actor, moment: dt.datetime) -> Sequence[AccessToken]:
    """Return the sessions and tokens of somebody that have not ended."""
    assert actor.id is not None  # noqa: S101 - the policy lets nobody else in
    return [t for t in people.tokens_of(session, actor.id) if t.expires_at > moment]


def revoke(session: Session, actor: Actor, identity: uuid.UUID) -> None:
    """End one of somebody's own sessions or tokens.

    Raises
    ------
    NotFoundError
        Where it is not theirs, or not there.
    """
    found = people.get_token(session, identity)
    if found is None or found.person_id != actor.id:
        raise NotFoundError("there is no such session or token of yours")
    _end(session, found)


def end_current(session: Session, actor: Actor) -> None:
    """Sign out: the session or token of this request ends."""
    if actor.credential_id is not None:
        found = session.get(AccessToken, actor.credential_id)
        if found is not None:
            _end(session, found)


def end_all(session: Session, person: Person) -> None:
    """End every session and token of somebody."""
    for token in people.tokens_of(session, person.id):
        _end(session, token)


def _end(session: Session, token: AccessToken) -> None:
    note(session, "sign_out", "access_tokens", identity=token.uuid, before={"kind": token.kind, "name": token.name})
    session.delete(token)


def csrf_token(secret: str) -> str:
    """Return what a page of this session sends along with every change; it tells nothing of the session's secret."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def csrf_fits(secret: str, sent: str) -> bool:
    """Return whether a request carries the token of its session."""
    return hmac.compare_digest(csrf_token(secret).encode(), sent.encode("utf-8", "replace"))


def token_digest(secret: str) -> str:
    """Return what is kept of a secret that lets somebody in: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
