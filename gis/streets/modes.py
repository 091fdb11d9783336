"""How people travel: which streets they may use, how fast, and what a junction costs them.

Speeds of cars and bicycles are the defaults of the Open Source Routing Machine's profiles (``car.lua``,
``bicycle.lua``), which stand for what is reached in traffic and not for what is allowed. On foot 4.8 km/h, the
comfortable pace of grown-ups of working age (Bohannon 1997, Age and Ageing 26, 15–19: 1.3 to 1.4 m/s).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np

from gis.errors import GisError

Access = Literal["foot", "bicycle", "car"]


@dataclass(frozen=True)
class Mode:
    """A way of travelling; :func:`dataclasses.replace` makes one with other speeds.

    Attributes
    ----------
    name
        Name, for messages.
    access
        Which streets may be used: those for walkers, for cars, or for bicycles (all that have a speed and are open
        to walkers or cars).
    speeds_kmh
        Speed by class of street, in OpenStreetMap's words (``highway=*``); 0: not used at all.
    other_kmh
        Speed on streets of classes that are not named.
    obeys_oneway, obeys_limit
        Whether one-way streets, and the speed limit of the street, bind.
    junction_s
        Seconds that passing a junction costs (three or more streets of this mode meet).
    crossing_s
        Seconds more at a junction with a main road.
    access_kmh
        Pace between a place and the street: walked, whatever the mode.
    """

    name: str
    access: Access
    speeds_kmh: Mapping[str, float] = field(default_factory=dict)
    other_kmh: float = 0.0
    obeys_oneway: bool = True
    obeys_limit: bool = True
    junction_s: float = 0.0
    crossing_s: float = 0.0
    access_kmh: float = 4.8

    def __post_init__(self) -> None:
        speeds = [*self.speeds_kmh.values(), self.other_kmh]
        if not (np.isfinite(speeds).all() and min(speeds) >= 0 and 0 < self.access_kmh < np.inf):
            raise GisError(f"the speeds of the mode {self.name!r} must be finite and not negative")
        if max(speeds) == 0:
            raise GisError(f"the mode {self.name!r} has no speed on any street")
        if not (0 <= self.junction_s < np.inf and 0 <= self.crossing_s < np.inf):
            raise GisError(f"the seconds at junctions of the mode {self.name!r} must be finite and not negative")
        if self.access not in ("foot", "bicycle", "car"):
            raise GisError(f"the access {self.access!r} of the mode {self.name!r} is not foot, bicycle or car")

    @property
    def fallback_kmh(self) -> float:
        """Speed where there are no streets: the median of the classes that are used."""
        used = [speed for speed in self.speeds_kmh.values() if speed > 0]
        return self.other_kmh if self.other_kmh > 0 else float(np.median(used))


MAIN_ROADS = frozenset(
    f"{kind}{link}" for kind in ("trunk", "primary", "secondary", "tertiary") for link in ("", "_link")
)
"""Where walkers wait to cross."""

FOOT = Mode(
    "foot",
    "foot",
    MappingProxyType({"steps": 2.4}),
    other_kmh=4.8,
    obeys_oneway=False,
    obeys_limit=False,
    crossing_s=15.0,
)
BICYCLE = Mode(
    "bicycle",
    "bicycle",
    MappingProxyType(
        {
            "motorway": 0.0, "motorway_link": 0.0, "trunk": 0.0, "trunk_link": 0.0, "steps": 0.0, "corridor": 0.0,
            "pedestrian": 6.0, "footway": 4.8, "path": 10.0, "track": 10.0, "bridleway": 6.0, "living_street": 12.0,
        }
    ),
    other_kmh=15.0,
    junction_s=3.0,
    crossing_s=8.0,
)  # fmt: skip
CAR = Mode(
    "car",
    "car",
    MappingProxyType(
        {
            "motorway": 90.0, "motorway_link": 45.0, "trunk": 85.0, "trunk_link": 40.0, "primary": 65.0,
            "primary_link": 30.0, "secondary": 55.0, "secondary_link": 25.0, "tertiary": 40.0, "tertiary_link": 20.0,
            "unclassified": 25.0, "residential": 25.0, "living_street": 10.0, "service": 15.0, "track": 10.0,
            "pedestrian": 8.0,
        }
    ),
    other_kmh=20.0,
    junction_s=4.0,
    crossing_s=6.0,
)  # fmt: skip
MODES: Mapping[str, Mode] = MappingProxyType({mode.name: mode for mode in (FOOT, BICYCLE, CAR)})
