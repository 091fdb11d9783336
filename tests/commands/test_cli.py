"""The command line: help with an example, one clear line for what is wrong, and the whole way through. Data invented."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from api.cli import app

LON, LAT = 120.24, 29.71


def campus(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CAMPUS_")} | {
        "CAMPUS_DATA": str(folder / "data")
    }
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
        timeout=300,
    )


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files and the database of a small city."""
    folder = tmp_path_factory.mktemp("city")
    (folder / "schools.csv").write_text(f"id,name,stage,lon,lat\nA,虚构小学,小学,{LON},{LAT}\n", encoding="gb18030")
    (folder / "premises.csv").write_text(f"id,name,category,lon,lat\n1,=虚构网吧,网吧,{LON + 0.001},{LAT}\n")
    rows = "".join(f"{n},打架,2026-11-03 16:{n:02d},{LON},{LAT - 0.001}\n" for n in range(5))
    (folder / "incidents.csv").write_text("id,类型,时间,经度,纬度\n" + rows)
    (folder / "bad.csv").write_text(f"id,category,lon,lat\n1,volcano,{LON},{LAT}\n")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 not a zip")
    for what in ("schools", "premises", "incidents"):
        done = campus(folder, "import", what, f"{what}.csv", "--crs", "wgs84")
        assert done.returncode == 0, done.stderr
    return folder


def names() -> list[tuple[str, ...]]:
    root = typer.main.get_command(app)
    found: list[tuple[str, ...]] = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [(name, sub) for sub in inner] if inner else [(name,)]
    return found


@pytest.mark.parametrize("name", names(), ids=" ".join)
def test_every_command_has_help_with_an_example(name: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app([*name, "--help"])
    assert ended.value.code == 0
    assert f"Example: campus {' '.join(name)}" in " ".join(capsys.readouterr().out.split())


BAD = {
    "no such file": ("import", "hazards", "nothing.csv", "--crs", "wgs84"),
    "no such collection": ("import", "volcanoes", "bad.csv", "--crs", "wgs84"),
    "no CRS": ("import", "hazards", "bad.csv"),
    "an unknown CRS": ("import", "hazards", "bad.csv", "--crs", "mars"),
    "a bad row": ("import", "hazards", "bad.csv", "--crs", "wgs84"),
    "a broken archive": ("import", "schools", "broken.zip"),
    "a bad mapping": ("import", "hazards", "bad.csv", "--crs", "wgs84", "--map", "note"),
    "an unknown column": ("import", "hazards", "bad.csv", "--crs", "wgs84", "--map", "note=nothing"),
    "no extract": ("import", "osm", "bad.csv"),
    "an unknown target": ("check", str(LON), str(LAT), "--target", "volcano"),
    "an unknown city": ("screen", "--city", "nowhere"),
    "an unknown school": ("grid", "build", "--school", "nobody"),
    "a bad day": ("heatmap", "--out", "x.html", "--from", "yesterday"),
    "a folder that is not there": ("heatmap", "--out", "no/such/folder/x.html"),
    "an unknown role": ("user", "add", "lin", "--role", "king", "--password", "invented password"),
    "a database of another kind": ("screen", "--database", "mysql://localhost/x"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_one_clear_line(city: Path, what: str) -> None:
    done = campus(city, *BAD[what])
    assert done.returncode == 2, done
    lines = done.stderr.strip().splitlines()
    assert lines[-1].startswith("campus: ")
    assert "Traceback" not in done.stderr
    if what == "a bad row":
        assert "volcano" in lines[-2]
    else:
        assert len(lines) == 1, done.stderr


def test_the_whole_way_through(city: Path) -> None:
    again = campus(city, "import", "schools", "schools.csv", "--crs", "wgs84")
    assert "0 written, 0 updated, 1 unchanged" in again.stdout
    assert "1 perimeters" in campus(city, "grid", "build", "--distance", "150").stdout
    checked = campus(city, "check", str(LON + 0.001), str(LAT), "--target", "网吧", "--language", "en")
    assert "inside" in checked.stdout
    assert "not a finding" in checked.stdout
    assert campus(city, "screen", "--out", "leads.csv").returncode == 0
    assert "'=虚构网吧" in (city / "leads.csv").read_text(encoding="utf-8-sig")  # no spreadsheet runs it
    drawn = campus(city, "heatmap", "--out", "heat.html", "--after-school", "--by-week")
    assert drawn.returncode == 0, drawn.stderr
    page = (city / "heat.html").read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert 'href="http' not in page.replace('href="https://leafletjs.com"', "")
    assert campus(city, "user", "add", "lin", "--role", "inspector", "--password", "invented password").returncode == 0
    assert "lin" in campus(city, "user", "list").stdout
