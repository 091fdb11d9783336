"""Filing rules: what is to be done with a hazard of a type at a place, as data, and the one that fits best."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem, StaleError
from api.schemas.filing import FilingRuleIn, RuleBody
from api.services.cases.clocks import Limit
from api.services.departments import require_known
from api.store import cases, cities
from api.store.models import City, FilingRule
from api.vocabulary import vocabulary

_NAMESPACE = uuid.UUID("3f0c7a52-6a6e-5d53-9a0e-5b1c5d0e7c11")  # of the ids of built-in rules
_UNITS = {"wh": "working_hours", "wd": "working_days", "h": "hours", "d": "days"}
_NEAREST = ("school", "cell", "district", "")
BODY = tuple(RuleBody.model_fields)


@dataclass(frozen=True)
class Rule:
    """A rule: which hazards it is for, and what is to be done; version 0 is a built-in one."""

    id: uuid.UUID
    version: int
    category: str
    subtype: str
    place_kind: str
    place: str
    body: RuleBody

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return what the rule is for."""
        return (self.category, self.subtype, self.place_kind, self.place)


@lru_cache(maxsize=64)
def built_in_rules(city_code: str) -> tuple[Rule, ...]:
    """Return the rules of ``api/filing_rules.toml``; a subtype inherits of its category, and that of the default.

    Their ids are made of the city's code and of what they are for, so that they are always the same.
    """
    tables = tomllib.loads(resources.files("api").joinpath("filing_rules.toml").read_text(encoding="utf-8"))
    default = tables.pop("default")
    out = []
    for category, table in tables.items():
        subtypes = {name: entry for name, entry in table.items() if name in _subtypes(category)}
        general = _merged(default, {name: entry for name, entry in table.items() if name not in subtypes})
        out.append(_built_in(city_code, category, "", general))
        out += [_built_in(city_code, category, name, _merged(general, entry)) for name, entry in subtypes.items()]
    return tuple(out)


def _subtypes(category: str) -> Mapping[str, Any]:
    return vocabulary().hazard_categories[category].subtypes


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {**base, **more, "limits": {**base["limits"], **more.get("limits", {})}}


def _built_in(city_code: str, category: str, subtype: str, table: Mapping[str, Any]) -> Rule:
    limits = {}
    for step, text in table["limits"].items():
        amount, unit = text.split()
        limits[step] = {"amount": float(amount), "unit": _UNITS[unit]}
    body = RuleBody.model_validate({**table, "limits": limits})
    return Rule(uuid.uuid5(_NAMESPACE, f"{city_code}/{category}/{subtype}"), 0, category, subtype, "", "", body)


def rules_of(session: Session, city: City) -> list[Rule]:
    """Return a city's rules, its own in place of the built-in ones for the same; by what they are for."""
    found = {rule.key: rule for rule in built_in_rules(city.code)}
    for row in cases.filing_rules(session, city.id):
        own = _own(row)
        found[own.key] = own
    return [found[key] for key in sorted(found)]


def _own(row: FilingRule) -> Rule:
    body = RuleBody.model_validate(row.body)
    return Rule(row.uuid, row.version, row.category, row.subtype, row.place_kind, row.place, body)


def best_rule(rules: Sequence[Rule], category: str, subtype: str, places: Mapping[str, frozenset[str]]) -> Rule | None:
    """Return the rule that fits a hazard best: the nearest place first, then the subtype before the category.

    Parameters
    ----------
    rules
        Those of the city.
    places
        Where it is: the codes of cell (``cell``) and township (``district``), the UUIDs of schools (``school``).
    """
    fitting = [
        rule
        for rule in rules
        if rule.category == category
        and rule.subtype in {"", subtype}
        and (not rule.place_kind or rule.place in places.get(rule.place_kind, frozenset()))
    ]
    return min(
        fitting, key=lambda rule: (_NEAREST.index(rule.place_kind), not rule.subtype, str(rule.id)), default=None
    )


def copied(rule: Rule) -> dict[str, Any]:
    """Return a rule as a case keeps it."""
    return {
        "id": str(rule.id),
        "version": rule.version,
        "category": rule.category,
        "subtype": rule.subtype,
        "place_kind": rule.place_kind,
        "place": rule.place,
    } | rule.body.model_dump(mode="json")


