"""Whose record is it: what the policy table leaves open for single records.

An inspector changes hazards in the cells they walk and those they reported; in a city whose cells are assigned to
nobody yet, every cell is everybody's. Where the map is not public, an inspector sees those hazards only.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.errors import ForbiddenError
from api.security.acting import acting_for
from api.security.people import Actor
from api.security.policy import FIELD
from api.settings import Settings
from api.store import cases, people
from api.store.models import Hazard, Inspection

WIDE = frozenset({"handler", "dispatcher", "police", "liaison", "leader", "viewer", "admin"})
OVERSEERS = frozenset({"dispatcher", "admin"})


def limited_to(actor: Actor, settings: Settings) -> int | None:
    """Return the inspector to whose cells and reports the view of hazards is limited; None: it is not."""
    if settings.public_view or actor.roles & WIDE:
        return None
    return actor.id


def may_see_hazard(session: Session, actor: Actor, hazard: Hazard, settings: Settings) -> bool:
    """Return whether somebody whom the policy lets in may see this hazard."""
    return limited_to(actor, settings) is None or _is_own(session, actor, hazard)


def may_change_hazard(session: Session, actor: Actor, hazard: Hazard) -> bool:
    """Return whether somebody whom the policy lets in may change this hazard."""
    return bool(actor.roles & {"dispatcher", "police", "admin"}) or _is_own(session, actor, hazard)


def may_add_photo(session: Session, actor: Actor, hazard: Hazard) -> bool:
    """Return whether somebody may add a photo: who may change the hazard, and the department that has its case."""
    if actor.roles & FIELD and may_change_hazard(session, actor, hazard):
        return True
    return cases.leads_case_of(session, hazard.id, acting_for(session, actor).handles)


def may_see_inspection(_session: Session, actor: Actor, inspection: Inspection) -> bool:
    """Return whether somebody may see this inspection: their own, or as overseer."""
    return bool(actor.roles & OVERSEERS) or (actor.id is not None and inspection.inspector_id == actor.id)


def require_change(session: Session, actor: Actor, hazard: Hazard) -> None:
    """Refuse a change of a hazard that is not theirs.

    Raises
    ------
    ForbiddenError
        Where the hazard lies in somebody else's cells and somebody else reported it.
    """
    if not may_change_hazard(session, actor, hazard):
        raise ForbiddenError("this hazard lies in the cells of another inspector; report what you saw as a new one")


def _is_own(session: Session, actor: Actor, hazard: Hazard) -> bool:
    if actor.id is None:
        return False
    if hazard.reporter_id == actor.id or not people.cells_assigned(session, hazard.city_id):
        return True
    return hazard.cell_id is not None and people.walks(session, actor.id, hazard.cell_id)
