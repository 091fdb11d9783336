"""Patrols over HTTP, on both databases: plans, changes by hand, posts, shifts, and what came of it. All invented."""

from __future__ import annotations

import datetime as dt
import json
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
import sqlalchemy as sa
from icalendar import Calendar
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.store.engine import reading, writing
from api.store.models import AuditEntry, Cell, City, Incident, PatrolStop, School, Timetable
from api.store.spatial import to_element, to_shape
from tests.http.conftest import PEOPLE, Headers
from tests.http.invented_town import assert_problem, place

SignIn = Callable[[TestClient, str], Headers]
BASE = "/api/v1/patrols"
ZONE = ZoneInfo("Asia/Shanghai")
DAY = "2026-11-04"  # a Wednesday, after the town's incidents


class Duty:
    """Everybody signed in, who plan, walk and look at what came of it."""

    def __init__(self, client: TestClient, sign_in: SignIn) -> None:
        self.client = client
        self.headers = {name: sign_in(client, name) for name in PEOPLE}
        people = client.get("/api/v1/people", headers=self.headers["adm"]).json()["people"]
        self.people = {one["name"]: one["id"] for one in people}

    def ask(self, method: str, path: str, name: str, body: Any = None, **headers: str) -> Any:
        return self.client.request(method, f"{BASE}{path}", json=body, headers=self.headers[name] | headers)

    def get(self, path: str, name: str) -> Any:
        answer = self.ask("GET", path, name)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def plan(self, name: str = "pol", **more: Any) -> dict[str, Any]:
        body = wanted() | more
        answer = self.ask("POST", "/plans", name, body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["state"] == "planning"
        return self.made(str(body["id"]), name)

    def made(self, identity: str, name: str = "pol") -> dict[str, Any]:
        self.client.app.state.searches.wait()  # type: ignore[attr-defined]
        found: dict[str, Any] = self.get(f"/plans/{identity}", name)
        return found

    def change(self, plan: dict[str, Any], name: str = "pol", **change: Any) -> dict[str, Any]:
        path = f"/plans/{plan['id']}"
        answer = self.ask("PATCH", path, name, change, **{"If-Match": f'"{plan["version"]}"'})
        assert answer.status_code == 200, answer.text
        return self.made(str(plan["id"]), name)


def wanted() -> dict[str, Any]:
    hours = {"day": DAY, "begins": "15:30", "ends": "17:30"}
    return {"id": str(uuid.uuid4()), **hours, "teams": [{"mode": "foot"}], "iterations": 50}


def stops_of(plan: dict[str, Any], is_: str = "stop") -> list[dict[str, Any]]:
    return [one for one in plan["features"] if one["properties"]["is"] == is_]


def kept(plan: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ("name", "team", "order", "starts", "leaves")
    return [tuple(one["properties"][name] for name in names) for one in stops_of(plan)]


@pytest.fixture
def duty(client: TestClient, sign_in: SignIn) -> Duty:
    return Duty(client, sign_in)


@pytest.fixture
def timetables(town: Engine) -> None:
    """School A leaves in two groups on Wednesdays; nothing is known of school B."""
    with writing(town) as session:
        school = session.scalars(sa.select(School).where(School.source_key == "A")).one()
        session.add_all(
            Timetable(school_id=school.id, weekday=3, grades=grades, dismissal=at)
            for grades, at in (("1-3", dt.time(15, 50)), ("4-6", dt.time(16, 40)))
        )


def test_a_plan_is_made_changed_by_hand_published_and_handed_out(duty: Duty, town: Engine, timetables: None) -> None:
    body = wanted() | {
        "seed": 3,
        "teams": [
            {"name": "一组", "members": [duty.people["ins"]], "start": list(place(0, -45))},
            {"mode": "car", "start": list(place(0, -45))},
        ],
    }  # the streets of the town do not meet: what lies along the first is in reach
    first = duty.ask("POST", "/plans", "pol", body)
    assert (first.status_code, first.json()["state"]) == (201, "planning")
    plan = duty.made(body["id"])
    assert (plan["state"], plan["problem"]) == ("ready", "")
    again = duty.ask("POST", "/plans", "pol", body)
    assert (again.status_code, again.json()["version"]) == (200, plan["version"])
    assert_problem(duty.ask("POST", "/plans", "pol", body | {"name": "x"}), 409)
    inside = {one["properties"]["name"]: one for one in stops_of(plan)}
    assert set(inside) >= {"A south", "B south"}
    south = inside["A south"]["properties"]
    assert south["dismissals"] == [{"grades": "1-3", "at": "15:50"}, {"grades": "4-6", "at": "16:40"}]
    assert not south["assumed_dismissal"]
    assert inside["B south"]["properties"]["assumed_dismissal"]
    assert south["reason"]["why"] == "dismissal"
    assert plan["outcome"]["gap"] == 0.0  # so few routes that all were tried
    # by hand: one stays with the second team, one is left out, one is moved, one is new
    by_hand = {
        "stops": [
            {"id": inside["A south"]["id"], "team": 2},
            {"id": inside["B south"]["id"], "dropped": True},
            {
                "id": str(uuid.uuid4()),
                "name": "bridge",
                "lon": place(200, -10)[0],
                "lat": place(200, -10)[1],
                "team": 1,
            },
        ]
    }
    path = f"/plans/{plan['id']}"
    assert_problem(duty.ask("PATCH", path, "pol", by_hand), 428)
    assert_problem(duty.ask("PATCH", path, "pol", by_hand, **{"If-Match": '"99"'}), 412)
    assert_problem(duty.ask("PATCH", path, "ins", by_hand, **{"If-Match": '"1"'}), 403)
    changed = duty.change(plan, **by_hand)
    now = {one["properties"]["name"]: one["properties"] for one in changed["features"] if "name" in one["properties"]}
    south = now["A south"]
    assert (south["team"], south["pinned"], south["reason"]["why"]) == (2, 2, "pinned"), south
    assert (now["B south"]["is"], now["B south"]["reason"]["why"]) == ("left out", "dropped")
    assert (now["bridge"]["team"], now["bridge"]["kind"]) == (1, "hand")
    bridge = by_hand["stops"][2]["id"]
    lon, lat = place(30, -60)
    loose = duty.change(changed, stops=[{"id": bridge, "team": 0}])
    assert {one["id"]: one for one in loose["features"]}[bridge]["properties"]["pinned"] is None
    there = [{"id": inside["A south"]["id"], "lon": lon, "lat": lat}, {"id": bridge, "team": 1}]
    moved = duty.change(loose, stops=there)
    at = {one["id"]: one for one in moved["features"]}[inside["A south"]["id"]]
    assert (at["properties"]["moved"], at["properties"]["pinned"]) == (True, 2)
    assert at["geometry"]["coordinates"] == pytest.approx(place(30, -60), abs=1e-6)
    # nobody of the team sees it before it is published; then only their own part
    assert_problem(duty.ask("GET", path, "ins"), 404)
    out = duty.change(moved, state="published")
    assert out["published_at"]
    assert_problem(duty.ask("PATCH", path, "pol", by_hand, **{"If-Match": f'"{out["version"]}"'}), 409)
    own = duty.get(path, "ins")
    assert {one["properties"]["team"] for one in own["features"]} == {1}
    assert [one["number"] for one in own["team_list"]] == [1]
    assert_problem(duty.ask("GET", path, "other"), 404)
    _files(duty, path)
    with reading(town) as session:
        lines = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == "patrol_plans")).all()
        told = " ".join(f"{line.before} {line.after}" for line in lines)
    assert {line.action for line in lines} == {"create", "update"}
    assert "by_hand" in told
    assert "prize" not in told
    withdrawn = duty.change(out, state="withdrawn")
    assert withdrawn["state"] == "withdrawn"
    assert_problem(duty.ask("GET", path, "ins"), 404)
    assert [one["state"] for one in duty.get("/shifts?mine=true", "ins")["shifts"]] == ["cancelled"]
    assert duty.get(f"/plans?from={DAY}&to={DAY}&limit=1", "dis")["plans"][0]["id"] == plan["id"]


