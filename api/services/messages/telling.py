"""Telling people: one message in the app for each, and an entry in the outbox for each way it goes out.

All of it is written in the transaction of what happened, so that neither is there without the other.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.orm import Session

from api.store import duties, messages, outbox
from api.store.models import Message, OutboxEntry
from api.store.models.base import now


@dataclass(frozen=True)
class Event:
    """Something that people are told of.

    Attributes
    ----------
    key
        Names it for good: nobody is told twice of an event of the same key.
    kind
        Which sentence of ``api/messages.toml``.
    said
        What is filled in: numbers, codes, titles and moments (ISO 8601, with ``zone``).
    people
        Who is told; whoever is away is substituted.
    departments
        Whom it concerns, for robots.
    not_to
        Who did it, and is not told of it, as somebody's substitute neither.
    """

    key: str
    kind: str
    subject: Literal["case", "notice", "action"]
    identity: uuid.UUID
    said: Mapping[str, Any] = field(default_factory=dict)
    people: frozenset[int] = frozenset()
    departments: frozenset[int] = frozenset()
    not_to: int | None = None


def tell(session: Session, event: Event, *, today: dt.date, moment: dt.datetime | None = None) -> None:
    """Tell people of an event; whoever has been told of it is not told again.

    Somebody who is away finds the message in the app when they are back; their substitute gets it too, and the e-mail
    in their place.
    """
    at = moment or now()
    away = duties.substitutes(session, event.people, today)
    in_place = {other for other in away.values() if other is not None}
    known = outbox.told(session, event.key)
    for person in sorted((event.people | in_place) - known - {event.not_to}):
        session.add(
            Message(
                person_id=person,
                event=event.key,
                kind=event.kind,
                subject=event.subject,
                subject_uuid=event.identity,
                said=dict(event.said),
                at=at,
            )
        )
    channels = outbox.channels_of(session)
    written = outbox.waiting_for(session, event.key) if channels.email or channels.robots else set()
    if channels.email:
        by_mail = ({person for person in event.people if away.get(person) is None} | in_place) - {event.not_to}
        for person, identity in sorted(messages.with_address(session, by_mail).items()):
            if (outbox.EMAIL, str(identity)) not in written:
                _put(session, event, at, outbox.EMAIL, str(identity), person)
    codes = messages.codes_of(session, event.departments) if channels.robots else set()
    for robot in channels.robots:
        if (not robot.departments or robot.departments & codes) and (robot.name, "") not in written:
            _put(session, event, at, robot.name, "", None)
    session.flush()


def _put(session: Session, event: Event, at: dt.datetime, target: str, addressee: str, person: int | None) -> None:
    session.add(
        OutboxEntry(
            event=event.key,
            target=target,
            addressee=addressee,
            person_id=person,
            kind=event.kind,
            subject=event.subject,
            subject_uuid=event.identity,
            said=dict(event.said),
            created_at=at,
            next_at=at,
        )
    )
