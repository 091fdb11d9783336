"""The table of distance rules: its rows, versions and dates."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal, get_args

from gis.errors import GisError

Measure = Literal["boundary", "gate", "walk", "township_polygon", "none", "road"]

BASIS_STATUS = {
    "L": {"zh": "已核对条文", "en": "statute text read"},
    "S": {"zh": "据公开资料", "en": "from a public source"},
    "R": {"zh": "待核实", "en": "to be verified"},
    "V": {"zh": "已计算", "en": "computed"},
    "I": {"zh": "推断", "en": "our inference"},
}


@dataclass(frozen=True)
class Rule:
    """One version of one rule.

    Attributes
    ----------
    target
        The premises category that it is about.
    limit_m
        Metres; None where none are stated.
    measure
        ``boundary`` (straight line from any point of the campus boundary), ``gate`` (from the nearest gate), ``walk``
        (on foot, gate to door), ``township_polygon`` (the area that the township drew, else by boundary), ``none``
        (no distance), ``road`` (not about premises).
    stages
        The school stages it protects; a school of unknown stage is taken as protected, and marked.
    basis_status
        How well the basis is known: see ``BASIS_STATUS``.
    valid_from, valid_to
        The first and the last day in force; None where it is not known or there is none.
    """

    rule_id: str
    version: int
    target: str
    title_zh: str
    title_en: str
    limit_m: float | None
    measure: Measure
    stages: tuple[str, ...]
    enforced_by_zh: str
    enforced_by_en: str
    basis_zh: str
    basis_en: str
    basis_status: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    note_zh: str
    note_en: str

    def title(self, language: str) -> str:
        """Return the title in Chinese ("zh") or English."""
        return self.title_zh if language == "zh" else self.title_en

    def basis(self, language: str) -> str:
        """Return the legal basis."""
        return self.basis_zh if language == "zh" else self.basis_en

    def enforced_by(self, language: str) -> str:
        """Return the departments in charge."""
        return self.enforced_by_zh if language == "zh" else self.enforced_by_en

    def note(self, language: str) -> str:
        """Return the note."""
        return self.note_zh if language == "zh" else self.note_en


def rule_of(row: Mapping[str, Any]) -> Rule:
    """Return a rule of a row of the table, or of what an administrator kept of it; texts are turned into values.

    Raises
    ------
    GisError
        Where a column is missing, cannot be read, or says what no rule can say.
    """
    name = row.get("rule_id", "?")
    values = dict(row)
    try:
        stages = values["stages"]
        stages = stages.split(";") if isinstance(stages, str) else stages
        values["stages"] = tuple(part.strip() for part in stages if part.strip())
        for day in ("valid_from", "valid_to"):
            if isinstance(values[day], str):
                values[day] = dt.date.fromisoformat(values[day]) if values[day] else None
        values["limit_m"] = None if values["limit_m"] in ("", None) else float(values["limit_m"])
        values["version"] = int(values["version"])
        rule = Rule(**values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GisError(f"the distance rule {name!r} cannot be read: {error}") from None
    if rule.limit_m is not None and not (math.isfinite(rule.limit_m) and rule.limit_m > 0):
        raise GisError(f"the distance rule {name!r} has a limit of {rule.limit_m} m; it must be above 0, or empty")
    if rule.measure not in get_args(Measure):
        raise GisError(f"the distance rule {name!r} measures {rule.measure!r}; use {', '.join(get_args(Measure))}")
    if rule.basis_status not in BASIS_STATUS:
        raise GisError(f"the distance rule {name!r} has the basis {rule.basis_status!r}; use {', '.join(BASIS_STATUS)}")
    return rule


def load_rules() -> tuple[Rule, ...]:
    """Return the rules of ``gis/rules_table.csv``.

    Examples
    --------
    >>> [rule.limit_m for rule in load_rules() if rule.rule_id == "internet_cafe_boundary"]
    [200.0]
    """
    text = resources.files("gis").joinpath("rules_table.csv").read_text(encoding="utf-8")
    return tuple(rule_of(row) for row in csv.DictReader(text.splitlines()))


def rules_at(rules: Iterable[Rule], on: dt.date) -> tuple[Rule, ...]:
    """Return the newest version of each rule that is in force on a day, the first and last day included."""
    newest: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda r: r.version):
        if (rule.valid_from is None or rule.valid_from <= on) and (rule.valid_to is None or on <= rule.valid_to):
            newest[rule.rule_id] = rule
    return tuple(newest.values())
