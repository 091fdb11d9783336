"""Travel times on the streets of a town: 500 × 500 places on foot, by bicycle and by car, each in less than 2 s.

``python -m bench.streets``: Heidelberg from OpenStreetMap, read from the data sets beside the project. Building the
network is done once per import and measured apart.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np

from gis.readers.osm.extract import read_osm
from gis.streets import MODES, build_network, for_mode, travel_times

DATA = Path(os.environ.get("CAMPUS_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
PLACES = 500
MOST_S = 2.0
ROUNDS = 3


def main() -> int:
    streets = read_osm(DATA / "osm" / "heidelberg.osm.pbf").streets
    started = time.perf_counter()
    network = build_network(streets)
    print(
        f"{len(streets):,} streets, {network.lon.size:,} junctions, {network.start.size:,} edges: "
        f"{time.perf_counter() - started:.2f} s"
    )
    rng = np.random.default_rng(20261123)
    at = rng.choice(network.lon.size, PLACES, replace=False)
    lon, lat = (v[at] + rng.normal(0.0, 0.0005, PLACES) for v in (network.lon, network.lat))
    missed = False
    for mode in MODES.values():
        ways, runs = for_mode(network, mode), []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            times = travel_times(ways, lon, lat)
            runs.append(time.perf_counter() - started)
        taken = min(runs)
        missed |= taken >= MOST_S
        print(
            f"{mode.name:<8}{PLACES} × {PLACES}: {taken:.2f} s, {len(times.unreachable)} pairs without a way, "
            f"{int(times.estimated.sum())} estimated; below {MOST_S:g} s: {'met' if taken < MOST_S else 'MISSED'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
