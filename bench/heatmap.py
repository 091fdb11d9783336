"""Heat map of 1,000,000 incidents against folium.plugins.HeatMap of 100,000 points.

``python -m bench.heatmap``: our page must stay below 1 MB and be built in no more time than the plain one.
Counted in our time: time slices, projection, counting, suppression, rendering. The incidents and the streets
are invented: clusters around 700 places over 60 km × 40 km, as the schools of a city of a million lie, with a
tenth spread evenly.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.plugins import HeatMap

from gis.density import WeekSlices, count_by_cell
from gis.lattice import lattice_for
from gis.maps.heatmap import HeatmapSpec, heatmap_page

N = 1_000_000
PLAIN = 100_000
ROUNDS = 5
LIMIT_BYTES = 1_000_000
WEEK = WeekSlices(bands_min=tuple((hour * 60, hour * 60 + 60) for hour in range(15, 20)))
VENDOR = Path(__file__).parent.parent / "web" / "static" / "vendor"


def draw_incidents(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    centre = np.column_stack([rng.uniform(119.9, 120.5, 700), rng.uniform(29.5, 29.86, 700)])
    weight = rng.gamma(0.7, 1, 700)
    at = centre[rng.choice(700, N, p=weight / weight.sum())] + rng.laplace(0, 0.0025, (N, 2))
    even = N // 10
    at[:even] = np.column_stack([rng.uniform(119.9, 120.5, even), rng.uniform(29.5, 29.86, even)])
    first = np.datetime64("2025-09-01T00:00", "m")
    day = rng.integers(0, 300, N) * 1440
    minute = np.clip(rng.normal(17 * 60, 55, N), 15 * 60, 20 * 60 - 1).astype(np.int64)
    return at[:, 0], at[:, 1], first + (day + minute).astype("timedelta64[m]")


def draw_streets(rng: np.random.Generator) -> gpd.GeoDataFrame:
    n = 6_000
    start = np.column_stack([rng.uniform(119.9, 120.5, n), rng.uniform(29.5, 29.86, n)])
    steps = rng.normal(0, 0.0012, (n, 10, 2)) + rng.normal(0, 0.0008, (n, 1, 2))
    lines = shapely.linestrings(start[:, None] + np.cumsum(steps, axis=1))
    kinds = rng.choice(["primary", "tertiary", "residential"], n, p=[0.05, 0.15, 0.8])
    return gpd.GeoDataFrame({"highway": kinds}, geometry=lines, crs="EPSG:4326")


def measure(make: Callable[[], str]) -> tuple[float, str]:
    started = time.perf_counter()
    page = make()
    return time.perf_counter() - started, page


def main() -> int:
    rng = np.random.default_rng(20261123)
    lon, lat, times = draw_incidents(rng)
    streets = draw_streets(rng)
    points = np.column_stack([lat, lon])[rng.choice(N, PLAIN, replace=False)]
    assets = {name: (VENDOR / name).read_text("utf-8") for name in ("leaflet/leaflet.js", "leaflet/leaflet.css")}

    def ours() -> str:
        lattice = lattice_for(120.2, 29.7, 100.0)
        cells = count_by_cell(lon, lat, lattice, slice_index=WEEK.index_of_times(times), n_slices=len(WEEK))
        return heatmap_page(HeatmapSpec(cells=cells, slices=WEEK, school_days=190, streets=streets), assets)

    def plain() -> str:
        drawn = folium.Map(location=[29.7, 120.2])
        HeatMap(points).add_to(drawn)
        return str(drawn.get_root().render())

    ours(), plain()  # templates are compiled once
    runs = [(measure(ours), measure(plain)) for _ in range(ROUNDS)]
    ours_s, plain_s = (statistics.median(run[side][0] for run in runs) for side in (0, 1))
    ours_bytes, plain_bytes = (len(runs[0][side][1].encode()) for side in (0, 1))
    ratio = statistics.median(ours_run[0] / plain_run[0] for ours_run, plain_run in runs)
    print(f"{'heat map':<44}{'points':>10}{'seconds':>10}{'page, kB':>10}")
    print(f"{'ours: counted, suppressed, one file':<44}{N:>10,}{ours_s:>10.2f}{ours_bytes / 1000:>10.0f}")
    print(
        f"{'folium.plugins.HeatMap (links to the network)':<44}{PLAIN:>9,}{plain_s:>10.2f}{plain_bytes / 1000:>10.0f}"
    )
    good = ratio <= 1 and ours_bytes < LIMIT_BYTES
    print(
        f"time ratio {ratio:.2f} (at most 1), page below 1 MB: {ours_bytes < LIMIT_BYTES}; {'met' if good else 'MISSED'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
