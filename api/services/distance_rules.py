"""The table of distance rules as administrators see and set it: a change adds a version, and none is lost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from api.errors import NotFoundError, StaleError
from api.schemas.schools import DistanceRuleIn
from api.services.cities import today
from api.services.screening import current_rules
from api.store import cities, screening
from api.store.models.base import now
from gis.rules import Rule, rule_of, rules_at


def list_rules(session: Session) -> list[dict[str, Any]]:
    """Return the newest version of each rule, and whether it is in force today."""
    return [_newest(session, versions) for versions in _by_rule(session).values()]


def show_rule(session: Session, rule_id: str) -> dict[str, Any]:
    """Return the newest version of a rule, with all its versions, the newest first.

    Raises
    ------
    NotFoundError
        Where there is none of that id.
    """
    versions = _by_rule(session).get(rule_id)
    if versions is None:
        raise NotFoundError("there is no such distance rule")
    return _newest(session, versions) | {"versions": [_view(rule) for rule in reversed(versions)]}


def set_rule(session: Session, rule_id: str, given: DistanceRuleIn, version: int) -> dict[str, Any]:
    """Add a version to a rule that is still at ``version``; 0 makes a new rule.

    A rule is taken out of force by its last day (``valid_to``), never taken away: what was measured by it stays
    explained.

    Raises
    ------
    StaleError
        Where somebody else changed it meanwhile.
    """
    versions = _by_rule(session).get(rule_id, [])
    if version != (versions[-1].version if versions else 0):
        raise StaleError("somebody else changed the distance rule meanwhile; read it again")
    row = {"rule_id": rule_id, "version": version + 1} | given.model_dump(mode="json")
    rule_of(row)  # what is kept can be read again
    screening.add_rule(session, rule_id, version + 1, row)
    return show_rule(session, rule_id)


def _by_rule(session: Session) -> dict[str, list[Rule]]:
    """Return the versions of each rule, the oldest first."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(current_rules(session), key=lambda rule: rule.version):
        found.setdefault(rule.rule_id, []).append(rule)
    return found


def _newest(session: Session, versions: list[Rule]) -> dict[str, Any]:
    known = cities.all_cities(session)
    day = today(known[0]) if known else now().date()
    in_force = rules_at(versions, day)
    return _view(versions[-1]) | {"version_in_force": in_force[0].version if in_force else None}


def _view(rule: Rule) -> dict[str, Any]:
    return asdict(rule)
