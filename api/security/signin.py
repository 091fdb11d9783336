"""Sign in by name and password: the same answer in the same time for whatever is wrong, and slower with each guess."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.engine import Engine

from api.errors import RateLimitError, SignInError
from api.security import oidc, sessions, throttle
from api.security.people import password_fits
from api.settings import Settings
from api.store import people, signin_failures
from api.store.audit import Who, note
from api.store.engine import reading, writing
from api.store.secrets import known_secret, server_secret

WRONG = "the name or the password is wrong"


@dataclass(frozen=True)
class SignedIn:
    """A new session or token: its secret, when it ends, and the mark for the browser."""

    secret: str
    expires_at: dt.datetime
    device: str


def sign_in(
    engine: Engine,
    who: Who,
    *,
    name: str,
    password: str,
    kind: str,
    days: float,
    moment: dt.datetime,
    device: str | None = None,
) -> SignedIn:
    """Sign somebody in.

    The password is checked between two transactions, since that takes a while by intent and nobody should wait for it.

    Raises
    ------
    SignInError
        For an unknown name, a wrong password and a disabled account alike.
    RateLimitError
        Where there were too many failures; the password was not looked at.
    """
    name = name[:200]
    secret = sign_in_secret(engine)
    with reading(engine) as session:
        wait = throttle.wait_s(session, secret, name=name, address=who.address, device=device, moment=moment)
        person = people.get_person(session, name)
        known = person.password_hash if person is not None and not person.disabled else None
    if wait > 0:
        raise RateLimitError("too many failed sign-ins; wait a little", wait_s=wait)
    right = password_fits(password, known)
    hashed = throttle.name_hash(secret, name)
    with writing(engine, who) as session:
        person = people.get_person(session, name) if right else None
        if person is None or person.disabled or person.password_hash != known:
            signin_failures.add(
                session, name_hash=hashed, address=who.address, moment=moment, forget_before=moment - throttle.WINDOW
            )
            note(session, "sign_in_failed", "people", after={"name_hash": hashed[:16]})
        else:
            session.info["who"] = Who(person.id, person.name, who.channel, who.address, who.request_id)
            signin_failures.forget(session, name_hash=hashed, address=who.address)
            record, token = sessions.issue(
                session, person, kind=kind, moment=moment, days=days, name="sign-in", address=who.address
            )
            return SignedIn(token, record.expires_at, throttle.device_mark(secret, name))
    raise SignInError(WRONG)


def sign_in_by_city(
    engine: Engine, who: Who, settings: Settings, identity: oidc.Identity, moment: dt.datetime
) -> SignedIn:
    """Begin a session for somebody whom the city's own sign-on has confirmed.

    Raises
    ------
    ForbiddenError
        Where there is no account for them.
    """
    secret = sign_in_secret(engine)
    with writing(engine, who) as session:
        person = oidc.person_of(session, identity, settings)
        session.flush()
        session.info["who"] = Who(person.id, person.name, who.channel, who.address, who.request_id)
        record, token = sessions.issue(
            session, person, kind="session", moment=moment, days=sessions.SESSION_DAYS, name="city", address=who.address
        )
        return SignedIn(token, record.expires_at, throttle.device_mark(secret, person.name))


def sign_in_secret(engine: Engine) -> bytes:
    """Return the secret behind marks of devices and memos of the city's sign-on."""
    with reading(engine) as session:
        secret = known_secret(session, "sign-in")
    if secret is None:
        with writing(engine) as session:
            secret = server_secret(session, "sign-in")
    return secret
