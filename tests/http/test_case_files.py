"""Cases out into files and in from files, on both databases."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook
from sqlalchemy.engine import Engine

from api.schemas.cases import ActionIn
from api.security.people import Actor
from api.services.cases.actions import take_action
from api.services.cases.exchange import COLUMNS, cases_table, import_cases
from api.services.exports import write_table
from api.services.imports.report import ImportRefusedError
from api.services.imports.run import ImportOptions
from api.settings import Settings
from api.store import cities
from api.store.engine import reading, writing
from api.store.models import Case
from tests.http.invented_town import place

LON, LAT = place(70, 0)
HEAD = ["外部编号", "状态", "类别", "小类", "名称", "说明", "经度", "纬度", "发现时间", "主办部门"]
GOOD = [
    ["P-1", "已上报", "非法摊贩", "food_stall", "=1+1", "校门口", LON, LAT, "2026-11-03 16:20", "综合行政执法局"],
    ["P-2", "草稿", "ENV", "", "垃圾", "", LON + 0.0002, LAT, "", ""],
    ["P-3", "", "TRF", "", "乱停车", "", LON, LAT + 0.0002, "2026/11/04 07:30", "health"],
]


def a_file(folder: Path, rows: list[list[object]], name: str = "in.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    return path


@pytest.fixture
def take(town: Engine, settings: Settings) -> Callable[..., dict[str, int]]:
    def taken(path: Path, **options: object) -> dict[str, int]:
        with writing(town) as session:
            given = ImportOptions(crs="wgs84", **options)  # type: ignore[arg-type]
            report = import_cases(session, cities.get_city(session), path, given, settings)
        return {name: getattr(report, name) for name in ("read", "written", "updated", "unchanged", "refused")}

    return taken


def stored(town: Engine) -> dict[str, Case]:
    with reading(town) as session:
        return {str(case.external_number): case for case in session.scalars(sa.select(Case))}


def test_a_file_of_the_citys_platform_becomes_reports_and_drafts(
    town: Engine, take: Callable[..., dict[str, int]], tmp_path: Path
) -> None:
    path = a_file(tmp_path, GOOD)
    assert take(path) == {"read": 3, "written": 3, "updated": 0, "unchanged": 0, "refused": 0}
    found = stored(town)
    assert {key: case.state for key, case in found.items()} == {"P-1": "reported", "P-2": "draft", "P-3": "reported"}
    assert found["P-1"].observed_at.isoformat() == "2026-11-03T08:20:00+00:00"
    assert found["P-1"].subtype == "food_stall"
    assert found["P-3"].rule["lead"] == "health"
    assert found["P-1"].step_due_at is not None  # its clock runs from the moment of receipt
    assert take(path)["unchanged"] == 3


def test_what_cannot_be_used_is_refused_by_row_and_nothing_is_taken(
    town: Engine, take: Callable[..., dict[str, int]], tmp_path: Path
) -> None:
    def bad(**cells: object) -> list[object]:
        row = dict(zip(HEAD, ["P-9", "", "VEN", "", "x", "", LON, LAT, "", ""], strict=True))
        return list((row | cells).values())

    rows = [GOOD[0], bad(状态="已结案"), bad(状态="飞走了"), bad(类别="火山"), bad(小类="volcano"), bad(经度="", 纬度=""),
            bad(主办部门="魔法部"), bad(发现时间="昨天"), bad(经度=2000)]  # fmt: skip
    path = a_file(tmp_path, rows)
    with pytest.raises(ImportRefusedError) as refused:
        take(path)
    said = {problem.where.split(",")[0]: problem.what for problem in refused.value.problems}
    assert set(said) == {f"row {n}" for n in range(3, 11)}
    assert "closed is reached by the work on it" in said["row 3"]
    assert "there is no state '飞走了'" in said["row 4"]
    assert "there is no department '魔法部'" in said["row 8"]
    assert stored(town) == {}
    assert take(path, keep_going=True) == {"read": 9, "written": 1, "updated": 0, "unchanged": 0, "refused": 8}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_out_and_in_again_changes_nothing_but_the_numbers_elsewhere(
    town: Engine, take: Callable[..., dict[str, int]], tmp_path: Path, ending: str
) -> None:
    take(a_file(tmp_path, GOOD))
    case = stored(town)["P-1"]
    with writing(town) as session:
        office = Actor(roles=frozenset({"dispatcher"}))
        take_action(session, office, case.uuid, ActionIn(action="file"), None)
    path = tmp_path / f"out.{ending}"
    with reading(town) as session:
        table = cases_table(session, cities.get_city(session), "zh")
    assert list(table.columns) == list(COLUMNS.values())
    assert sorted(table["状态"]) == ["filed", "reported"]  # a draft is its writer's alone
    write_table(table, path)
    if ending == "xlsx":
        rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        assert "'=1+1" in rows[1]  # no formula
    assert take(path) == {"read": 2, "written": 0, "updated": 0, "unchanged": 2, "refused": 0}
    table["外部编号"] = [f"NEW-{n}" for n in range(len(table))]
    write_table(table, path)
    assert take(path)["updated"] == 2
    assert {"NEW-0", "NEW-1", "P-2"} == set(stored(town))
