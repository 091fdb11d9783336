"""For which departments somebody acts today: their own, those of their duties, and those of people they substitute for."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.security.people import Actor
from api.store import departments, duties
from api.store.cities import local_day
from api.store.models.base import now

OFFICE = frozenset({"dispatcher", "admin"})
WRITERS = frozenset({"liaison", "leader", "dispatcher", "admin"})  # who speaks for their department
MEMBERS = WRITERS | {"handler", "police"}  # who sees what comes to their department


@dataclass(frozen=True)
class Acting:
    """The departments that somebody acts for today.

    Attributes
    ----------
    sees
        What comes to these they see.
    speaks
        For these they answer: as liaison officer or leader, or in the place of one. Each of them is in ``sees`` too.
    handles
        Cases of these they handle: as handler, or in the place of one.
    """

    sees: frozenset[int] = frozenset()
    speaks: frozenset[int] = frozenset()
    handles: frozenset[int] = frozenset()


def acting_for(session: Session, actor: Actor) -> Acting:
    """Return the departments that somebody acts for today.

    A substitute sees what the person who is away sees of departments, and answers where that person would. It is no
    chain: whoever substitutes for a substitute acts for the latter alone.
    """
    if actor.id is None:
        return Acting()
    known: dict[int, Acting] = session.info.setdefault("acting", {})  # asked several times for one answer
    if actor.id not in known:
        known[actor.id] = _acting_for(session, actor, actor.id)
    return known[actor.id]


def _acting_for(session: Session, actor: Actor, person: int) -> Acting:
    today = local_day(session, now())
    away = duties.substituted_by(session, person, today)
    people = [(actor.department_id, actor.roles)]
    if away:
        people += duties.departments_and_roles(session, away)
    sees, speaks, handles = (
        {department for department, roles in people if department is not None and roles & wanted}
        for wanted in (MEMBERS, WRITERS, {"handler"})
    )
    speaks |= duties.duties_of_people(session, away | {person}, today)
    if any(roles & OFFICE for _, roles in people):
        convenor = departments.convenor(session)
        speaks |= set() if convenor is None else {convenor.id}
    return Acting(frozenset(sees | speaks), frozenset(speaks), frozenset(handles))
