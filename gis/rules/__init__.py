"""Distance rules: which premises lie too near to a school, with the evidence.

What comes out is a lead (疑似线索), never a finding: only the department in charge confirms it. "Within" includes the
limit itself. A rule without metres, a walk that nobody measured, or a position too coarse give ``undetermined``,
never a clean bill. The table with its legal bases is ``gis/rules_table.csv``; the sources are named in each row.
"""

from gis.rules.pairs import SchoolSet
from gis.rules.screening import NO_LIMIT_SEARCH_M, check, screen
from gis.rules.table import BASIS_STATUS, Measure, Rule, load_rules, rule_of, rules_at
from gis.rules.verdicts import BORDERLINE, INSIDE, OUTSIDE, UNDETERMINED, Walk
from gis.rules.wording import LEAD_NOTICE, explain

__all__ = [
    "BASIS_STATUS",
    "BORDERLINE",
    "INSIDE",
    "LEAD_NOTICE",
    "NO_LIMIT_SEARCH_M",
    "OUTSIDE",
    "UNDETERMINED",
    "Measure",
    "Rule",
    "SchoolSet",
    "Walk",
    "check",
    "explain",
    "load_rules",
    "rule_of",
    "rules_at",
    "screen",
]