def _files(duty: Duty, path: str) -> None:
    for name, teams in (("pol", {1, 2}), ("ins", {1})):
        document = duty.get(f"{path}.geojson", name)
        stops = [one["properties"] for one in document["features"] if one["properties"]["is"] == "stop"]
        assert {one["team"] for one in stops} == teams
        root = ET.fromstring(duty.ask("GET", f"{path}.gpx", name).content)
        points = root.findall(".//{http://www.topografix.com/GPX/1/1}rtept")
        assert len(points) == len(stops)
        events = Calendar.from_ical(duty.ask("GET", f"{path}.ics", name).content).walk("VEVENT")
        assert sorted(event.decoded("dtstart").strftime("%H:%M") for event in events) == sorted(
            (dt.datetime.fromisoformat(f"{DAY}T{one['starts']}+08:00").astimezone(dt.UTC)).strftime("%H:%M")
            for one in stops
        )
    page = duty.ask("GET", f"{path}.html?lang=zh&team=2", "pol").text
    assert "第 2 组" in page
    assert "第 1 组" not in page
    assert "<script" not in page  # the town's schools have one in their names
    assert_problem(duty.ask("GET", f"{path}.html?team=2", "ins"), 422)
    assert_problem(duty.ask("GET", f"{path}.pdf", "pol"), 422)


