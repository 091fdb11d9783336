"""Sign-ins that exist in the demonstration only."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from api.security.people import add_person, set_password
from api.services.demo.cases import give_departments
from api.store import cities, grids, people

CODE = "330681"
_SCHOOLS = 6
_ROLES = {
    "demo-inspector": "inspector",
    "demo-dispatcher": "dispatcher",
    "demo-handler": "handler",
    "demo-traffic": "handler",
    "demo-police": "police",
    "demo-liaison": "liaison",
    "demo-leader": "leader",
    "demo-viewer": "viewer",
    "demo-admin": "admin",
}


def add_people(session: Session) -> list[str]:
    """Give each demonstration account a new random password; return the lines that show them."""
    lines = ["demonstration sign-ins (made up; new passwords at each start):"]
    for name, role in _ROLES.items():
        password = secrets.token_urlsafe(9)
        person = people.get_person(session, name)
        if person is None:
            add_person(session, name=name, password=password, roles=[role], invented=True)
        elif person.invented:
            set_password(session, person, password)
        else:
            continue
        lines.append(f"  {name:<16} {password}")
    _give_cells(session)
    give_departments(session)
    return lines


def _give_cells(session: Session) -> None:
    """Let the demonstration's inspector walk the surroundings of some schools, unless somebody walks cells already."""
    inspector = people.get_person(session, "demo-inspector")
    if inspector is None or not inspector.invented or people.cell_codes_of(session, inspector.id):
        return
    city = cities.get_city(session, CODE)
    if not people.cells_assigned(session, city.id):
        people.assign_cells(session, inspector.id, grids.codes_around(session, city, _SCHOOLS))
