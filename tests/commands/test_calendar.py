"""A working calendar from a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from api.errors import BadInputError
from api.services.cases.calendar import read_years, show_year
from api.services.cities import add_city
from api.settings import Settings
from api.store.engine import reading, writing
from tests.commands.test_commands import ROOT, Campus

NEXT_YEAR = """
hours = [["09:00", "17:00"]]
[years.2027]
source = "made up"
off = [{ from = 2027-01-01, to = 2027-01-03, name = "invented" }]
make_up = [{ day = 2027-01-10, name = "invented" }]
"""


def test_the_command_takes_years_from_a_file(tmp_path: Path) -> None:
    campus = Campus(tmp_path)
    campus.good("city", "add", "330681", "虚构市")
    file = tmp_path / "2027.toml"
    file.write_text(NEXT_YEAR, encoding="utf-8")
    assert "2027: 3 days off, 1 make-up days, to be confirmed; 0 open cases" in campus.good("calendar", file)
    file.write_text("hours = [", encoding="utf-8")
    assert "2027.toml" in campus.bad("calendar", file)
    assert "nowhere.toml" in campus.bad("calendar", "nowhere.toml")


@pytest.mark.parametrize(
    "text",
    ["", "hours = 7\n[years]\n", 'hours = [["9", "17"]]\n[years.2027]\n', 'hours = [["09:00", "08:00"]]\n[years.2027]\n',
     NEXT_YEAR.replace("2027-01-10", "2027-01-02"), NEXT_YEAR.replace("2027-01-03", "2039-01-03"), 'hours = []\nyears = {}\n',
     NEXT_YEAR.replace("to =", "too =")],
)  # fmt: skip
def test_what_is_no_calendar_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match="wrong"):
        read_years(file)


def test_the_file_is_for_its_time_zones_and_a_city_elsewhere_begins_without_holidays(
    engine: Engine, settings: Settings
) -> None:
    with writing(engine) as session:
        add_city(session, code="330681", name="虚构市", settings=settings)
        add_city(session, code="FAR", name="far away", time_zone="America/Phoenix", settings=settings)
    with reading(engine) as session:
        here, there = show_year(session, "330681", 2026), show_year(session, "FAR", 2026)
    assert (here["confirmed"], there["confirmed"]) == (True, False)
    assert sum(not day["working"] for day in here["days"]) == 33
    assert [day["day"] for day in here["days"] if day["working"]] == [
        "2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
    ]  # fmt: skip
    assert there["days"] == []
    assert read_years(ROOT / "api" / "working_calendar.toml")[2026].confirmed
