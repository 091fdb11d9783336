"""Streets that can be travelled: a network, travel times on foot, by bicycle and by car, and the way between points."""

from gis.streets.modes import BICYCLE, CAR, FOOT, MODES, Mode
from gis.streets.network import ModeNetwork, Network, build_network, for_mode
from gis.streets.snapping import Snapped, snap
from gis.streets.travel import DETOUR, TravelTimes, Way, travel_times, way_between, ways_between

__all__ = [
    "BICYCLE",
    "CAR",
    "DETOUR",
    "FOOT",
    "MODES",
    "Mode",
    "ModeNetwork",
    "Network",
    "Snapped",
    "TravelTimes",
    "Way",
    "build_network",
    "for_mode",
    "snap",
    "travel_times",
    "way_between",
    "ways_between",
]
