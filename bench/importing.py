"""Import of 100,000 hazards from CSV, beside ``ogr2ogr`` of the same file into SpatiaLite; all hazards invented.

Ours reads, checks every row, finds cells and schools, and keeps source, raw position and content; the peer copies.
"""

from __future__ import annotations

import csv
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas
import numpy as np
import shapely

from api.services.cities import add_city
from api.services.grids import build_grid
from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store import migrate
from api.store.engine import make_engine, writing

COUNT = 100_000
ROUNDS = 3
LEAST_RATIO = 0.5


def write_hazards(path: Path) -> None:
    """Write invented hazards over an invented city."""
    random = np.random.default_rng(1)
    lon, lat = random.uniform(120.0, 120.5, COUNT), random.uniform(29.5, 30.0, COUNT)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "category", "subtype", "lon", "lat", "note", "observed_at"])
        for n in range(COUNT):
            day = 1 + n % 28
            moment = f"2026-11-{day:02d}T{7 + n % 11:02d}:{n % 60:02d}:00+08:00"
            writer.writerow([f"H{n}", "VEN", "food_stall", f"{lon[n]:.6f}", f"{lat[n]:.6f}", f"note {n}", moment])


def ours(folder: Path, file: Path) -> float:
    """Return the seconds of our import into a city of 200 schools with their perimeters."""
    settings = Settings(data=folder)
    engine = make_engine(f"sqlite:///{folder / 'campus.sqlite'}")
    migrate.upgrade(engine)
    random = np.random.default_rng(2)
    places = shapely.points(random.uniform(120.0, 120.5, 200), random.uniform(29.5, 30.0, 200))
    schools = folder / "schools.geojson"
    geopandas.GeoDataFrame(
        {"id": range(200), "name": [f"invented {n}" for n in range(200)]}, geometry=places, crs="EPSG:4326"
    ).to_file(schools, driver="GeoJSON")
    with writing(engine) as session:
        city = add_city(session, code="330681", name="invented", settings=settings)
        import_file(session, city, "schools", schools, ImportOptions(), settings)
        build_grid(session, city)
    begin = time.perf_counter()
    with writing(engine) as session:
        from api.store.cities import get_city

        report = import_file(session, get_city(session), "hazards", file, ImportOptions(crs="wgs84"), settings)
    seconds = time.perf_counter() - begin
    engine.dispose()
    if report.written != COUNT:
        raise SystemExit(f"only {report.written} of {COUNT} hazards were written")
    return seconds


def peer(folder: Path, file: Path) -> float:
    """Return the seconds of ogr2ogr."""
    program = shutil.which("ogr2ogr")
    if program is None:
        raise SystemExit("ogr2ogr is missing; install it: apt-get install gdal-bin")
    begin = time.perf_counter()
    subprocess.run(
        [
            program, "-f", "SQLite", "-dsco", "SPATIALITE=YES", "-oo", "X_POSSIBLE_NAMES=lon", "-oo",
            "Y_POSSIBLE_NAMES=lat", "-a_srs", "EPSG:4326", str(folder / "peer.sqlite"), str(file),
        ],
        check=True,
    )  # fmt: skip
    return time.perf_counter() - begin


def main() -> int:
    """Measure both in turn and print the table."""
    mine, theirs = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            file = folder / "hazards.csv"
            write_hazards(file)
            theirs.append(peer(folder, file))
            mine.append(ours(folder, file))
    ratio = statistics.median(t / m for m, t in zip(mine, theirs, strict=True))
    print(f"{'ours':<10} {statistics.median(mine):6.2f} s  {COUNT / statistics.median(mine):10,.0f} rows/s")
    print(f"{'ogr2ogr':<10} {statistics.median(theirs):6.2f} s  {COUNT / statistics.median(theirs):10,.0f} rows/s")
    print(f"speed of ours: {ratio:.2f} of ogr2ogr's (target: at least {LEAST_RATIO})")
    return 0 if ratio >= LEAST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
