"""After-school patrols: which teams stand where and when, from prizes, time windows and travel times."""

from gis.patrols.planning import plan_patrols
from gis.patrols.plans import LeftOut, Plan, Progress, Reason, Route, Visit
from gis.patrols.problem import Break, Problem, Stop, Team

__all__ = [
    "Break",
    "LeftOut",
    "Plan",
    "Problem",
    "Progress",
    "Reason",
    "Route",
    "Stop",
    "Team",
    "Visit",
    "plan_patrols",
]