def test_the_same_input_and_seed_give_the_same_plan(duty: Duty, timetables: None) -> None:
    two = [duty.plan(seed=11, teams=[{}, {}]) for _ in range(2)]
    assert kept(two[0]) == kept(two[1]) != []
    assert_problem(duty.ask("POST", "/plans", "pol", wanted() | {"seconds": 2}), 422)


def test_posts_come_first_and_who_cannot_man_them_is_told(duty: Duty, client: TestClient, timetables: None) -> None:
    schools = {one["properties"]["name"][-1]: one["id"] for one in client.get("/api/v1/schools").json()["features"]}
    gates = {one["name"]: one["uuid"] for one in client.get(f"/api/v1/schools/{schools['A']}/gates").json()}
    body = {"id": str(uuid.uuid4()), "school": schools["A"], "gate": gates["A south"], "skill": "traffic_police",
            "begins": "15:40", "ends": "16:40", "department": "traffic_police", "manned_by": "一中队"}  # fmt: skip
    assert duty.ask("POST", "/posts", "dis", body).status_code == 201
    assert duty.ask("POST", "/posts", "dis", body).status_code == 200
    assert_problem(duty.ask("POST", "/posts", "dis", body | {"id": str(uuid.uuid4()), "gate": str(uuid.uuid4())}), 422)
    other = {"id": str(uuid.uuid4()), "school": schools["B"], "lon": place(300, -50)[0], "lat": place(300, -50)[1]}
    assert duty.ask("POST", "/posts", "pol", other).status_code == 201
    # one team without the skill: the other post is manned, and of the first is said why it is not
    plan = duty.plan()
    assert (plan["outcome"]["posts"], plan["outcome"]["unmanned"]) == (2, 1)
    by_kind = {one["id"]: one["properties"] for one in plan["features"] if one["properties"].get("required")}
    told = {one["name"] or "B": (one["is"], one["reason"]["why"]) for one in by_kind.values()}
    assert told == {"A south": ("left out", "no_team"), "B": ("stop", "post")}
    assert "A south" not in [
        one["properties"]["name"] for one in plan["features"] if one["properties"].get("kind") == "gate"
    ]
    # with the skill, but one team for two posts at the same time: more posts than teams
    plan = duty.plan(teams=[{"skills": ["traffic_police"]}])
    (left,) = [one["properties"] for one in stops_of(plan, "left out") if one["properties"]["required"]]
    assert (left["reason"]["why"], left["reason"]["must"]) == ("no_room", True)
    plan = duty.plan(teams=[{"skills": ["traffic_police"]}, {}])
    assert plan["outcome"]["unmanned"] == 0
    post = next(one["properties"] for one in stops_of(plan) if one["properties"]["name"] == "A south")
    assert (post["starts"], post["leaves"]) == ("15:40", "16:40")
    path = f"/posts/{body['id']}"
    version = duty.get(path, "pol")["version"]
    off = duty.ask(
        "PATCH", path, "dis", {"active": False, "begins": None, "ends": None}, **{"If-Match": f'"{version}"'}
    )
    assert (off.json()["active"], off.json()["begins"]) == (False, None)
    assert duty.plan()["outcome"]["posts"] == 1
    assert {one["skill"] for one in duty.get("/posts", "pol")["posts"]} == {"traffic_police", ""}


