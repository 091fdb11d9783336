"""Attacks on the suppressed cells by differences of answers, over HTTP, while incidents come in. All data invented."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.app import create_app
from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import City, Incident, IncidentGroup
from tests.http.invented_town import CROWDED, place
from tests.http.test_school_editing import Headers, a_school, tag

ROUNDS = int(os.environ.get("CAMPUS_FUZZ_EXAMPLES", "3"))
KINDS = ["fight", "bullying", "gathering"]
MONDAYS = [str(np.datetime64("2026-08-31") + np.timedelta64(7 * week, "D")) for week in range(12)]
HEADER = "id,type,occurred_from,occurred_to,lon,lat"
Answer = dict[str, int]


def some_incidents(rng: np.random.Generator, size: int, first: str, days: int) -> list[str]:
    """Return lines of incidents in nine cells, some crowded and some not, most of them after school.

    Of every fourth one only an interval is known: some minutes, an hour or two, or some days.
    """
    out = []
    for n in range(size):
        x, y = 100 * rng.choice(9, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.04, 0.03, 0.03]), -150.0
        lon, lat = place(x, y)
        day = np.datetime64(first) + np.timedelta64(int(rng.integers(days)), "D")
        hour = 16 if rng.random() < 0.7 else int(rng.integers(8, 21))
        begin = day + np.timedelta64(60 * hour + int(rng.integers(60)), "m")
        long = int(rng.choice([5, 20, 90, 1500, 6000])) if rng.random() < 0.25 else 0
        times = ",".join(str(moment).replace("T", " ") for moment in (begin, begin + np.timedelta64(long, "m")))
        out.append(f"{first}-{n},{rng.choice(KINDS)},{times},{lon:.7f},{lat:.7f}")
    return out


def ask(client: TestClient, query: str) -> Answer:
    answer = client.get(f"/api/v1/incidents/cells?{query}&lang=en")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    cells = {feature["id"]: feature["properties"]["count"] for feature in document["features"]}
    assert document["total"] == sum(cells.values())
    return cells | {"all": document["total"]}


def all_answers(client: TestClient, rng: np.random.Generator) -> dict[tuple[Any, ...], Answer]:
    """Ask everything: windows of days of every length, types one by one and together, weekdays, after school."""
    days = [str(np.datetime64(monday) + np.timedelta64(int(rng.integers(0, 3)), "D")) for monday in MONDAYS[::3]]
    windows = [(None, None), *((a, b) for a in MONDAYS[:9:4] for b in [*MONDAYS[1::5], *days] if a <= b)]
    kinds = [(), ("fight",), ("fight", "bullying")]
    weekdays = [(), (2, 3, 4)]
    out = {}
    for window, kind, weekday, after in product(windows, kinds, weekdays, (False, True)):
        words = [f"from={window[0]}&to={window[1]}"] if window[0] else []
        words += [f"type={name}" for name in kind] + [f"weekday={day}" for day in weekday]
        out[window, kind, weekday, after] = ask(client, "&".join([*words, f"after_school={str(after).lower()}"]))
    return out


def lies_in(inner: tuple[Any, ...], outer: tuple[Any, ...]) -> bool:
    """Return whether all that one question is about, another is about too."""
    (a, b), kinds, weekdays, after = inner
    (c, d), kinds_out, weekdays_out, after_out = outer
    return (
        (c is None or (a is not None and c <= a and b <= d))
        and (not kinds_out or (kinds != () and set(kinds) <= set(kinds_out)))
        and (not weekdays_out or (weekdays != () and set(weekdays) <= set(weekdays_out)))
        and (after or not after_out)
    )


def attack(smaller: Answer, larger: Answer, k: int) -> None:
    """Take the difference of two answers in every cell, and in all: it must be nothing, or k at least."""
    for cell in smaller.keys() | larger.keys():
        apart = larger.get(cell, 0) - smaller.get(cell, 0)
        assert apart == 0 or apart >= k, (cell, smaller, larger)


@pytest.mark.parametrize("seed", range(max(1, ROUNDS // 3)))
def test_no_difference_of_answers_is_below_k(town: Engine, settings: Settings, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    free = settings.model_copy(update={"exports_per_minute": 10**6})
    known: dict[tuple[Any, ...], Answer] = {}
    with TestClient(create_app(free, town)) as client:
        for first, days, size in (("2026-09-01", 35, 250), ("2026-09-28", 20, 60), ("2026-10-12", 30, 200)):
            path = tmp_path / f"{first}.csv"
            lines = some_incidents(rng, size, first, days)
            path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
            with writing(town) as session:
                city = session.scalars(sa.select(City)).one()
                import_file(session, city, "incidents", path, ImportOptions(crs="wgs84", invented=True), settings)
            answers = all_answers(client, rng)
            assert any(answer["all"] for answer in answers.values())
            for (inner, small), (outer, large) in product(answers.items(), repeat=2):
                if inner != outer and lies_in(inner, outer):
                    attack(small, large, settings.k_anonymity)
            for question in known.keys() & answers.keys():  # the map of then against the map of now
                attack(known[question], answers[question], settings.k_anonymity)
            known |= answers
    with reading(town) as session:
        nothing_is_said_that_is_not_sure(session)
        # and yet most of it can be seen
        there = session.scalar(sa.select(sa.func.count()).select_from(Incident).where(Incident.serious.is_(False))) or 0
    assert known[(None, None), (), (), False]["all"] > 0.8 * there


def nothing_is_said_that_is_not_sure(session: Session) -> None:
    """Hold what groups say against their members, whose dismissal is assumed at 16:00 on weekdays outside holidays."""
    zone = ZoneInfo("Asia/Shanghai")
    unsure = 0
    for one, group in session.execute(sa.select(Incident, IncidentGroup).join(IncidentGroup)):
        begin = one.occurred_from.astimezone(zone).replace(tzinfo=None)
        end = one.occurred_to.astimezone(zone).replace(tzinfo=None)
        assert group.first_day <= begin.date() <= end.date() <= group.last_day
        if group.hour is not None:
            assert begin.hour == group.hour
            assert end <= begin.replace(minute=0) + dt.timedelta(hours=1)
        if group.after_school:
            assert dt.time(15, 30) <= begin.time()
            assert end <= begin.replace(hour=17, minute=0)
        unsure += begin != end
    assert unsure > 0


def change_school_time(client: TestClient, office: Headers) -> Iterator[None]:
    """Move dismissals by minutes, declare a holiday and a make-up day, and open a school in the midst; one at a time."""
    schools = [feature["id"] for feature in client.get("/api/v1/schools").json()["features"]]
    for start in ("15:40", "15:45"):
        for identity in schools:
            path = f"/api/v1/schools/{identity}/timetable"
            table = {"dismissals": [{"weekday": day, "grades": "", "dismissal": start} for day in range(1, 6)]}
            there = client.get(path).json()
            answer = (
                client.patch(path, json=table, headers=office | tag(client, path))
                if there
                else client.post(path, json=table, headers=office)
            )
            assert answer.status_code in {200, 201}, answer.text
        yield
    path = "/api/v1/school-calendar"
    for day, is_school_day in (("2026-09-15", False), ("2026-09-19", True)):
        said = {"day": day, "is_school_day": is_school_day, "name": "invented"}
        if is_school_day:
            said["as_weekday"] = 5
        answer = client.put(path, json={"terms": [], "days": [said]}, headers=office | tag(client, path))
        assert answer.status_code == 200, answer.text
        yield
    answer = client.post("/api/v1/schools", json=a_school(200, -150, name="invented C"), headers=office)
    assert answer.status_code == 201, answer.text
    yield


def test_no_change_of_school_time_tells_what_is_below_k(
    town: Engine, settings: Settings, tmp_path: Path, sign_in: Callable[[TestClient, str], Headers]
) -> None:
    """Whoever moves a dismissal by five minutes and asks again must not learn what happened in these five minutes."""
    rng = np.random.default_rng(67)
    free = settings.model_copy(update={"exports_per_minute": 10**6})
    path = tmp_path / "incidents.csv"
    lines = some_incidents(rng, 300, "2026-09-01", 40)
    path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        import_file(session, city, "incidents", path, ImportOptions(crs="wgs84", invented=True), settings)
    with TestClient(create_app(free, town)) as client:
        asked = np.random.default_rng(1)
        before = all_answers(client, asked)
        assert before[(None, None), (), (), True]["all"] > 0
        for _ in change_school_time(client, sign_in(client, "dis")):
            after = all_answers(client, np.random.default_rng(1))
            assert after.keys() == before.keys()
            for question, answer in before.items():
                attack_either_way(answer, after[question], settings.k_anonymity)
            before = after


def attack_either_way(then: Answer, today: Answer, k: int) -> None:
    for cell in then.keys() | today.keys():
        apart = abs(today.get(cell, 0) - then.get(cell, 0))
        assert apart == 0 or apart >= k, (cell, then, today)


def test_a_time_that_turns_out_to_be_uncertain_takes_its_group_back_whole(
    town: Engine, settings: Settings, tmp_path: Path
) -> None:
    """Five known to the minute are a group of after school at four; then one of them may have been until evening."""
    path = tmp_path / "corrected.csv"
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        known = session.scalars(sa.select(Incident).where(Incident.source_key == "c0")).one()
        first = session.get_one(IncidentGroup, known.group_id)
        assert (first.count, first.after_school, first.hour) == (5, True, 16)
        lon, lat = place(*CROWDED)
        for end, still in (("16:24", True), ("16:59", True), ("17:00", True), ("17:01", False)):
            line = f"c0,fight,2026-11-03 16:20,2026-11-03 {end},{lon:.8f},{lat:.8f}"
            path.write_text("\n".join([HEADER, line, ""]), encoding="utf-8")
            report = import_file(session, city, "incidents", path, ImportOptions(crs="wgs84", invented=True), settings)
            assert report.updated == 1, report
            session.expire_all()
            said = session.get(IncidentGroup, known.group_id) if known.group_id else None
            assert (said is not None and said.count == 5 and said.hour == 16) == still, end
    with reading(town) as session:
        alone = session.scalars(sa.select(Incident).where(Incident.source_key == "c0")).one()
        said = session.get(IncidentGroup, alone.group_id) if alone.group_id else None
        assert said is None or (said.after_school, said.hour) == (False, None)
        others = sa.select(Incident).where(Incident.source_key.in_([f"c{n}" for n in range(1, 5)]))
        assert len({one.group_id for one in session.scalars(others)}) == 1
