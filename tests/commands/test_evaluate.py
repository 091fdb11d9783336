"""How well maps foretold, by command; the incidents are invented."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from api.errors import BadInputError
from api.services.evaluation import evaluate_file
from tests.commands.test_commands import Campus, write

LON, LAT = 120.24, 29.71


@pytest.fixture(scope="module")
def incidents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of three years: most incidents in two corners, the others anywhere."""
    rng = np.random.default_rng(1)
    size = 3000
    spot = rng.integers(0, 2, size)
    lasting = rng.random(size) < 0.7
    lon = np.where(lasting, LON + 0.002 + 0.012 * spot + rng.normal(0, 2e-4, size), LON + rng.uniform(0, 0.02, size))
    lat = np.where(lasting, LAT + 0.004 + 0.008 * spot + rng.normal(0, 2e-4, size), LAT + rng.uniform(0, 0.02, size))
    minute = rng.integers(0, 3 * 365 * 1440, size)
    times = np.datetime64("2023-11-01T00:00") + np.sort(minute).astype("timedelta64[m]")
    lines = [f"{time},{x:.6f},{y:.6f}" for time, x, y in zip(times, lon, lat, strict=True)]
    path = tmp_path_factory.mktemp("evaluate") / "incidents.csv"
    return write(path, "\n".join(["date,longitude,latitude", *lines, ""]))


def test_lasting_spots_are_found_by_long_memory(incidents: Path) -> None:
    done, cells = evaluate_file(
        incidents, area=None, train_weeks=24, test_weeks=24, cell_m=150, shares=[0.01, 0.05], hours=None, crs="wgs84"
    )
    assert 100 < cells < 400
    counts = done.of("counts")
    assert counts.hit_rate[1] > 0.6
    assert np.all((counts.low <= counts.hit_rate) & (counts.hit_rate <= counts.high))
    assert np.all(counts.pei <= 1)
    assert done.honest_default in {one.family for one in done.performances}
    few, _ = evaluate_file(
        incidents, area=None, train_weeks=24, test_weeks=24, cell_m=150, shares=[0.05], hours=(14, 18), crs="wgs84"
    )
    assert few.incidents < 0.25 * done.incidents


def test_times_are_those_of_the_local_clock_however_they_are_written(incidents: Path, tmp_path: Path) -> None:
    table = pd.read_csv(incidents)
    local = pd.to_datetime(table["date"])
    asked = {
        "area": None,
        "train_weeks": 8,
        "test_weeks": 8,
        "cell_m": 300,
        "shares": [0.05],
        "hours": (14, 18),
        "crs": "wgs84",
    }
    expected = evaluate_file(incidents, **asked)[0].incidents
    utc = (local - pd.Timedelta(hours=8)).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    offset = local.dt.strftime("%Y-%m-%dT%H:%M:%S+08:00")
    mixed = offset.where(offset.index % 2 == 0, (local + pd.Timedelta(hours=1)).dt.strftime("%Y-%m-%dT%H:%M:%S+09:00"))
    for column, zone in ((offset, None), (offset, "Asia/Shanghai"), (utc, "Asia/Shanghai"), (mixed, "Asia/Shanghai")):
        table.assign(date=column).to_csv(tmp_path / "a.csv", index=False)
        assert evaluate_file(tmp_path / "a.csv", **asked, time_zone=zone)[0].incidents == expected
    assert Campus(tmp_path)("evaluate", str(incidents), "--time-zone", "Nowhere").returncode == 2


def test_of_midnight_sharp_only_the_day_is_known(incidents: Path, tmp_path: Path) -> None:
    """A third of the afternoons are written as 00:00: they help to foretell, and nobody claims to have hit them."""
    table = pd.read_csv(incidents)
    local = pd.to_datetime(table["date"])
    asked = ["--hours", "14-18", "--cell", "200", "--share", "0.05", "--test-weeks", "24"]
    table["date"] = local.mask(local.index % 3 == 0, local.dt.normalize()).astype(str)
    table.to_csv(tmp_path / "a.csv", index=False)
    campus = Campus(tmp_path)
    told = [campus("evaluate", str(path), *asked).stdout for path in (incidents, tmp_path / "a.csv")]
    few, many = (re.search(r"(\d+) of which only the day is known are left out", text) for text in told)
    assert many is not None
    assert int(many[1]) > 50 * (1 if few is None else int(few[1]))  # one in 1,440 is at midnight by chance
    known, fewer = (int(text.split(" ", 1)[0]) for text in told)
    assert 0.5 * known < fewer < 0.85 * known
    table["date"] = local.dt.date.astype(str)
    table.to_csv(tmp_path / "b.csv", index=False)
    nothing = campus("evaluate", str(tmp_path / "b.csv"), *asked)
    assert nothing.returncode == 2
    assert "surely of the kind to be foretold" in " ".join(nothing.stderr.split())


def test_the_command_prints_a_table_and_the_honest_default(incidents: Path, tmp_path: Path) -> None:
    campus = Campus(tmp_path)
    plot, table = tmp_path / "hit rates.svg", tmp_path / "table.csv"
    done = campus(
        "evaluate", str(incidents), "--hours", "all", "--cell", "200", "--share", "0.05", "--test-weeks", "12",
        "--plot", str(plot), "--out", str(table),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "risk less " in done.stdout
    drawn = ElementTree.parse(plot).getroot()
    assert drawn.tag.endswith("svg")
    assert len(list(drawn.iter())) > 100
    rows = pd.read_csv(table)
    assert set(rows["method"]) == {"counts", "kde", "gi", "near repeat", "risk"}
    assert ((rows["low"] <= rows["hit_rate"]) & (rows["hit_rate"] <= rows["high"])).all()
    assert "svg" in campus("evaluate", str(incidents), "--plot", str(tmp_path / "a.gif")).stderr
    assert "incidents foretold" in done.stdout
    assert "the honest default here: " in done.stdout
    for bad in (("--share", "2"), ("--hours", "nine"), ("--cell", "1")):
        assert campus("evaluate", str(incidents), *bad).returncode == 2
    assert campus("evaluate", str(tmp_path / "nowhere.csv")).returncode == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no column of times"),
        ("date,lon,lat\nnever,120,29\n", "both a place and a moment"),
        ("date,lon,lat\n2026-11-03T08:10:00Z,120,29\n", "the times are in UTC"),
        ("date,lon,lat\n2026-11-03 16:10,120,29\n2026-11-04 16:10,120,29\n", "in one place or on a line"),
        (
            "date,lon,lat\n2026-11-03 16:10,120,29\n2026-11-04 16:10,120.1,29.1\n2026-11-05 9:00,10,50\n",
            "at 10.0000, 50",
        ),
    ],
)
def test_files_that_cannot_be_evaluated_are_said_so(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(BadInputError, match=said):
        evaluate_file(path, area=None, train_weeks=4, test_weeks=4, cell_m=150, shares=[0.05], hours=None, crs="wgs84")
