"""Links to a brief for those who were at the meeting: read only, without a sign-in, until they expire or are withdrawn.

A brief holds nothing sealed (incidents are groups of at least five), so a link shows nothing else than the paper would.
Of the secret only its SHA-256 is kept; each reading is a line of the audit log.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, GoneError, NotFoundError
from api.schemas.meetings import ShareIn
from api.security.people import Actor
from api.security.sessions import token_digest
from api.services.briefs.files import brief_file
from api.services.meetings.city import meeting_city
from api.services.meetings.periods import read_period
from api.settings import Settings
from api.store import briefs, cities
from api.store.audit import Who, note
from api.store.engine import reading, writing
from api.store.models import SharedBrief
from api.store.models.base import now
from api.store.records import claim

MOST = 20
_WORDS = {"zh": "分享链接（{name} 分享）", "en": "shared link (by {name})"}


def share(session: Session, actor: Actor, code: str, given: ShareIn) -> tuple[dict[str, Any], bool]:
    """Make a link to the brief of a period; its address is in this answer alone. The same record again makes nothing.

    Returns
    -------
    link, created
        ``path`` is the address below the server's own, None where the link was there already.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city or period, or too many links that work.
    ConflictError
        Where the id belongs to another link.
    """
    claim(session, given.id)
    city = meeting_city(session, given.city)
    read_period(code, cities.calendar_of(session, city).terms)
    known = briefs.get_shared(session, given.id)
    if known is not None:
        same = (known.city_id, known.period, known.language, known.note) == (city.id, code, given.language, given.note)
        if not same or known.maker_id != actor.id:
            raise ConflictError("a link with this id is there already, and says something else")
        return _view(known, actor.display_name or actor.name, "") | {"path": None}, False
    moment = now()
    alive = [row for row, _, _ in briefs.shared_briefs(session, city, code) if _state(row, moment) == "works"]
    if len(alive) >= MOST:
        raise BadInputError(f"there are {MOST} links to this brief that work; withdraw some first")
    secret = secrets.token_urlsafe(32)
    made = SharedBrief(
        uuid=given.id,
        city_id=city.id,
        period=code,
        language=given.language,
        note=given.note,
        token_sha256=token_digest(secret),
        expires_at=moment + dt.timedelta(days=given.days),
        maker_id=actor.id,
        invented=city.invented,
    )
    session.add(made)
    session.flush()
    return _view(made, actor.display_name or actor.name, "") | {"path": f"/shared/{secret}"}, True


def list_shares(session: Session, code: str, city_code: str | None) -> list[dict[str, Any]]:
    """Return the links to a period's brief, the newest first: who made each, until when, and how often it was read."""
    city = meeting_city(session, city_code)
    read_period(code, cities.calendar_of(session, city).terms)
    return [_view(*row) for row in briefs.shared_briefs(session, city, code)]


def withdraw(session: Session, actor: Actor, identity: uuid.UUID) -> None:
    """End a link at once; one that has ended already stays as it is.

    Raises
    ------
    NotFoundError
        Where there is no such link.
    """
    found = briefs.get_shared(session, identity)
    if found is None:
        raise NotFoundError("there is no such link")
    if found.revoked_at is None:
        found.revoked_at, found.revoker_id, found.version = now(), actor.id, found.version + 1
        session.flush()


def open_shared(engine: Engine, who: Who, settings: Settings, secret: str) -> bytes:
    """Return the brief that a link shows, as one page; that it is read is written into the audit log before.

    The page is made when that is written: nobody else's writing waits for it.

    Raises
    ------
    NotFoundError
        Where there never was such a link.
    GoneError
        Where it has expired or was withdrawn.
    """
    moment = now()
    with reading(engine) as session:  # who guesses at links takes no turn of those who write
        _shared(session, secret, moment)
    with writing(engine, who) as session:
        shared, maker = _shared(session, secret, moment)
        briefs.count_opening(session, shared, moment)
        note(session, "read_shared", "shared_briefs", identity=shared.uuid, after={"period": shared.period})
    with reading(engine) as session:
        city = cities.city_of(session, shared.city_id)
        return brief_file(
            session, settings, shared.period, "html", city.code,
            language=shared.language, viewer=_WORDS[shared.language].format(name=maker), moment=moment,
        )  # fmt: skip


def _shared(session: Session, secret: str, moment: dt.datetime) -> tuple[SharedBrief, str]:
    found = briefs.shared_by_digest(session, token_digest(secret))
    if found is None:
        raise NotFoundError("there is no such link")
    if _state(found[0], moment) != "works":
        raise GoneError("this link has expired or was withdrawn; ask whoever sent it for a new one")
    return found


def _state(shared: SharedBrief, moment: dt.datetime) -> str:
    if shared.revoked_at is not None:
        return "withdrawn"
    return "works" if moment < shared.expires_at else "expired"


def _view(shared: SharedBrief, maker: str, revoker: str) -> dict[str, Any]:
    return {
        "id": str(shared.uuid),
        "period": shared.period,
        "language": shared.language,
        "note": shared.note,
        "state": _state(shared, now()),
        "made_by": maker,
        "made_at": shared.created_at.isoformat(timespec="seconds"),
        "expires_at": shared.expires_at.isoformat(timespec="seconds"),
        "withdrawn_by": revoker or None,
        "withdrawn_at": shared.revoked_at and shared.revoked_at.isoformat(timespec="seconds"),
        "opened": shared.opened,
        "opened_at": shared.opened_at and shared.opened_at.isoformat(timespec="seconds"),
    }
