"""The command ``campus`` as a person runs it: a process of its own, on a data folder of its own; all data invented."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from api.cli import app

LON, LAT = 120.24, 29.71
ROOT = Path(__file__).parents[2]


class Campus:
    """Runs commands on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("CAMPUS_")} | {
            "CAMPUS_DATA": str(folder / "data"),
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "200",
        }

    def __call__(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    def good(self, *words: object) -> str:
        """Run a command that is to succeed, and return what it prints."""
        done = self(*words)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def bad(self, *words: object) -> str:
        """Run a command that is to fail with one clear line, and return that line."""
        done = self(*words)
        assert done.returncode == 2, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        lines = done.stderr.splitlines()
        assert len(lines) == 1, done.stderr
        assert lines[0].startswith("campus: ")
        assert len(lines[0]) > len("campus: ") + 10
        return lines[0]


def commands() -> list[tuple[str, ...]]:
    """Return every command and group of the program."""

    def walk(group: object, before: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = []
        for name, command in getattr(group, "commands", {}).items():
            found += [(*before, name), *walk(command, (*before, name))]
        return found

    return walk(typer.main.get_command(app), ())


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def write_schools(folder: Path) -> Path:
    ring = [[LON + x, LAT + y] for x, y in ((0, 0), (0.001, 0), (0.001, 0.001), (0, 0.001), (0, 0))]
    return write(
        folder / "schools.geojson",
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"id": "S1", "name": '
        '"虚构小学", "stage": "小学"}, "geometry": {"type": "Polygon", "coordinates": [' + str(ring) + "]}}]}",
    )


def test_the_program_has_its_commands() -> None:
    names = {" ".join(words) for words in commands()}
    assert {"serve", "demo", "import", "grid build", "check", "screen", "heatmap", "city add", "user add"} <= names


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_help_has_an_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app([*words, "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert "Usage" in text
    if words not in {("grid",), ("city",), ("user",), ("patrol",), ("export",)}:  # groups show their commands
        assert f"Example: campus {' '.join(words)}" in text


def test_bad_input_is_one_clear_line(tmp_path: Path) -> None:
    campus = Campus(tmp_path)
    point = write(tmp_path / "a.csv", f"id,category,lon,lat\n1,VEN,{LON},{LAT}\n")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 this is no archive")
    picture = write(tmp_path / "picture.png", "no table")
    assert "nowhere.csv" in campus.bad("import", "hazards", "nowhere.csv", "--crs", "wgs84")
    assert "atlantis" in campus.bad("import", "hazards", point, "--crs", "atlantis")
    assert "volcanoes" in campus.bad("import", "volcanoes", point, "--crs", "wgs84")
    assert "--crs" in campus.bad("import", "hazards", point)
    assert "broken.zip" in campus.bad("import", "schools", broken)
    assert "picture.png" in campus.bad("import", "hazards", picture, "--crs", "wgs84")
    assert "--map" in campus.bad("import", "hazards", point, "--crs", "wgs84", "--map", "note")
    assert "city" in campus.bad("check", LON, LAT, "--target", "internet_cafe")
    campus.good("import", "schools", write_schools(tmp_path))
    assert "volcano" in campus.bad("check", LON, LAT, "--target", "volcano")
    assert "atlantis" in campus.bad("check", LON, LAT, "--target", "internet_cafe", "--crs", "atlantis")
    campus.bad("check", "nan", LAT, "--target", "internet_cafe")
    campus.bad("check", 620, LAT, "--target", "internet_cafe")
    assert "nobody" in campus.bad("grid", "build", "--school", "nobody")
    assert "yesterday" in campus.bad("heatmap", "--out", tmp_path / "h.html", "--from", "yesterday")
    assert "volcano" in campus.bad("heatmap", "--out", tmp_path / "h.html", "--type", "volcano")
    assert not (tmp_path / "h.html").exists()
    assert "premises" in campus.bad("screen", "--out", tmp_path / "s.csv")
    assert "somebody" in campus.bad("user", "disable", "somebody")
    assert "gardener" in campus.bad("user", "add", "x", "--role", "gardener", "--password", "invented-password")
    assert "000" in campus.bad("grid", "build", "--city", "000")
    campus.environment |= {"CAMPUS_TRACK_DAYS": "soon", "CAMPUS_TILES_KEY": "invented-key"}
    line = campus.bad("doctor")
    assert "CAMPUS_TRACK_DAYS" in line
    assert "invented-key" not in line


def test_an_odd_file_name_is_only_a_name(tmp_path: Path) -> None:
    campus = Campus(tmp_path)
    odd = write(tmp_path / "list [draft] [red] %s {x}.csv", f"id,category,lon,lat\n1,VEN,{LON},{LAT}\n")
    assert "list [draft] [red] %s {x}.csv" in campus.good("import", "hazards", odd, "--crs", "wgs84", "--dry-run")


def test_bad_rows_are_named_before_the_last_line(tmp_path: Path) -> None:
    campus = Campus(tmp_path)
    rows = write(tmp_path / "a.csv", f"id,category,lon,lat\n1,VEN,{LON},{LAT}\n2,volcano,{LON},{LAT}\n")
    done = campus("import", "hazards", rows, "--crs", "wgs84")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "row 3" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("campus: ")
    assert "1 written" in campus.good("import", "hazards", rows, "--crs", "wgs84", "--keep-going")


def test_from_files_to_leads_and_a_heat_map(tmp_path: Path) -> None:
    campus = Campus(tmp_path)
    gates = write(tmp_path / "gates.csv", f"id,school,name,lon,lat\nG1,S1,南门,{LON + 0.0005},{LAT}\n")
    premises = write(
        tmp_path / "premises.csv",
        f"id,name,category,lon,lat\nP1,=虚构网吧,网吧,{LON + 0.0015},{LAT}\nP2,虚构网吧二,网吧,{LON + 0.02},{LAT}\n",
    )
    incidents = write(
        tmp_path / "incidents.csv",
        "id,type,occurred_at,lon,lat\n" + "".join(f"{n},fight,2026-11-03 16:1{n},{LON},{LAT}\n" for n in range(5)),
    )
    campus.good("city", "add", "330681", "虚构市")
    assert "330681" in campus.good("city", "list")
    files = {"schools": write_schools(tmp_path), "gates": gates, "premises": premises, "incidents": incidents}
    for what, path in files.items():
        words = ("import", what, path) if what == "schools" else ("import", what, path, "--crs", "wgs84")
        would = campus.good(*words, "--dry-run")
        assert "would be" in would
        first, again = campus.good(*words), campus.good(*words)
        rows = {"schools": 1, "gates": 1, "premises": 2, "incidents": 5}[what]
        assert f"{rows} rows read, {rows} written, 0 updated, 0 unchanged, 0 refused" in first
        assert f"{rows} rows read, 0 written, 0 updated, {rows} unchanged, 0 refused" in again
    built = campus.good("grid", "build", "--distance", "200", "--cell", "100")
    assert built.startswith("1 perimeters in ")
    assert campus.good("grid", "build", "--distance", "200", "--cell", "100") == built
    checked = campus.good("check", LON + 0.0015, LAT, "--target", "internet_cafe")
    assert checked.startswith("inside")
    assert "虚构小学" in checked
    english = campus.good("check", LON + 0.0015, LAT, "--target", "网吧", "--language", "en")
    assert "within" in english
    assert "leads" in campus.good("screen", "--out", "leads.csv")
    with (tmp_path / "leads.csv").open(encoding="utf-8-sig", newline="") as file:
        leads = list(csv.DictReader(file))
    assert {row["premises"] for row in leads if row["verdict"] == "inside"} == {"'=虚构网吧"}
    assert float(next(row for row in leads if row["verdict"] == "inside")["boundary_distance_m"]) == pytest.approx(
        48.4, abs=0.2
    )
    campus.good("heatmap", "--out", "heat.html", "--from", "2026-11-01", "--to", "2026-11-30", "--by-week")
    page = (tmp_path / "heat.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "虚构小学" in page
    campus.good("heatmap", "--out", "density.html", "--view", "density")
    two = ("--from", "2026-11-01", "--to", "2026-11-15", "--versus-from", "2026-10-01", "--versus-to", "2026-10-31")
    for view in ("side", "difference"):
        campus.good("heatmap", "--out", f"{view}.html", "--exact", "--view", view, *two)
    assert "incidents are in new groups" in campus.good("release")
    assert "incidents are in new groups" in campus.good("release", "--anew")
    assert "cannot be right" in campus.bad("hotspots", "--out", "spots.geojson", "--to", "0001-01-01")
    assert "versus" in campus.bad("heatmap", "--out", "side.html", "--view", "side")
    assert "volcano" in campus.bad("heatmap", "--out", "side.html", "--view", "volcano")
    assert "magic" in campus.bad("hotspots", "--out", "spots.geojson", "--method", "magic")
    campus.bad("heatmap", "--out", "nowhere/heat.html")
    campus.bad("screen", "--out", "leads.txt")