def plant_a_fall(engine: Engine, walked: tuple[float, float]) -> None:
    """Make up twenty incidents a week in each cell, from 7 September 2026 on, and five in the walked one since 2 November."""
    with writing(engine) as session:
        city = session.scalars(sa.select(City)).one()
        at = shapely.Point(walked)
        for cell in session.scalars(sa.select(Cell).where(Cell.city_id == city.id)):
            outline = to_shape(cell.outline)
            for week in range(9):
                for n in range(5 if week == 8 and outline.covers(at) else 20):
                    moment = dt.datetime(2026, 9, 7, 16, 10, tzinfo=ZONE) + dt.timedelta(weeks=week, days=n % 5)
                    session.add(
                        Incident(
                            city_id=city.id, kind="fight", occurred_from=moment, occurred_to=moment,
                            weekday=moment.isoweekday(), hour=16, lattice_column=cell.lattice_column,
                            lattice_row=cell.lattice_row, minutes_after_dismissal=10,
                            location=to_element(outline.representative_point()), invented=True,
                        )
                    )  # fmt: skip


def test_what_was_done_is_held_against_the_plan(duty: Duty, client: TestClient, town: Engine, timetables: None) -> None:
    plan = duty.plan(teams=[{"members": [duty.people["ins"]], "mode": "foot"}])
    plan = duty.change(plan, state="published")
    (shift,) = duty.get("/shifts?mine=true", "ins")["shifts"]
    told = duty.get(f"/shifts/{shift['id']}", "ins")
    stop = min(stops_of(told["stops"]), key=lambda one: one["properties"]["order"])
    said, (lon, lat) = stop["properties"], stop["geometry"]["coordinates"]
    check = {"id": str(uuid.uuid4()), "shift": shift["id"], "stop": stop["id"], "event": "arrive", "lon": lon, "lat": lat,
             "at": f"{DAY}T{said['starts']}:00+08:00"}  # fmt: skip
    gone = check | {"id": str(uuid.uuid4()), "event": "leave", "at": f"{DAY}T{said['leaves']}:00+08:00"}
    hazard = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN"}
    finding = {"id": str(uuid.uuid4()), "shift": shift["id"], "stop": stop["id"], "event": "finding", "hazard": hazard["id"],
               "at": check["at"]}  # fmt: skip
    batch = [("patrol_check", check), ("hazard", hazard), ("patrol_check", finding), ("patrol_check", gone)]
    for state in ("created", "duplicate"):
        records = {"records": [{"kind": kind, "data": data} for kind, data in batch]}
        answer = client.post("/api/v1/sync", json=records, headers=duty.headers["ins"]).json()
        assert [one["state"] for one in answer["answers"]] == [state] * 4, answer
    stranger = client.post("/api/v1/sync", json={"records": [{"kind": "patrol_check", "data": check | {"id": str(uuid.uuid4())}}]},
                           headers=duty.headers["other"]).json()  # fmt: skip
    assert stranger["answers"][0]["state"] == "refused"
    shown = duty.get(f"/shifts/{shift['id']}", "ins")
    assert (shown["state"], [one["event"] for one in shown["checks"]]) == ("on_duty", ["arrive", "finding", "leave"])
    assert shown["checks"][0]["away_m"] < 1
    done = duty.ask(
        "PATCH",
        f"/shifts/{shift['id']}",
        "ins",
        {"state": "done", "note": "虚构"},
        **{"If-Match": f'"{shown["version"]}"'},
    )
    assert done.json()["state"] == "done"
    assert_problem(
        duty.ask(
            "PATCH", f"/shifts/{shift['id']}", "ins", {"members": []}, **{"If-Match": f'"{done.json()["version"]}"'}
        ),
        403,
    )
    results = duty.get("/results?from=2026-11-02&to=2026-11-08", "dis")
    inside = plan["outcome"]["stops"]
    stay = (dt.datetime.fromisoformat(gone["at"]) - dt.datetime.fromisoformat(check["at"])).total_seconds() / 60
    assert (results["planned"]["stops"], results["planned"]["kept"]) == (inside, 1)
    assert results["planned"]["minutes_done"] == stay
    assert results["planned"]["findings"] == 1
    (cell,) = results["dosage"]["features"]
    assert cell["properties"]["weeks"] == [{"week": "2026-W45", "minutes": stay, "stays": 1}]
    assert results["effect"] is None  # what incidents did is for the police
    effect = duty.get("/results?from=2026-11-02&to=2026-11-08", "pol")["effect"]
    assert "reason" in effect or not any(one["enough"] for one in effect["statements"])
    assert not any("numbers" in one for one in effect.get("statements", []))  # too few: no number is shown
    plant_a_fall(town, (lon, lat))
    effect = {
        one["about"]: one for one in duty.get("/results?from=2026-11-02&to=2026-11-08", "pol")["effect"]["statements"]
    }
    difference = effect["difference"]
    assert difference["enough"]
    assert difference["numbers"]["high"] < 1, "half as many after school as in the weeks before, elsewhere as many"
    assert "比预期约少" in difference["zh"]
    assert duty.get("/results?from=2026-11-02&to=2026-11-08", "dis")["effect"] is None
    own = client.get("/api/v1/field/pack?lon=120.24&lat=29.71", headers=duty.headers["ins"]).json()["shifts"]
    assert own == []  # the day is over
    alone = {"id": str(uuid.uuid4()), "day": DAY, "begins": "16:00", "ends": "17:00"}
    assert [m["id"] for m in duty.ask("POST", "/shifts", "ins", alone).json()["members"]] == [duty.people["ins"]]
    assert_problem(
        duty.ask("POST", "/shifts", "ins", alone | {"id": str(uuid.uuid4()), "members": [duty.people["other"]]}), 403
    )