def limit_of(copy: Mapping[str, Any], step: str) -> Limit:
    """Return the limit of a step as the rule that a case keeps has it."""
    entry = copy["limits"][step]
    return Limit(entry["amount"], entry["unit"])


def rule_view(rule: Rule, city: City) -> dict[str, Any]:
    """Return a rule as clients see it."""
    return {"city": city.code, "built_in": rule.version == 0} | copied(rule)


def list_rules(session: Session, code: str | None) -> list[dict[str, Any]]:
    """Return the rules of a city."""
    city = cities.get_city(session, code)
    return [rule_view(rule, city) for rule in rules_of(session, city)]


def show_rule(session: Session, identity: uuid.UUID, code: str | None) -> dict[str, Any]:
    """Return one rule.

    Raises
    ------
    NotFoundError
        Where there is none of that id.
    """
    row = cases.filing_rule(session, identity)
    city = cities.get_city(session, code) if row is None else cities.city_of(session, row.city_id)
    rule = next((rule for rule in rules_of(session, city) if rule.id == identity), None)
    if rule is None:
        raise NotFoundError("there is no such filing rule")
    return rule_view(rule, city)


def set_rule(session: Session, identity: uuid.UUID, given: FilingRuleIn, version: int) -> dict[str, Any]:
    """Set a rule that is still at ``version``; 0 makes a new one, or the city's own in place of a built-in one.

    Cases that are there keep the rule they began with.

    Raises
    ------
    BadInputError
        For a subtype or place that there is not, or a department that is none, or none now.
    ConflictError
        Where another rule is for the same.
    StaleError
        Where somebody else changed it meanwhile.
    """
    city = cities.get_city(session, given.city)
    _check(session, city, given)
    row = cases.filing_rule(session, identity)
    if version != (0 if row is None else row.version):
        raise StaleError("somebody else changed the filing rule meanwhile; read it again")
    key = (given.category, given.subtype, given.place_kind, given.place)
    known = {rule.key: rule.id for rule in rules_of(session, city)}
    if known.get(key, identity) != identity:
        raise ConflictError("there is a filing rule for this category, subtype and place; change that one")
    body = RuleBody.model_validate(given.model_dump(include=set(BODY))).model_dump(mode="json")
    if row is None:
        built_in = next((rule for rule in built_in_rules(city.code) if rule.id == identity), None)
        if built_in is not None and built_in.key != key:
            raise ConflictError("a built-in rule can be replaced for the same category and subtype only")
        row = FilingRule(uuid=identity, city_id=city.id, body=body)
        session.add(row)
    elif row.city_id != city.id:
        raise ConflictError("this filing rule is another city's")
    else:
        row.body = body
        row.version += 1
    row.category, row.subtype, row.place_kind, row.place = key
    session.flush()
    return rule_view(_own(row), city)


def _check(session: Session, city: City, given: FilingRuleIn) -> None:
    if given.subtype and given.subtype not in _subtypes(given.category):
        what = f"not a subtype of {given.category}; use one of {', '.join(_subtypes(given.category))}"
        raise BadInputError(f"subtype {given.subtype!r}: {what}", problems=[Problem("body.subtype", what)])
    if given.place_kind and not cases.is_place(session, city.id, given.place_kind, given.place):
        what = {
            "school": f"{given.place!r} is not a school of this city",
            "cell": f"{given.place!r} is not a cell of this city",
            "district": f"{given.place!r} is not a township of this city",
        }[given.place_kind]
        raise BadInputError(what, problems=[Problem("body.place", what)])
    require_known(session, given.lead, "body.lead")
    for code in given.assisting:
        require_known(session, code, "body.assisting")


def remove_rule(session: Session, identity: uuid.UUID, version: int) -> None:
    """Take a city's own rule away that is still at ``version``; a built-in one for the same holds again.

    Raises
    ------
    NotFoundError, StaleError
        Where there is none of the city's own, or where somebody else changed it meanwhile.
    """
    row = cases.filing_rule(session, identity)
    if row is None:
        raise NotFoundError("there is no such filing rule of the city's own")
    if row.version != version:
        raise StaleError("somebody else changed the filing rule meanwhile; read it again")
    session.delete(row)
    session.flush()
