"""Sign-ins that exist in the demonstration only."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from api.security.people import add_person, set_password
from api.store import people

_ROLES = {
    "demo-inspector": "inspector",
    "demo-dispatcher": "dispatcher",
    "demo-police": "police",
    "demo-liaison": "liaison",
    "demo-leader": "leader",
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
    return lines