def test_nothing_that_counts_incidents_leaves_the_server(duty: Duty, town: Engine) -> None:
    exact = duty.plan("pol")
    with reading(town) as session:
        prizes = list(session.scalars(sa.select(PatrolStop.prize)))
    assert max(prizes) >= 5  # five incidents lie near a gate
    police, office = (json.dumps(duty.get(f"/plans/{exact['id']}", name)) for name in ("pol", "dis"))
    assert "priority" in police
    assert "priority" not in office
    assert "prize" not in police + office
    # a plan of the office counts only what the heat map shows to everybody, and so may rank its stops
    grouped = duty.plan("dis")
    assert grouped["basis"] == "groups"
    assert {one["properties"]["kind"] for one in stops_of(grouped)} <= {"gate", "cell", "hot", "hazard", "post"}


def test_what_cannot_be_is_said_in_words(duty: Duty, timetables: None) -> None:
    far = list(place(0, 20_000))
    for change, status, words in (
        ({"day": "2026-11-07"}, 422, "no school day"),
        ({"begins": "17:00", "ends": "16:00"}, 422, "after its beginning"),
        ({"teams": []}, 422, "teams"),
        ({"teams": [{"begins": "17:00", "ends": "16:00"}]}, 422, "team 1"),
        ({"teams": [{"rest": {"minutes": 15, "earliest": "12:00", "latest": "12:10"}}]}, 422, "break of team 1"),
        ({"teams": [{"members": [str(uuid.uuid4())]}]}, 422, "no such person"),
        ({"teams": [{"members": [duty.people["vie"]]}]}, 422, "no role in the field"),
        ({"teams": [{"mode": "boat"}]}, 422, "mode"),
        ({"city": "999999"}, 404, "999999"),
    ):
        body = assert_problem(duty.ask("POST", "/plans", "pol", wanted() | change), status)
        assert words in json.dumps(body), (change, body)
    # what only the search finds out is told by the plan itself
    for change, words in (
        ({"begins": "08:00", "ends": "09:00"}, "no school is left"),
        ({"sources": ["posts"]}, "no place to stand at"),
        ({"teams": [{"start": [0.0, 0.0]}]}, "far from every school"),
    ):
        failed = duty.plan(**change)
        assert failed["state"] == "failed", change
        assert words in failed["problem"]
    # a depot in a lake, and windows that cannot be met: the plan that is possible, with what is wrong
    lake = duty.plan(teams=[{"start": far, "mode": "car"}], ends="20:00")
    assert any("perhaps in water" in one for one in lake["warnings"])
    late = duty.plan(teams=[{"begins": "17:25", "ends": "17:30"}])
    assert (late["state"], late["outcome"]["stops"]) == ("ready", 0)
    assert {one["properties"]["reason"]["why"] for one in stops_of(late, "left out")} <= {"window", "unreachable"}


