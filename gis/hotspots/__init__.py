"""Hot spots that mean something: statistics that say how likely chance alone would have made them."""

from gis.hotspots.chance import Reason, false_discovery_rate
from gis.hotspots.gi import HotSpots, gi_star
from gis.hotspots.moran import GlobalMoran, LocalMoran, global_moran, local_moran
from gis.hotspots.neighbours import Weights, band_neighbours, kernel_neighbours, queen_neighbours, weights_of

__all__ = [
    "GlobalMoran",
    "HotSpots",
    "LocalMoran",
    "Reason",
    "Weights",
    "band_neighbours",
    "false_discovery_rate",
    "gi_star",
    "global_moran",
    "kernel_neighbours",
    "local_moran",
    "queen_neighbours",
    "weights_of",
]
