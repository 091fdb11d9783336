"""What the police ask, on both databases: filters, intervals, clusters, and bad input; the town is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.services import clusters, incident_table, own_evaluation
from api.services.cellcounts import counts_of
from api.services.cities import add_city
from api.services.cities import today as cities_today
from api.services.imports import ImportOptions, import_file
from api.services.incident_table import table_of
from api.services.questions import Question
from api.services.risk import history_of
from api.services.selection import by_cell_and_hour, by_week, select
from api.settings import Settings
from api.store import cities
from api.store.engine import reading, writing
from api.store.models import City, District, Incident, School
from api.store.spatial import to_element
from gis.surfaces import TARGET
from tests.http.invented_town import CITY, CROWDED, LONELY, assert_problem, campus, place
from tests.http.test_school_editing import tag
from web.problems import in_language

SignIn = Callable[[TestClient, str], dict[str, str]]
NOVEMBER = "from=2026-11-01&to=2026-11-30"
PATHS = ("incidents/cells", "incidents/density", "incidents/rhythm", "hotspots", "clusters", "emerging", "near-repeats")


def bring(engine: Engine, settings: Settings, rows: list[str], header: str = "id,type,occurred_at,lon,lat") -> None:
    path = Path(settings.data).parent / f"more{len(rows)}{abs(hash(rows[0]))}.csv"
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    with writing(engine) as session:
        city = session.scalars(sa.select(City)).one()
        import_file(session, city, "incidents", path, ImportOptions(crs="wgs84", invented=True), settings)


def at(x: float, y: float) -> str:
    lon, lat = place(x, y)
    return f"{lon:.7f},{lat:.7f}"


def get(client: TestClient, headers: dict[str, str], path: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{path}", headers=headers)
    assert answer.status_code == 200, (path, answer.text)
    document: dict[str, Any] = answer.json()
    return document


@pytest.fixture
def police(client: TestClient, sign_in: SignIn) -> dict[str, str]:
    return sign_in(client, "pol")


def test_filters_of_place_and_minutes(client: TestClient, police: dict[str, str], town: Engine) -> None:
    everything = get(client, police, f"incidents/rhythm?{NOVEMBER}")["total"]
    with reading(town) as session:
        by_name = {name[-1]: str(uuid) for name, uuid in session.execute(sa.select(School.name, School.uuid))}
    near_a = get(client, police, f"incidents/rhythm?{NOVEMBER}&school={by_name['A']}")["total"]
    near_b = get(client, police, f"incidents/rhythm?{NOVEMBER}&school={by_name['B']}")["total"]
    assert 5 <= near_a < everything
    assert 2 <= near_b < everything
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        shape = campus(*CROWDED).buffer(0.0004)
        boundary = to_element(shapely.MultiPolygon([shape]))
        session.add(District(city_id=city.id, code="T1", name="虚构镇", kind="town", boundary=boundary, invented=True))
    assert get(client, police, f"incidents/rhythm?{NOVEMBER}&township=T1")["total"] == 5
    cells = get(client, police, "incidents/cells?from=2026-11-01&to=2026-11-20&township=T1")
    assert cells["total"] == 5
    assert len(cells["features"]) == 1
    assert cells["features"][0]["properties"]["rate"] == pytest.approx(5 * 100 / (0.01 * 15), rel=1e-3)
    assert cells["days_until"] is None
    released = client.get(f"/api/v1/incidents/cells?{NOVEMBER}&township=T1").json()
    assert released["basis"] == "groups"
    assert released["total"] == 5
    # dismissal is assumed at 16:00, and all incidents lie 20 to 24 minutes after it
    assert get(client, police, f"incidents/rhythm?{NOVEMBER}&minutes_from=0&minutes_to=19")["total"] == 0
    assert get(client, police, f"incidents/rhythm?{NOVEMBER}&minutes_from=20&minutes_to=24")["total"] == everything
    assert get(client, police, f"incidents/rhythm?{NOVEMBER}")["assumed"] == everything
    refused = client.get(f"/api/v1/incidents/cells?{NOVEMBER}&minutes_from=0&minutes_to=19")
    assert "for the police" in assert_problem(refused, 422)["detail"]


def test_days_to_come_dilute_no_rate(client: TestClient, police: dict[str, str], town: Engine) -> None:
    with reading(town) as session:
        city = session.scalars(sa.select(City)).one()
        today, released = cities_today(city), city.incidents_released_until
    assert released is not None
    later = today + dt.timedelta(days=400)
    for headers, last in ((police, today), ({}, released - dt.timedelta(days=1))):
        for path, value in (("incidents/cells", "rate"), ("incidents/density", "density")):
            so_far = get(client, headers, f"{path}?from=2026-11-01&to={last}")
            to_come = get(client, headers, f"{path}?from=2026-11-01&to={later}")
            assert so_far["school_days"] > 0
            assert (so_far["days_until"], to_come["days_until"]) == (None, str(last))
            assert to_come["school_days"] == so_far["school_days"]
            assert (
                [f["properties"][value] for f in to_come["features"]]
                == [f["properties"][value] for f in so_far["features"]]
                != []
            )
            assert get(client, headers, f"{path}?from={later}&to={later}")["school_days"] == 0
        for view in ("cells", "density"):
            page = client.get(
                f"/api/v1/heatmap?view={view}&from=2026-11-01&to={later}&language=en&by_week=true", headers=headers
            )
            assert f"school days are counted up to {last}" in page.text
            assert f"上课日计至 {last}" in page.text
            page = client.get(f"/api/v1/heatmap?view={view}&from=2026-11-01&to={last}&language=en", headers=headers)
            assert "school days are counted up to" not in page.text


def test_an_interval_counts_by_the_share_that_fits(town: Engine, settings: Settings) -> None:
    header = "id,type,occurred_from,occurred_to,lon,lat"
    rows = [f"i{n},fight,2026-11-10 15:30,2026-11-10 17:30,{at(*CROWDED)}" for n in range(8)]
    bring(town, settings, rows, header)
    bring(town, settings, [f"m{n},fight,2026-11-11 00:00,{at(*CROWDED)}" for n in range(24)])
    with reading(town) as session:
        city = session.scalars(sa.select(City)).one()
        lattice = cities.lattice_of(city)
        assert lattice is not None

        def total(**asked: Any) -> float:
            return select(session, settings, city, lattice, Question(**asked)).total

        tenth = {"first": dt.date(2026, 11, 10), "last": dt.date(2026, 11, 10)}
        assert total(**tenth) == pytest.approx(8)
        assert total(**tenth, after_school=True) == pytest.approx(8 * 90 / 120)  # 15:30 to 17:00
        assert total(**tenth, minutes=(0, 30)) == pytest.approx(8 * 30 / 120)
        assert total(**tenth, weekdays=(2,)) == pytest.approx(8)
        assert total(**tenth, weekdays=(3,)) == 0
        midnight = {"first": dt.date(2026, 11, 11), "last": dt.date(2026, 11, 11)}
        assert total(**midnight, after_school=True) == pytest.approx(24 * 90 / 1440)
        assert total(**midnight) == pytest.approx(24)
        counted = by_cell_and_hour(select(session, settings, city, lattice, Question(**midnight)))
        assert counted.count.sum() == pytest.approx(24)
        assert set(counted.hour.tolist()) == set(range(24))
        shown = counts_of(session, city, lattice, settings, Question(**midnight, after_school=True), sealed=True)
        assert shown.cells.counts.sum() == 2  # 24 shares of 1/16 are one and a half: no cell reaches k
        assert not shown.shown.cell_totals.any()


def test_what_is_kept_in_memory_is_never_old(
    client: TestClient, police: dict[str, str], town: Engine, settings: Settings
) -> None:
    def total() -> float:
        return float(get(client, police, "incidents/rhythm")["total"])

    before = total()
    lon, lat = place(*LONELY)
    moment = dt.datetime(2026, 11, 5, 16, 30, tzinfo=ZoneInfo("Asia/Shanghai")).isoformat()
    body = {
        "id": "00000000-0000-4000-8000-000000000001",
        "type": "fight",
        "lon": lon,
        "lat": lat,
        "occurred_from": moment,
    }
    assert client.post("/api/v1/incidents", json=body, headers=police).status_code == 201
    assert total() == before + 1
    bring(town, settings, [f"n{n},bullying,2026-11-06 16:20,{at(*LONELY)}" for n in range(3)])
    assert total() == before + 4
    with reading(town) as session:
        table = table_of(session, session.scalars(sa.select(City)).one())
        assert table is table_of(session, session.scalars(sa.select(City)).one())
        assert len(table) == before + 4
        assert {"fight", "bullying"} <= {table.kinds[kind] for kind in table.kind.tolist()}
    with writing(town) as session:
        session.execute(sa.update(Incident).where(Incident.kind == "bullying").values(serious=True))
    assert total() == before  # the one that was there before is sealed too
    with writing(town) as session:
        session.execute(sa.delete(Incident).where(Incident.serious.is_(True)))
    assert total() == before


def test_a_server_reads_the_incidents_when_it_starts(town: Engine, settings: Settings) -> None:
    def is_read() -> bool:
        return str(town.url) in {key[0] for key in incident_table._tables}

    assert not is_read()
    with TestClient(create_app(settings, town)):
        pass  # it ends when it has read them
    assert is_read()


def test_nothing_one_all_in_one_cell_and_a_future_day_are_answered_in_words(
    client: TestClient, police: dict[str, str], town: Engine, settings: Settings
) -> None:
    for path in PATHS:
        weeks = "&weeks=8" if path in {"clusters", "emerging", "near-repeats", "hotspots"} else ""
        said = get(client, police, f"{path}?to=2030-01-01{weeks}" + ("&from=2029-12-01" if "incidents" in path else ""))
        if path != "incidents/rhythm":
            assert said["reason_zh"] != said["reason_en"]
        assert not any("p" in f["properties"] and f["properties"]["p"] is not None for f in said.get("features", []))
    # one incident: the lonely one of its day
    one = get(client, police, "hotspots?from=2026-11-04&to=2026-11-04")
    assert [(f["properties"]["class"], f["properties"]["p"]) for f in one["features"]] == [(0, None)]
    assert one["reason_en"].startswith("only one cell differs")
    for path in ("near-repeats?weeks=1", "clusters?weeks=8"):
        assert get(client, police, f"{path}&to=2026-11-04&type=bullying")["reason_en"].startswith("there is only one")
    # all in one cell
    bring(town, settings, [f"o{n},threat,2026-11-{9 + n % 5:02d} 16:30,{at(*CROWDED)}" for n in range(40)])
    spots = get(client, police, "hotspots?from=2026-11-09&to=2026-11-15&type=threat")
    assert not [f for f in spots["features"] if f["properties"]["class"]]
    assert [f["properties"]["p"] for f in spots["features"]] == [None]
    for path, why in (
        ("hotspots?from=2026-10-05", "only one cell differs"),
        ("hotspots?from=2026-10-05&method=kde", "only one cell differs"),
        ("hotspots?from=2026-10-05&method=moran", "only one cell differs"),
        ("clusters?weeks=8", "all incidents are of one day or week"),
        ("emerging?weeks=8", "only one cell differs"),
        ("near-repeats?weeks=8", "all incidents lie in one cell"),
    ):
        crowd = get(client, police, f"{path}&to=2026-11-15&type=threat")
        assert crowd["reason_en"].startswith(why)
        assert crowd["reason_zh"] != crowd["reason_en"]
        assert not any(p is not None for row in crowd.get("p", []) for p in row)
        assert not [f for f in crowd.get("features", []) if f["properties"].get("p") or f["properties"].get("class")]
    # outside the city's perimeters there is nothing to say, and nothing breaks
    bring(town, settings, [f"p{n},extortion,2026-11-09 16:30,{at(5_000, 5_000)}" for n in range(9)])
    away = get(client, police, "hotspots?from=2026-11-09&to=2026-11-09&type=extortion")
    assert away["features"] == []
    assert away["reason_en"] == "there were incidents, but none around a school"
    when = get(client, police, "incidents/rhythm?from=2026-11-09&to=2026-11-09&type=extortion&after_school=true")
    assert (when["total"], when["no_school"]) == (0, 9)


def test_bad_questions_are_refused_in_words(client: TestClient, police: dict[str, str]) -> None:
    nobody = "00000000-0000-4000-8000-00000000000f"
    for query, status in (
        ("incidents/rhythm?minutes_from=30&minutes_to=30", 422),
        ("incidents/rhythm?minutes_from=-9999", 422),
        ("incidents/rhythm?minutes_from=x", 422),
        (f"incidents/rhythm?school={nobody}", 404),
        ("incidents/rhythm?school=x", 422),
        ("incidents/rhythm?township=nowhere", 404),
        ("incidents/rhythm?township=%00", {404, 422}),  # PostgreSQL has no NUL
        ("incidents/density?bandwidth=10", 422),
        ("incidents/density?bandwidth=nan", 422),
        ("incidents/density?bandwidth=inf", 422),
        ("hotspots?method=magic", 422),
        ("hotspots?weeks=0", 422),
        ("clusters?weeks=7", 422),
        ("emerging?weeks=3", 422),
        ("near-repeats?weeks=105", 422),
        *((f"{path}?from=2026-11-01&to=2026-11-30", 422) for path in ("clusters", "emerging", "near-repeats")),
        ("heatmap?view=side", 422),
        ("heatmap?view=side&from=2026-11-01&to=2026-11-07&versus_from=2026-11-05&versus_to=2026-11-09", 422),
        ("heatmap?view=difference&from=2026-11-01&to=2026-11-07&versus_from=2026-10-09&versus_to=2026-10-05", 422),
        ("heatmap?view=side&from=2026-11-07&to=2026-11-08&versus_from=2026-10-31&versus_to=2026-11-01", 422),
        ("heatmap?view=volcano", 422),
        ("evaluation?city=000", 404),
    ):
        answer = client.get(f"/api/v1/{query}", headers=police)
        assert answer.status_code in (status if isinstance(status, set) else {status}), (query, answer.text)
        assert_problem(answer, answer.status_code)


def test_incidents_of_uncertain_time_are_no_whole_ones_after_school(
    client: TestClient, police: dict[str, str], town: Engine, settings: Settings
) -> None:
    """Thirty at midnight sharp and thirty of 08:00 to 20:00 around one school, in its last four weeks."""
    days = [dt.date(2026, 10, 26) + dt.timedelta(days=7 * (n % 4) + n % 5) for n in range(30)]
    bring(town, settings, [f"u{n},threat,{day} 00:00,{at(*CROWDED)}" for n, day in enumerate(days)])
    window = "to=2026-11-22&type=threat&after_school=true"
    for path in ("clusters?weeks=8", "near-repeats?weeks=4"):
        none = get(client, police, f"{path}&{window}")
        assert (none["incidents"], none["left_out"]) == (0, 30)
        assert none["reason_en"] == "no incident's time is known well enough to say"
        assert "时间" in none["reason_zh"]
        assert not none.get("features")
        assert not any(p is not None for row in none.get("p", []) for p in row)
        whole = get(client, police, f"{path}&to=2026-11-22&type=threat")
        assert (whole["incidents"], whole["left_out"]) == (30, 0)  # the day is known
    spread = [f"s{n},extortion,2026-11-17 00:00,{at(90.0 * n, 0)}" for n in range(4)]  # a sixteenth in each cell
    bring(town, settings, spread)
    unknown = get(client, police, "hotspots?from=2026-11-17&to=2026-11-17&type=extortion&after_school=true")
    assert unknown["reason_en"] == "no incident's time is known well enough to say"
    header = "id,type,occurred_from,occurred_to,lon,lat"
    long = [f"v{n},threat,{day} 08:00,{day} 20:00,{at(*CROWDED)}" for n, day in enumerate(days)]
    bring(town, settings, long, header)
    for path in ("clusters?weeks=8", "near-repeats?weeks=4"):
        assert get(client, police, f"{path}&{window}")["left_out"] == 60
    # shares of an hour and a half: a sixteenth of a day, an eighth of twelve hours
    expected = round(30 / 16 + 30 / 8)
    assert get(client, police, f"incidents/cells?from=2026-10-26&{window}")["total"] == expected
    spots = get(client, police, f"emerging?weeks=4&{window}")
    assert spots["features"] == []
    everything = get(client, police, "emerging?weeks=4&to=2026-11-22&type=threat&type=bullying")
    assert any("60 incidents" in f["properties"]["sentence_en"] for f in everything["features"])
    # by hour they lie in the window of their school alone, 15:30 to 17:00, and by minutes they are not told
    when = get(client, police, f"incidents/rhythm?from=2026-10-26&{window}")
    hours = np.array(when["hours"])
    assert when["total"] == pytest.approx(30 / 16 + 30 / 8, abs=0.1)
    assert hours.sum() == pytest.approx(when["total"], abs=0.2)
    assert not np.delete(hours, (15, 16), axis=1).any()
    assert hours[:, 16].sum() == pytest.approx(2 * hours[:, 15].sum(), abs=0.1)
    assert not hours[5:].any()
    assert (when["uncertain"], when["untimed"]) == (60, 0)
    assert not any(one["count"] for one in when["dismissal"])
    tuesdays = np.array(get(client, police, f"incidents/rhythm?from=2026-10-26&weekday=2&{window}")["hours"])
    assert np.flatnonzero(tuesdays.any(axis=1)).tolist() == [1]
    whole_days = np.array(get(client, police, "incidents/rhythm?from=2026-10-26&to=2026-11-22&type=threat")["hours"])
    assert whole_days.sum() == pytest.approx(60, abs=0.5)
    assert whole_days[:, 8:20].sum() == pytest.approx(30 + 30 / 2, abs=0.5)
    # one whose moment is known is counted as before
    bring(town, settings, [f"w{n},threat,2026-11-1{n} 16:20,{at(*CROWDED)}" for n in range(3)])
    found = get(client, police, f"near-repeats?weeks=4&{window}")
    assert (found["incidents"], found["left_out"]) == (3, 60)


def test_tests_of_single_incidents_count_those_alone_that_surely_fit_and_whose_time_they_know(
    client: TestClient, police: dict[str, str], town: Engine, settings: Settings, sign_in: SignIn
) -> None:
    """Of six weeks up to Sunday 22 November; dismissal is assumed at 16:00."""
    header = "id,type,occurred_from,occurred_to,lon,lat"
    lines = {
        "in the window": ("2026-11-17 16:05", "2026-11-17 16:50"),
        "on one Tuesday": ("2026-11-17 08:00", "2026-11-17 20:00"),
        "from Monday to Tuesday": ("2026-11-16 20:00", "2026-11-17 08:00"),
        "from Tuesday to Thursday": ("2026-11-10 12:00", "2026-11-12 12:00"),
        "over a weekend": ("2026-11-14 12:00", "2026-11-16 12:00"),
        "begun before": ("2026-10-10 12:00", "2026-10-13 12:00"),
    }
    bring(town, settings, [f"{key},threat,{a},{b},{at(*CROWDED)}" for key, (a, b) in lines.items()], header)
    weeks = "weeks=8&to=2026-11-22&type=threat"
    for more, clusters_of, pairs_of in (
        ("", 4, 2),  # a week holds four of them whole, a day the two of one day
        ("&weekday=1&weekday=2", 3, 2),
        ("&weekday=2", 2, 2),
        ("&after_school=true", 1, 1),
        ("&after_school=true&weekday=2", 1, 1),
        ("&minutes_from=0&minutes_to=45", 0, 0),
        ("&minutes_from=0&minutes_to=50", 1, 1),
    ):
        for path, counted in (("clusters", clusters_of), ("near-repeats", pairs_of)):
            found = get(client, police, f"{path}?{weeks}{more}")
            fit = get(client, police, f"incidents/rhythm?from=2026-09-28&to=2026-11-22&type=threat{more}")
            assert found["incidents"] == counted, (path, more)
            assert found["incidents"] + found["left_out"] == fit["uncertain"], (path, more)
    # of six weeks, the first one holds half a day more of what began before; a weekend is of both weeks
    with reading(town) as session:
        city = session.scalars(sa.select(City)).one()
        lattice = cities.lattice_of(city)
        assert lattice is not None
        asked = Question(first=dt.date(2026, 10, 12), last=dt.date(2026, 11, 22), kinds=("threat",))
        _, week, share = by_week(session, settings, city, select(session, settings, city, lattice, asked))
        shares = np.bincount(week, share, 6)
        assert shares == pytest.approx([1.5 / 3, 0, 0, 0, 1 + 1.5 / 2, 3 + 0.5 / 2])
        # the history of risk: each incident once, by the share that lies after school, from its last day on
        table = table_of(session, city)
        kept = history_of(session, settings, city, table, lattice.cell_m)
        day = dt.date(2026, 11, 17).toordinal() - dt.date(1970, 1, 1).toordinal()
        assert kept.weight.sum() == pytest.approx(len(table))
        assert kept.weight[(kept.day == day) & (kept.group == TARGET)].tolist() == pytest.approx([1, 1.5 / 12])
        assert kept.weight[kept.day == day].sum() == pytest.approx(3)
        before = kept.weight[kept.group == TARGET].sum()
    today = get(client, police, "risk?days=7")
    assert today["uncertain"] == len(lines)
    # a school day more is a change although no incident's minutes change with it
    headers = sign_in(client, "dis")
    path = "/api/v1/school-calendar"
    days = [{"day": "2026-11-15", "is_school_day": True, "as_weekday": 5, "name": "invented"}]
    answer = client.put(path, json={"terms": [], "days": days}, headers=headers | tag(client, path))
    assert answer.status_code == 200, answer.text
    with reading(town) as session:
        city = session.scalars(sa.select(City)).one()
        kept = history_of(session, settings, city, table_of(session, city), lattice.cell_m)
        assert kept.weight[kept.group == TARGET].sum() == pytest.approx(before + 1.5 / 48)


def test_reasons_are_given_in_both_languages(client: TestClient, police: dict[str, str], town: Engine) -> None:
    with writing(town) as session:
        session.execute(sa.delete(Incident))
        day = cities_today(session.scalars(sa.select(City)).one())
    empty = get(client, police, "risk")
    assert (empty["reason_en"], empty["reason_zh"]) == ("there is no incident yet", "还没有事件")
    moment = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(16, 20), ZoneInfo("Asia/Shanghai"))
    lon, lat = place(*LONELY)
    body = {"id": str(uuid4()), "type": "fight", "lon": lon, "lat": lat, "occurred_from": moment.isoformat()}
    assert client.post("/api/v1/incidents", json=body, headers=police).status_code == 201
    young = get(client, police, "risk")
    assert young["reason_en"] == "the history is too short to learn from; days: 1, at least eight weeks are needed"
    assert young["reason_zh"] == "历史太短（1 天），至少需要八周"
    none = get(client, police, "evaluation")
    assert none["state"] == "too_little"
    assert none["reason_zh"] == "需要一整月的事件，且此前也有事件"
    assert none["reason_en"].startswith("a whole month")
    for english in (
        "there is no history to forecast from",
        "it could not be worked out; the log of the server says why",
    ):
        assert in_language(english, "zh") != english


@pytest.mark.parametrize("view", ["density", "side", "difference"])
def test_pages_hold_no_point_and_run_as_strangers(
    client: TestClient, police: dict[str, str], town: Engine, settings: Settings, view: str
) -> None:
    bring(town, settings, [f"q{n},fight,2026-10-{12 + n % 5} 16:30,{at(*CROWDED)}" for n in range(9)])
    query = f"view={view}&from=2026-11-01&to=2026-11-08&versus_from=2026-10-11&versus_to=2026-10-18&language=en"
    for headers in (police, {}):
        page = client.get(f"/api/v1/heatmap?{query}", headers=headers)
        assert page.status_code == 200, page.text[:500]
        assert "sandbox allow-scripts;" in page.headers["content-security-policy"]
        lon, lat = place(*CROWDED)
        assert f"{lon:.5f}" not in page.text
        assert f"{lat:.5f}" not in page.text
        assert "per km² and 100 school days" in page.text


@pytest.mark.parametrize("view", ["cells", "density", "side", "difference"])
def test_pages_of_nothing_say_so(client: TestClient, police: dict[str, str], view: str) -> None:
    query = f"view={view}&from=2026-10-19&to=2026-10-25&versus_from=2026-10-12&versus_to=2026-10-18&type=extortion"
    for language, said in (
        ("zh", ("因此不着色", "没有可显示的网格")),
        ("en", ("nothing is coloured", "no cell to show")),
    ):
        for headers in (police, {}):
            page = client.get(f"/api/v1/heatmap?{query}&language={language}", headers=headers)
            assert page.status_code == 200, page.text[:300]
            assert any(words in page.text for words in said)


def test_why_there_is_no_map_is_said_as_a_page_where_a_browser_waits_for_one(
    client: TestClient, police: dict[str, str]
) -> None:
    browser = {"Accept": "text/html,*/*;q=0.8"}
    period = "from=2026-11-07&to=2026-11-08&versus_from=2026-10-31&versus_to=2026-11-01"
    for query, status, zh, en in (
        (f"view=side&{period}", 422, "没有上课日", "no school day"),
        ("view=side", 422, "比较两个时段", "two periods are compared"),
        ("view=volcano", 422, "view", "view"),
        ("type=<script>alert(1)</script>", 422, "&lt;script&gt;", "&lt;script&gt;"),
        ("city=000", 404, "000", "000"),
    ):
        for language, words in (("zh", zh), ("en", en)):
            path = f"/api/v1/heatmap?{query}&language={language}"
            page = client.get(path, headers=police | browser)
            assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8"), query
            assert words in page.text
            assert f'lang="{language}"' in page.text
            assert "<script" not in page.text
            assert "sandbox;" in page.headers["content-security-policy"]
            assert_problem(client.get(path, headers=police), status)  # a program is told as ever
    assert_problem(client.get("/api/v1/hotspots?method=magic", headers=police | browser), 422)


def test_why_no_cell_is_shown_is_said_to_everybody(
    client: TestClient, police: dict[str, str], town: Engine, settings: Settings
) -> None:
    lonely = "from=2026-11-04&to=2026-11-04"
    for path in ("incidents/cells", "incidents/density"):
        for query in (lonely, f"{lonely}&type=extortion"):  # none and fewer than k are not told apart
            assert (
                get(client, police, f"{path}?{query}")["reason_en"]
                == "there were no incidents, or fewer than 3 in each cell"
            )
        for_everybody = client.get(f"/api/v1/{path}?type=extortion").json()
        assert for_everybody["reason_en"].startswith("there is no group of at least 3 incidents: none happened")
        assert for_everybody["reason_zh"].startswith("没有不少于 3 起的分组")
        assert "reason_en" not in get(client, police, path)
    bring(town, settings, [f"w{n},threat,2026-11-09 16:30,{at(200.0 * n, 0)}" for n in range(4)])
    apart = get(client, police, "incidents/cells?type=threat")
    assert (apart["features"], apart["total"]) == ([], 4)
    assert apart["reason_en"] == "each cell has fewer than 3 incidents, or would give away one that has"
    with writing(town) as session:
        city = session.scalars(sa.select(City)).one()
        city.area = to_element(shapely.MultiPolygon([shapely.box(*place(3000, 3000), *place(4000, 4000))]))
    away = get(client, police, "incidents/density?type=threat")
    assert away["reason_en"] == "all of the incidents lie outside the city's boundary"
    with writing(town) as session:
        add_city(session, code="000001", name="空市", settings=settings)
    for path in ("incidents/cells", "incidents/density"):
        nothing = get(client, police, f"{path}?city=000001")
        assert nothing["reason_en"] == "nothing is known of this city yet; import schools and incidents first"
        assert nothing["reason_zh"].startswith("该城市还没有数据")


def test_clusters_emerging_near_repeats_and_evaluation_of_a_year(town: Engine, settings: Settings) -> None:
    """A year of incidents with a cluster planted in the last two weeks, around the south gate of A."""
    rng = np.random.default_rng(5)
    rows = []
    for n in range(600):
        day = dt.date(2025, 11, 3) + dt.timedelta(days=int(rng.integers(0, 7 * 52)))
        x, y = rng.uniform(-230, 530), rng.uniform(-230, 230)
        rows.append(f"y{n},fight,{day} {rng.integers(15, 18)}:{rng.integers(10, 60)},{at(x, y)}")
    for n in range(25):
        day = dt.date(2026, 10, 20 + int(rng.integers(0, 10)))
        rows.append(f"z{n},fight,{day} 16:{rng.integers(20, 40)},{at(*rng.normal((0, -90), 20))}")
    rows += [f"m{n},fight,2026-10-{12 + n} 00:00,{at(0, -90)}" for n in range(7)]  # five of them on school days
    bring(town, settings, rows)
    today = dt.date(2026, 11, 1)
    asked = Question(last=dt.date(2026, 10, 31), kinds=("fight",))
    with reading(town) as session:
        found = clusters.scan(session, settings, asked, weeks=26, today=today)
        best = found["features"][0]["properties"]
        assert best["p"] <= 0.01
        assert best["weeks"] <= 3
        assert best["observed"] >= 15
        assert "最近" in best["sentence_zh"]
        assert "in the last" in best["sentence_en"]
        emerging = clusters.emerging(session, settings, asked, weeks=26, today=today)
        assert {f["properties"]["kind"] for f in emerging["features"]} & {
            "new",
            "sporadic",
            "consecutive",
            "oscillating",
        }
        assert all(f["properties"]["sentence_en"] and f["properties"]["name_zh"] for f in emerging["features"])
        table = clusters.near_repeats(session, settings, asked, weeks=26, today=today)
        assert len(table["observed"]) == len(table["space_m"]) + 2
        assert table["sentences_en"]
        assert all(n is None or n == 0 or n >= settings.k_anonymity for row in table["observed"] for n in row)
        done = own_evaluation.own_evaluation(session, settings, city_code=CITY, today=today, wait=True)
        assert done["state"] == "done"
        assert done["months"][-1] == "2026-10-01"
        assert {row["method"] for row in done["methods"]} == {"counts", "kde", "gi", "near repeat", "risk"}
        assert done["default"] in {"risk", done["best_simple"]}
        assert done["last"]["incidents"] > 25
        assert done["left_out"] == 5
        assert f"{100 * done['last']['hit_rate']:.0f} %" in done["sentence_en"]
        assert own_evaluation.own_evaluation(session, settings, city_code=CITY, today=today) is done
        little = own_evaluation.own_evaluation(session, settings, city_code=CITY, today=dt.date(2025, 11, 20))
        assert little["state"] == "too_little"