def test_two_schools_share_a_gate(duty: Duty, client: TestClient, timetables: None) -> None:
    schools = {one["properties"]["name"][-1]: one["id"] for one in client.get("/api/v1/schools").json()["features"]}
    gates = {one["name"]: one for one in client.get(f"/api/v1/schools/{schools['A']}/gates").json()}
    lon, lat = gates["A south"]["lon"], gates["A south"]["lat"]
    shared = {"id": str(uuid.uuid4()), "name": "B by the gate of A", "lon": lon, "lat": lat}
    answer = client.post(f"/api/v1/schools/{schools['B']}/gates", json=shared, headers=duty.headers["dis"])
    assert answer.status_code == 201, answer.text
    plan = duty.plan(sources=["gates"], teams=[{"start": [lon, lat]}])
    assert plan["state"] == "ready", plan["problem"]
    there = [one["properties"] for one in stops_of(plan) if one["geometry"]["coordinates"] == pytest.approx([lon, lat])]
    (one,) = there  # one place to stand at: who stands there sees both leave
    assert one["school"].count("invented") == 2
    assert [said["at"] for said in one["dismissals"]] == ["15:50", "16:40"]  # those that are known, of A
    assert one["assumed_dismissal"]  # for B none is
    assert "B by the gate of A" not in {left["properties"]["name"] for left in stops_of(plan, "left out")}


def test_a_fortnight_cannot_be_guessed_and_forgets_no_school(duty: Duty, timetables: None) -> None:
    for day in ("2026-11-04", "2026-11-05", "2026-11-06", "2026-11-09"):
        duty.plan(day=day, sources=["gates"], every_days=2, ends="16:50", seed=1)
    calendar = duty.get("/calendar?from=2026-11-04&days=14&every_days=2", "dis")
    assert calendar["repeats"]["stays"] >= 4
    stays = {one["name"]: one["stays"] for one in calendar["schools"]}
    assert calendar["repeats"]["repeated"] == 0, stays
    assert calendar["seen"] == len(calendar["schools"]) == 2
    assert all(one["unseen"] <= 2 and not one["due"] for one in calendar["schools"])
    assert [one["school_day"] for one in calendar["days"][:7]] == [True, True, True, False, False, True, True]
