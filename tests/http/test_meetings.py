"""The figures of meetings over HTTP, on both databases: recomputed by other means, at the edges of calendars, and refused."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import writing
from api.store.models import Case, City, Hazard, HazardSchool, Incident, Term
from tests.http.case_office import Office
from tests.http.conftest import Headers
from tests.http.invented_town import assert_problem

ZONE = ZoneInfo("Asia/Shanghai")
LONG = "虚构的名字很长的放学路口东侧流动早餐摊位第三号请勿以此作为任何真实地点的依据共四十字整"[:40]


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Office:
    return Office(client, sign_in)


def at(day: str, hour: int = 16) -> dt.datetime:
    return dt.datetime.fromisoformat(day).replace(hour=hour, tzinfo=ZONE)


def figures(office: Office, period: str, name: str = "vie") -> Any:
    return office.get(f"/api/v1/meetings/{period}/figures", name)


def counts(said: Any, window: str = "this") -> dict[str, int]:
    return {one["code"]: one[window] for one in said["figures"]}


def set_terms(engine: Engine, *terms: tuple[str, str]) -> None:
    with writing(engine) as session:
        city = session.scalars(sa.select(City)).one()
        for first, last in terms:
            session.add(
                Term(
                    city_id=city.id,
                    name="invented",
                    starts_on=dt.date.fromisoformat(first),
                    ends_on=dt.date.fromisoformat(last),
                )
            )


def test_figures_are_those_counted_by_hand(office: Office, town: Engine) -> None:
    set_terms(town, ("2026-09-01", "2027-01-22"))
    days = ["2026-11-09", "2026-11-16", "2026-11-17", "2026-11-22", "2026-11-23"]
    known = [office.hazard(x=60 + n, observed_at=at(day, 23).isoformat(), name=LONG) for n, day in enumerate(days)]
    case = office.case(x=40)
    office.bring(case, "closed")
    office.case(x=30)
    with writing(town) as session:  # closed on the spot, and closed a week later
        for identity, day in ((known[1], "2026-11-16"), (known[0], "2026-11-18")):
            hazard = session.scalars(sa.select(Hazard).where(Hazard.uuid == uuid.UUID(identity))).one()
            hazard.status, hazard.version, hazard.updated_at = "resolved", 2, at(day, 23)
    said = figures(office, "2026-W47")
    assert said["period"] == {
        "code": "2026-W47", "kind": "week", "zh": "2026年第47周", "en": "week 47 of 2026", "from": "2026-11-16",
        "to": "2026-11-22", "school_days": 5, "school_days_in_all": 5, "state": "over", "until": "2026-11-22",
        "previous": "2026-W46", "next": "2026-W48",
    }  # fmt: skip
    with writing(town) as session:
        hazards = session.scalars(sa.select(Hazard)).all()
        ties = {row.hazard_id for row in session.scalars(sa.select(HazardSchool))}
    for window, first, last in (("this", "2026-11-16", "2026-11-22"), ("last", "2026-11-09", "2026-11-15")):
        start, end = at(first, 0), at(last, 0) + dt.timedelta(days=1)
        by_hand = [h for h in hazards if start <= h.observed_at < end]
        assert counts(said, window)["hazards_new"] == len(by_hand) == (3 if window == "this" else 1)
    assert counts(said)["hazards_closed"] == 2
    assert counts(said)["hazards_on_spot"] == 1
    new = next(one for one in said["figures"] if one["code"] == "hazards_new")
    assert (new["change"], new["per_school_day"]["this"]) == (2, 0.6)
    still = [h for h in hazards if h.observed_at < at("2026-11-23", 0) and h.status == "open"]
    assert counts(said)["hazards_open"] == len(still)
    assert sum(row["figures"].get("hazards_new", {}).get("this", 0) for row in said["by_district"]) == 3
    assert sum(one["this"] for one in said["categories"]) == 3
    assert sum(one["open"] for one in said["schools"]) == len([h for h in still if h.id in ties])
    # the records behind a number are as many as it says, for those who may see them
    for figure in ("hazards_new", "hazards_open", "accepted"):
        shown = office.get(f"/api/v1/meetings/2026-W47/members?figure={figure}", "dis")
        assert shown["counted"] == len(shown["records"]) == counts(said)[figure]
    assert office.client.get(
        "/api/v1/meetings/2026-W47/members?figure=accepted", headers=office.headers["vie"]
    ).status_code == 403  # fmt: skip


def test_counts_of_cases_are_those_of_the_case_indicators(office: Office, town: Engine) -> None:
    for n, state in enumerate(["filed", "dispatched", "in_progress", "closed", "closed", "reported"]):
        office.bring(office.case(x=20 + n), state)
    today = dt.datetime.now(ZONE).date()
    with writing(town) as session:
        for late in session.scalars(sa.select(Case).where(Case.filed_at.is_not(None)).limit(2)):
            late.due_at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    year, week, _ = today.isocalendar()
    first = dt.date.fromisocalendar(year, week, 1)
    said = figures(office, f"{year}-W{week:02d}")
    other = office.get(f"/api/v1/cases/indicators?from={first}&to={first + dt.timedelta(days=6)}&by=department", "vie")
    mine = counts(said)
    assert other["total"]["counts"] == {code: mine[code] for code in other["total"]["counts"]}
    assert other["total"]["counts"]["closed_in_period"] == 2
    assert {one["code"].removesuffix("_rate"): one["this"] for one in said["rates"]} == other["total"]["rates"]
    by = {row["key"]: row["figures"].get("accepted", {}).get("this", 0) for row in said["by_department"]}
    assert {group["key"]: group["counts"]["accepted"] for group in other["groups"]} == {
        k: n for k, n in by.items() if n
    }
    with writing(town) as session:
        late = session.scalars(
            sa.select(Case.number).where(Case.due_at < sa.func.now(), Case.closed_at.is_(None))
        ).all()
    shown = [case["number"] for one in said["overdue"]["departments"] for case in one["cases"]]
    assert sorted(shown) == sorted(n for n in late if n)
    assert said["overdue"]["total"] == len(shown)


def test_periods_at_the_edges_of_calendars(office: Office, town: Engine) -> None:
    set_terms(town, ("2026-02-23", "2026-06-30"), ("2026-09-01", "2027-01-22"))
    office.hazard(x=61, observed_at=at("2026-01-01").isoformat())
    # week 53 of 2020 lies across the New Year; a hazard of 3 January is in it, and in no week of 2021
    office.hazard(x=62, observed_at=at("2021-01-03", 23).isoformat())
    week = figures(office, "2020-W53")
    assert (week["period"]["from"], week["period"]["to"], week["year"]["from"]) == (
        "2020-12-28",
        "2021-01-03",
        "2019-12-30",
    )
    assert counts(week)["hazards_new"] == counts(week, "year")["hazards_new"] == 1
    after = figures(office, "2021-W01")
    assert (after["last"]["code"], counts(after)["hazards_new"], counts(after, "last")["hazards_new"]) == (
        "2020-W53",
        0,
        1,
    )
    assert figures(office, "2021-01")["last"]["code"] == "2020-12"
    # in the holidays nothing is divided by school days
    holidays = figures(office, "2026-W30")
    assert holidays["period"]["school_days"] == 0
    new = next(one for one in holidays["figures"] if one["code"] == "hazards_new")
    assert (new["this"], new["per_school_day"]["this"]) == (0, None)
    # a term, the one before it, and none before the first
    term = figures(office, "2026-T2")
    assert (term["period"]["from"], term["last"]["code"], term["year"]["from"]) == (
        "2026-09-01",
        "2026-T1",
        "2026-08-01",
    )
    assert figures(office, "2026-T1")["last"] is None
    assert counts(figures(office, "2026-T1"), "last")["hazards_new"] is None
    quarter = figures(office, "2026-Q1")
    assert (quarter["period"]["to"], counts(quarter)["hazards_new"]) == ("2026-03-31", 1)
    for period, map_name in (("2026-W30", "hazards"), ("2026-T1", "effort"), ("2020-W53", "hazards")):
        drawn = office.client.get(
            f"/api/v1/meetings/{period}/maps/{map_name}.svg?lang=en", headers=office.headers["vie"]
        )
        assert drawn.status_code == 200
        assert drawn.text.startswith("<?xml")
        assert "<script" not in drawn.text
    for wrong, status in (
        ("2026-W54", 422),
        ("2025-W53", 422),
        ("2026-13", 422),
        ("2026-Q5", 422),
        ("now", 422),
        ("2026-T9", 404),
    ):
        assert_problem(office.client.get(f"/api/v1/meetings/{wrong}/figures", headers=office.headers["vie"]), status)
    chinese = office.client.get("/api/v1/meetings/now/figures?lang=zh", headers=office.headers["vie"]).json()
    assert "不是周期" in chinese["detail"]
    wrong_figure = office.client.get("/api/v1/meetings/2026-W47/members?figure=pupils", headers=office.headers["dis"])
    assert_problem(wrong_figure, 422)


def test_only_school_days_that_have_come_divide_and_an_unfinished_period_is_not_compared(
    office: Office, town: Engine
) -> None:
    today = dt.datetime.now(ZONE).date()
    set_terms(town, (f"{today.year - 1}-01-01", f"{today.year + 1}-12-31"))  # school on every weekday
    for n in range(3):
        office.hazard(x=60 + n, observed_at=(dt.datetime.now(ZONE) - dt.timedelta(minutes=n)).isoformat())
    code = f"{today.year}-Q{(today.month + 2) // 3}"
    said = figures(office, code)
    first = dt.date(today.year, 3 * ((today.month + 2) // 3) - 2, 1)
    last = dt.date.fromisoformat(said["period"]["to"])

    def weekdays(until: dt.date) -> int:
        days = (first + dt.timedelta(days=n) for n in range((until - first).days + 1))
        return sum(day.weekday() < 5 for day in days)

    assert (said["period"]["state"], said["period"]["until"]) == ("running", today.isoformat())
    assert (said["period"]["school_days"], said["period"]["school_days_in_all"]) == (weekdays(today), weekdays(last))
    new = next(one for one in said["figures"] if one["code"] == "hazards_new")
    assert new["this"] >= 3
    assert new["per_school_day"]["this"] == (round(new["this"] / weekdays(today), 2) if weekdays(today) else None)
    assert new["change"] is None, "some days are not compared with a whole quarter"
    assert next(one for one in said["figures"] if one["code"] == "hazards_open")["change"] is not None
    drawn = office.client.get(f"/api/v1/meetings/{code}/maps/hazards.svg?lang=en", headers=office.headers["vie"])
    assert drawn.status_code == 200
    # of a period that has not begun nothing is told
    coming = figures(office, "2199-W10")
    assert (coming["period"]["state"], coming["period"]["school_days"]) == ("coming", 0)
    assert all((one["this"], one["change"], one["year"]) == (None, None, None) for one in coming["figures"])
    assert {one["this"] for one in coming["rates"]} == {None}
    assert (coming["schools"], coming["overdue"]) == ([], {"total": None, "departments": []})


def test_the_first_and_the_last_week_that_can_be_asked_for(office: Office) -> None:
    for path in ("figures", "alerts", "effects", "maps/alerts.svg", "maps/hazards.svg"):
        for week in ("1970-W01", "1970-W14", "2200-W52"):
            got = office.client.get(f"/api/v1/meetings/{week}/{path}", headers=office.headers["vie"])
            assert got.status_code == 200, f"{week} {path}: {got.text[:300]}"
    assert figures(office, "2200-W52")["period"]["next"] is None
    assert figures(office, "1970-W01")["period"]["previous"] is None


def test_incidents_are_groups_of_at_least_five(office: Office, town: Engine) -> None:
    said = figures(office, "2026-11")["incidents"]
    with writing(town) as session:
        groups = session.execute(
            sa.select(sa.func.count()).where(Incident.group_id.is_not(None)).group_by(Incident.group_id)
        ).scalars().all()  # fmt: skip
    assert said["this"] == sum(n for n in groups if n >= 5)
    assert said["this"] in {0, 5}
    assert "change" not in said, "lower bounds are not compared"
    shown = [n for row in said["bands"] for n in row if n]
    assert all(n >= 5 for n in shown)


def test_departments_report_their_own_figures(office: Office) -> None:
    def put(name: str, version: int, identity: str, **more: Any) -> Any:
        body = {"id": identity, "department": "urban_management", "day": "2026-11-17", "figures": {"people_turns": 12}}
        return office.client.put(
            f"/api/v1/duty-reports/{identity}",
            json=body | more,
            headers=office.headers[name] | {"If-Match": f'"{version}"'},
        )

    one, two = str(uuid.uuid4()), str(uuid.uuid4())
    assert put("lia", 0, one).status_code == 201
    assert put("lia", 0, one).status_code == 200, "sent again, it is the same"
    assert put("lia", 1, one, figures={"people_turns": 15, "posts_manned": 3}).status_code == 200
    assert_problem(put("lia", 1, one, figures={"people_turns": 99}), 412)
    assert_problem(put("lia", 0, two, department="health"), 403)
    assert_problem(put("dis", 0, two, figures={"pupil_names": 1}), 422)
    assert_problem(put("dis", 0, two, figures={"bans": -1}), 422)
    assert_problem(put("dis", 0, two, district="nowhere"), 422)
    assert put("dis", 0, two, department="health", day="2026-11-10").status_code == 201
    found = {row["code"]: row for row in figures(office, "2026-W47")["reported"]}
    assert (found["people_turns"]["this"], found["people_turns"]["last"], found["people_turns"]["year"]) == (15, 12, 27)
    assert (found["posts_manned"]["this"], found["posts_manned"]["last"]) == (3, None), "not reported is not nought"
    listed = office.get("/api/v1/duty-reports?from=2026-11-01&to=2026-11-30", "lia")
    assert [(row["department"], row["may_change"]) for row in listed["reports"]] == [
        ("urban_management", True),
        ("health", False),
    ]
    departments = {row["key"]: row["figures"] for row in figures(office, "2026-W47")["by_department"]}
    assert departments["urban_management"]["people_turns"]["this"] == 15
