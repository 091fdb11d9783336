"""Every route but the pages × every role × own and foreign record, held against ``access.txt``.

Pages are looked at by test_pages.py and the browser's tests. Every other route has a row, whether the OpenAPI document shows
it (there it is known by the path that clients see) or not (there by the path that the policy table has).
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.services.cases import live
from api.settings import Settings
from api.store.engine import writing
from api.store.models import OutboxEntry
from tests.http.conftest import ENGLISH, PEOPLE, Headers
from tests.http.invented_town import PASSWORD, place
from tests.http.test_route_policy import registered
from tests.photos_sent import two_colours, written

TABLE = Path(__file__).with_name("access.txt")
NAMES = {role: name for name, role in reversed(PEOPLE.items())} | {"nobody": ""}
LON, LAT = place(70, 0)
SESSIONS = {"/api/v1/session", "/api/v1/token"}
OWN_DAY, FOREIGN_DAY = "2026-11-03", "2026-11-04"  # the town has incidents on both


def read_table() -> dict[tuple[str, str], dict[str, str]]:
    lines = [line.split() for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    head = lines[0][2:]
    return {(row[0], row[1]): dict(zip(head, row[2:], strict=True)) for row in lines[1:]}


@dataclass
class Call:
    """A request that would be answered with success if the person may make it."""

    path: str
    headers: Headers = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


class Town:
    """The invented town with everybody signed in; makes records that are somebody's own or somebody else's."""

    def __init__(self, client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> None:
        self.client = client
        self.headers: dict[str, Headers] = {role: sign_in(client, name) for role, name in NAMES.items() if name}
        self.headers["nobody"] = {}
        self.other = sign_in(client, "other")
        self.school = self._get("/api/v1/schools")["features"][0]["id"]
        spare = {"id": str(uuid.uuid4()), "name": "spare", "roles": ["viewer"]}
        self._post("/api/v1/people", spare, self.headers["admin"])
        self.people = {p["name"]: p["id"] for p in self._get("/api/v1/people")["people"]}
        for role in ("handler", "liaison", "police", "leader"):
            address = f"/api/v1/people/{self.people[NAMES[role]]}"
            change = {"department": "urban_management"}
            answer = client.patch(address, json=change, headers=self.headers["admin"] | self.tag(address))
            assert answer.status_code == 200, answer.text
        elsewhere = {"id": str(uuid.uuid4()), "name": "elsewhere", "roles": ["liaison"], "password": PASSWORD}
        self._post("/api/v1/people", elsewhere | {"department": "justice"}, self.headers["admin"])
        self.headers["elsewhere"] = sign_in(client, "elsewhere")
        cells = [f["properties"]["code"] for f in self._get("/api/v1/cells?limit=1000")["features"]]
        address = f"/api/v1/people/{self.people['other']}/cells"
        office = self.headers["dispatcher"] | self.tag(address)
        answer = client.put(address, json={"cells": cells}, headers=office)
        assert answer.json()["cells"] == sorted(cells)

    def _get(self, path: str) -> Any:
        answer = self.client.get(path, headers=self.headers["admin"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _post(self, path: str, body: dict[str, Any], headers: Headers) -> Any:
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def tag(self, path: str) -> Headers:
        return {"If-Match": self.client.get(path, headers=self.headers["admin"]).headers["ETag"]}

    def new_school(self, *, bare: bool = False) -> tuple[str, str]:
        """Return the path of a school of its own, and one of its gates; a bare one has neither perimeter nor times."""
        x, y = place(2000, 2000)
        body = {"id": str(uuid.uuid4()), "name": "spare", "campuses": [{"lon": x, "lat": y, "radius_m": 30}]}
        self._post("/api/v1/schools", body, self.headers["admin"])
        path = f"/api/v1/schools/{body['id']}"
        if bare:
            headers = self.headers["admin"] | self.tag(path)
            assert self.client.delete(f"{path}/perimeter", headers=headers).status_code == 204
            return path, ""
        gate = {"id": str(uuid.uuid4()), "lon": x, "lat": y}
        self._post(f"{path}/gates", gate, self.headers["admin"])
        return path, f"{path}/gates/{gate['id']}"

    def new_premises(self) -> str:
        body = {"id": str(uuid.uuid4()), "name": "invented", "categories": ["bar"], "lon": LON, "lat": LAT}
        return f"/api/v1/premises/{self._post('/api/v1/premises', body, self.headers['admin'])['id']}"

    def distance_rule(self) -> dict[str, Any]:
        rule = self._get("/api/v1/distance-rules/surroundings_bar")
        own = {"rule_id", "version", "versions", "version_in_force"}
        return {name: value for name, value in rule.items() if name not in own}

    def tag_or_new(self, path: str) -> Headers:
        """Return the tag of a record, or that of one that is not there yet."""
        answer = self.client.get(path, headers=self.headers["admin"])
        return {"If-Match": answer.headers["ETag"] if answer.status_code == 200 else '"0"'}

    def hazard(self, role: str, own: bool) -> str:
        writer = self.headers[role] if own and role in {"inspector", "police", "dispatcher", "admin"} else self.other
        body = {"id": str(uuid.uuid4()), "lon": LON, "lat": LAT, "category": "VEN"}
        hazard = str(self._post("/api/v1/hazards", body, writer)["id"])
        if own and role == "handler":  # theirs is one whose case their department has
            case = self._get(f"/api/v1/cases?hazard={hazard}")["features"][0]["id"]
            self._post(f"/api/v1/cases/{case}/actions", {"action": "file"}, self.headers["dispatcher"])
        return hazard

    def inspection(self, role: str, own: bool) -> str:
        writer = self.headers[role] if own and role in {"inspector", "police", "dispatcher", "admin"} else self.other
        body = {"id": str(uuid.uuid4()), "started_at": "2026-11-03T16:00:00+08:00", "lon": LON, "lat": LAT}
        return str(self._post("/api/v1/inspections", body, writer)["id"])

    def photo(self, role: str, own: bool) -> str:
        form = a_photo()
        answer = self.client.post(
            f"/api/v1/hazards/{self.hazard(role, own)}/photos", **form, headers=self.headers["admin"]
        )
        assert answer.status_code == 201, answer.text
        return str(form["data"]["id"])

    def case(self, role: str, own: bool) -> str:
        """Return a case of the person's department or report, or (foreign) one that has nothing to do with them."""
        department = "urban_management" if own and role in {"handler", "liaison", "police"} else "health"
        writer = self.headers[role] if own and role == "inspector" else self.other
        body = {"id": str(uuid.uuid4()), "category": "VEN", "lon": LON, "lat": LAT}
        case = str(self._post("/api/v1/cases", body, writer)["id"])
        self._post(f"/api/v1/cases/{case}/actions", {"action": "file", "department": department, "departments": []},
                   self.headers["dispatcher"])  # fmt: skip
        return case

    def dead_message(self) -> str:
        """Return a message that could not be delivered."""
        entry = OutboxEntry(
            event=f"invented {uuid.uuid4()}", target="invented", kind="case_urged", subject="case",
            subject_uuid=uuid.uuid4(), state="dead",
        )  # fmt: skip
        with writing(self.client.app.state.engine) as session:  # type: ignore[attr-defined]
            session.add(entry)
            session.flush()
            return str(entry.uuid)

    def absence(self, role: str, own: bool) -> str:
        writer = self.headers[role] if own and role not in {"nobody", "viewer"} else self.other
        body = {"id": str(uuid.uuid4()), "starts_on": "2026-12-01", "ends_on": "2026-12-04"}
        return str(self._post("/api/v1/absences", body, writer)["id"])

    def joint_action(self) -> str:
        return str(self._post("/api/v1/actions", a_joint_action(self.school), self.headers["dispatcher"])["id"])

    def notice(self, role: str, own: bool, *, draft: bool = False) -> str:
        """Return a notice to the person's department (a draft: of the person's), or one that is none of theirs."""
        office = role in {"dispatcher", "admin"}
        to = "committee" if own and office else ("urban_management" if own else "health")
        body = {"id": str(uuid.uuid4()), "title": "invented", "to": [to], "draft": draft}
        if not draft:
            return str(self._post("/api/v1/notices", body, self.headers["dispatcher" if own else "elsewhere"])["id"])
        writer = role if own and role in {"liaison", "leader", "dispatcher", "admin"} else "elsewhere"
        return str(self._post("/api/v1/notices", body, self.headers[writer])["id"])

    def notice_file(self, role: str, own: bool) -> str:
        """Return the address of a file attached to a notice to the person's department, or to another."""
        office = role in {"dispatcher", "admin"}
        to = "committee" if own and office else ("urban_management" if own else "health")
        writer = self.headers["dispatcher" if own else "elsewhere"]
        draft = {"id": str(uuid.uuid4()), "title": "invented", "to": [to], "draft": True}
        address = f"/api/v1/notices/{self._post('/api/v1/notices', draft, writer)['id']}"
        answer = self.client.post(f"{address}/files", **a_photo(), headers=writer)
        assert answer.status_code == 201, answer.text
        sent = self.client.patch(address, json={"send": True}, headers=writer | {"If-Match": '"1"'})
        assert sent.status_code == 200, sent.text
        return str(answer.json()["url"])

    def sent_notice(self, role: str, own: bool) -> str:
        """Return a notice that the person's department sent, or another one."""
        writer = role if own and role in {"liaison", "leader", "dispatcher", "admin"} else "elsewhere"
        body = {"id": str(uuid.uuid4()), "title": "invented", "to": ["health"]}
        return str(self._post("/api/v1/notices", body, self.headers[writer])["id"])

    def filing_rule(self) -> tuple[str, dict[str, Any]]:
        """Return a filing rule of the city's own, and its body."""
        rules = self._get("/api/v1/filing-rules")["filing_rules"]
        cells = [one["properties"]["code"] for one in self._get("/api/v1/cells?limit=1000")["features"]]
        taken = {(rule["category"], rule["subtype"], rule["place"]) for rule in rules}
        rule, cell = next(
            (rule, cell)
            for rule, cell in itertools.product(rules, cells)
            if (rule["category"], rule["subtype"], cell) not in taken
        )
        body = {name: value for name, value in rule.items() if name not in {"id", "version", "built_in"}}
        body |= {"place_kind": "cell", "place": cell}
        identity = str(uuid.uuid4())
        answer = self.client.put(
            f"/api/v1/filing-rules/{identity}", json=body, headers=self.headers["admin"] | {"If-Match": '"0"'}
        )
        assert answer.status_code == 200, answer.text
        return identity, body

    def working_year(self) -> dict[str, Any]:
        year = self._get("/api/v1/working-calendar/2030")
        return {name: year[name] for name in ("hours", "days", "confirmed", "source")}

    def brief_text(self) -> Call:
        """Return an edit of a paragraph of a brief as it is now."""
        texts = self._get("/api/v1/briefs/2026-W45")["texts"]
        version = next(one["version"] for one in texts if one["key"] == "plan")
        return Call(
            "/api/v1/briefs/2026-W45/texts/plan", {"If-Match": f'"{version}"'}, {"json": {"text": "an invented plan"}}
        )

    def meeting_body(self) -> dict[str, Any]:
        self.__dict__["_meetings"] = self.__dict__.get("_meetings", 0) + 1
        period = f"{1970 + self.__dict__['_meetings']}-11"
        return {"id": str(uuid.uuid4()), "period": period, "held_on": "2026-11-09"}

    def meeting(self) -> str:
        return str(self._post("/api/v1/meetings", self.meeting_body(), self.headers["dispatcher"])["period"])

    def decision_body(self, department: str = "urban_management") -> dict[str, Any]:
        due_on = str(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=9))
        body = {"id": str(uuid.uuid4()), "problem": "invented", "department": department, "due_on": due_on}
        return body | {"becomes": "notice"}

    def decision(self, own: bool) -> str:
        """Return a decision that urban management carries out, or (foreign) another department."""
        body = self.decision_body("urban_management" if own else "health")
        return str(self._post("/api/v1/meetings/2026-W45/decisions", body, self.headers["dispatcher"])["id"])

    def decision_file(self) -> str:
        path = f"/api/v1/decisions/{self.decision(True)}/files"
        answer = self.client.post(path, **a_photo(), headers=self.headers["handler"])
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def targets(self) -> Call:
        """Return targets in place of those that there are now."""
        version = self._get("/api/v1/facilities/support")["version"]
        body = {"targets": [{"zh": "虚构", "en": "invented", "goal": 3}]}
        return Call("/api/v1/facilities/targets", {"If-Match": f'"{version}"'}, {"json": body})

    def shared_brief(self) -> str:
        body = {"id": str(uuid.uuid4())}
        return str(self._post("/api/v1/briefs/2026-W44/shares", body, self.headers["dispatcher"])["id"])

    def patrol_plan(self, own: bool) -> str:
        """Return a published plan: with a team of each role in the field, or (foreign) one with somebody else alone."""
        known: dict[bool, str] = self.__dict__.setdefault("_plans", {})
        if own not in known:
            names = ("inspector", "dispatcher", "police", "admin")
            members = [self.people[NAMES[role]] for role in names] if own else [self.people["other"]]
            body = patrol_plan_body() | {"teams": [{"members": [one]} for one in members]}
            path = f"/api/v1/patrols/plans/{self._post('/api/v1/patrols/plans', body, self.headers['police'])['id']}"
            self.client.app.state.searches.wait()  # type: ignore[attr-defined]
            answer = self.client.patch(path, json={"state": "published"}, headers=self.planner_tag(path))
            assert answer.status_code == 200, answer.text
            known[own] = str(body["id"])
        return known[own]

    def planner_tag(self, path: str) -> Headers:
        headers = self.headers["police"]
        return headers | {"If-Match": self.client.get(path, headers=headers).headers["ETag"]}

    def patrol_shift(self, role: str, own: bool) -> str:
        plan = self.patrol_plan(own)
        shifts = self._get_as("police", "/api/v1/patrols/shifts?limit=1000")["shifts"]
        wanted = self.people.get(NAMES[role], "") if own else self.people["other"]
        fits = [one for one in shifts if one["plan"] == plan and wanted in [m["id"] for m in one["members"]]]
        return str((fits or [one for one in shifts if one["plan"] == plan])[0]["id"])

    def post(self) -> tuple[str, dict[str, Any]]:
        """Return a post and its body."""
        body = {"id": str(uuid.uuid4()), "school": self.school, "lon": LON, "lat": LAT, "weekdays": [7]}
        self._post("/api/v1/patrols/posts", body, self.headers["police"])
        return str(body["id"]), body

    def checklist_version(self, key: str) -> str:
        lists = self.client.get("/api/v1/checklists", headers=self.headers["admin"]).json()["checklists"]
        return f'"{lists[key]["version"]}"'

    def token(self, role: str, own: bool) -> str:
        owner = self.headers[role] if own and role != "nobody" else self.other
        return str(self._post("/api/v1/tokens", {"name": "invented"}, owner)["id"])

    def sealed_request(self, role: str, own: bool, day: str = "2026-11-03") -> str:
        asker = self.headers[role] if own and role in {"leader", "dispatcher"} else self.headers["liaison"]
        body = {"id": str(uuid.uuid4()), "purpose": "an invented purpose", "first_day": day, "last_day": day}
        return str(self._post("/api/v1/sealed-requests", body, asker)["id"])

    def approved(self, role: str) -> None:
        """Give somebody an approved request for the day of the incidents."""
        body = {
            "id": str(uuid.uuid4()),
            "purpose": "an invented purpose",
            "first_day": "2026-11-03",
            "last_day": "2026-11-03",
        }
        asked = self._post("/api/v1/sealed-requests", body, self.headers[role])
        decider = {"roles": ["leader"], "id": str(uuid.uuid4()), "name": f"lead-{role}-{uuid.uuid4().hex[:6]}"}
        made = self._post("/api/v1/people", decider | {"password": PASSWORD}, self.headers["admin"])
        token = self.client.post("/api/v1/token", data={"username": made["name"], "password": PASSWORD}).json()
        leader = {"Authorization": f"Bearer {token['access_token']}"}
        self._post(f"/api/v1/sealed-requests/{asked['id']}/decision", {"decision": "approve"}, leader)

    def incident(self, period: str) -> str:
        answer = self._get_as("police", f"/api/v1/incidents?{period}")
        return str(next(row["id"] for row in answer["incidents"] if not row["serious"]))

    def _get_as(self, role: str, path: str) -> Any:
        answer = self.client.get(path, headers=self.headers[role])
        assert answer.status_code == 200, answer.text
        return answer.json()


def patrol_plan_body() -> dict[str, Any]:
    hours = {"day": "2026-11-04", "begins": "15:30", "ends": "17:30"}
    return {"id": str(uuid.uuid4()), **hours, "teams": [{}], "sources": ["gates"], "iterations": 1}


def a_photo() -> dict[str, Any]:
    return {"data": {"id": str(uuid.uuid4())}, "files": {"file": ("invented.jpg", written(two_colours()))}}


def a_joint_action(school: str) -> dict[str, Any]:
    period = {"starts_on": "2026-11-02", "ends_on": "2026-11-15"}
    departments = [{"department": "urban_management", "people": 6, "vehicles": 2}]
    return {"id": str(uuid.uuid4()), "title": "invented", "schools": [school], "departments": departments} | period


def call_for(town: Town, method: str, path: str, role: str, own: bool) -> Call:
    """Return a good call of a route by a role, on its own or on a foreign record."""
    fresh = str(uuid.uuid4())
    match = {"If-Match": '"1"'}
    somebody = town.people["spare"]
    spot = {"lon": LON, "lat": LAT}
    incident = {"type": "fight", "occurred_from": "2026-11-03T16:00:00+08:00"}
    match_path = (method, path)
    if match_path in {("GET", "/api/v1/incidents"), ("GET", "/api/v1/incidents/{identity}")}:
        if own and role not in {"nobody", "inspector", "viewer", "police"}:
            town.approved(role)
        day = OWN_DAY if own else FOREIGN_DAY
        period = f"from={day}&to={day}&purpose=an+invented+purpose"
        return Call(f"{path.replace('{identity}', town.incident(period))}?{period}")
    fixed: dict[tuple[str, str], Callable[[], Call]] = {
        ("POST", "/api/v1/session"): lambda: Call(path, {}, {"json": {"username": "vie", "password": PASSWORD}}),
        ("POST", "/api/v1/token"): lambda: Call(path, {}, {"data": {"username": "vie", "password": PASSWORD}}),
        ("POST", "/api/v1/tokens"): lambda: Call(path, {}, {"json": {"name": "invented"}}),
        ("DELETE", "/api/v1/tokens/{identity}"): lambda: Call(f"/api/v1/tokens/{town.token(role, own)}"),
        ("POST", "/api/v1/me/password"): lambda: Call(path, {}, {"json": {"old": PASSWORD, "new": PASSWORD + "2"}}),
        ("POST", "/api/v1/people"): lambda: Call(path, {}, {"json": {"id": fresh, "name": fresh[:8], "roles": []}}),
        ("PATCH", "/api/v1/people/{identity}"): lambda: Call(
            f"/api/v1/people/{somebody}", town.tag(f"/api/v1/people/{somebody}"), {"json": {"display_name": "invented"}}
        ),
        ("PUT", "/api/v1/people/{identity}/cells"): lambda: Call(
            f"/api/v1/people/{somebody}/cells", town.tag(f"/api/v1/people/{somebody}/cells"), {"json": {"cells": []}}
        ),
        ("GET", "/api/v1/geocode"): lambda: Call(f"{path}?q=invented"),
        ("GET", "/api/v1/geocode/reverse"): lambda: Call(f"{path}?lon={LON}&lat={LAT}"),
        ("GET", "/api/v1/tiles/{z}/{x}/{y}.mvt"): lambda: Call("/api/v1/tiles/15/27338/13580.mvt"),
        ("GET", "/api/v1/hazards/nearby"): lambda: Call(f"{path}?lon={LON}&lat={LAT}&category=VEN"),
        ("GET", "/api/v1/hazards/{identity}"): lambda: Call(f"/api/v1/hazards/{town.hazard(role, own)}"),
        ("PATCH", "/api/v1/hazards/{identity}"): lambda: Call(
            f"/api/v1/hazards/{town.hazard(role, own)}", match, {"json": {"note": "invented"}}
        ),
        ("GET", "/api/v1/hazards/{identity}/photos"): lambda: Call(f"/api/v1/hazards/{town.hazard(role, own)}/photos"),
        ("POST", "/api/v1/hazards/{identity}/photos"): lambda: Call(
            f"/api/v1/hazards/{town.hazard(role, own)}/photos", {}, a_photo()
        ),
        ("POST", "/api/v1/inspections/{identity}/photos"): lambda: Call(
            f"/api/v1/inspections/{town.inspection(role, own)}/photos", {}, a_photo()
        ),
        ("GET", "/api/v1/photos/{identity}"): lambda: Call(f"/api/v1/photos/{town.photo(role, own)}"),
        ("GET", "/api/v1/photos/{identity}/thumbnail"): lambda: Call(
            f"/api/v1/photos/{town.photo(role, own)}/thumbnail"
        ),
        ("GET", "/api/v1/hazards/{identity}/sightings"): lambda: Call(
            f"/api/v1/hazards/{town.hazard(role, own)}/sightings"
        ),
        ("POST", "/api/v1/sightings"): lambda: Call(
            path,
            {},
            {"json": {"id": fresh, "hazard": town.hazard(role, own), "observed_at": "2026-11-03T16:00:00+08:00"}},
        ),
        ("POST", "/api/v1/cells/assignments"): lambda: Call(path, {}, {"files": {"file": ("a.csv", b"cell\nnone\n")}}),
        ("GET", "/api/v1/coverage"): lambda: Call("/api/v1/coverage?city=330681"),
        ("POST", "/api/v1/sync"): lambda: Call(path, {}, {"json": {"records": []}}),
        ("PUT", "/api/v1/checklists/{key}"): lambda: Call(
            "/api/v1/checklists/VEN",
            {"If-Match": town.checklist_version("VEN")},
            {"json": {"interval_days": 5, "items": []}},
        ),
        ("POST", "/api/v1/hazards"): lambda: Call(path, {}, {"json": {"id": fresh, "category": "VEN"} | spot}),
        ("POST", "/api/v1/inspections"): lambda: Call(
            path, {}, {"json": {"id": fresh, "started_at": "2026-11-03T16:00:00+08:00"} | spot}
        ),
        ("POST", "/api/v1/incidents"): lambda: Call(path, {}, {"json": {"id": fresh} | incident | spot}),
        ("POST", "/api/v1/sealed-requests"): lambda: Call(
            path,
            {},
            {
                "json": {
                    "id": fresh,
                    "purpose": "an invented purpose",
                    "first_day": "2026-11-03",
                    "last_day": "2026-11-03",
                }
            },
        ),
        ("POST", "/api/v1/sealed-requests/{identity}/decision"): lambda: Call(
            f"/api/v1/sealed-requests/{town.sealed_request(role, own)}/decision", {}, {"json": {"decision": "refuse"}}
        ),
        ("GET", "/api/v1/cases/indicators"): lambda: Call(f"{path}?from=2026-11-01&to=2026-11-30"),
        ("GET", "/api/v1/cases/indicators.xlsx"): lambda: Call(f"{path}?from=2026-11-01&to=2026-11-30"),
        ("GET", "/api/v1/cases/indicators/cases"): lambda: Call(f"{path}?from=2026-11-01&to=2026-11-30&figure=due"),
        ("GET", "/api/v1/meetings/{period}/figures"): lambda: Call("/api/v1/meetings/2026-W45/figures"),
        ("GET", "/api/v1/meetings/{period}/members"): lambda: Call(
            "/api/v1/meetings/2026-W45/members?figure=hazards_new"
        ),
        ("GET", "/api/v1/meetings/{period}/maps/{name}.svg"): lambda: Call(
            "/api/v1/meetings/2026-W45/maps/hazards.svg"
        ),
        ("GET", "/api/v1/meetings/{period}/alerts"): lambda: Call("/api/v1/meetings/2026-W45/alerts"),
        ("GET", "/api/v1/meetings/{period}/effects"): lambda: Call("/api/v1/meetings/2026-W45/effects"),
        ("PUT", "/api/v1/facilities/targets"): lambda: town.targets(),
        ("POST", "/api/v1/meetings"): lambda: Call(path, {}, {"json": town.meeting_body()}),
        ("GET", "/api/v1/meetings/{period}"): lambda: Call("/api/v1/meetings/2026-W45"),
        ("PATCH", "/api/v1/meetings/{period}"): lambda: (
            lambda made: Call(f"/api/v1/meetings/{made}", match, {"json": {"place": "an invented room"}})
        )(town.meeting()),
        ("POST", "/api/v1/meetings/{period}/decisions"): lambda: Call(
            "/api/v1/meetings/2026-W45/decisions", {}, {"json": town.decision_body()}
        ),
        ("GET", "/api/v1/meetings/{period}/{what}.{kind}"): lambda: Call("/api/v1/meetings/2026-W45/lists.xlsx"),
        ("GET", "/api/v1/decisions/{identity}"): lambda: Call(f"/api/v1/decisions/{town.decision(own)}"),
        ("PATCH", "/api/v1/decisions/{identity}"): lambda: Call(
            f"/api/v1/decisions/{town.decision(own)}", match, {"json": {"measure": "invented"}}
        ),
        ("POST", "/api/v1/decisions/{identity}/actions"): lambda: Call(
            f"/api/v1/decisions/{town.decision(own)}/actions",
            {},
            {"json": {"id": fresh, "action": "report", "note": "invented"}},
        ),
        ("POST", "/api/v1/decisions/{identity}/files"): lambda: Call(
            f"/api/v1/decisions/{town.decision(own)}/files", {}, a_photo()
        ),
        ("GET", "/api/v1/decisions/{identity}/files/{file}"): lambda: Call(town.decision_file()),
        ("GET", "/api/v1/briefs/{period}.{kind}"): lambda: Call("/api/v1/briefs/2026-W45.xlsx"),
        ("GET", "/api/v1/briefs/{period}/shares"): lambda: Call("/api/v1/briefs/2026-W45/shares"),
        ("POST", "/api/v1/briefs/{period}/shares"): lambda: Call(
            "/api/v1/briefs/2026-W45/shares", {}, {"json": {"id": str(uuid.uuid4())}}
        ),
        ("DELETE", "/api/v1/briefs/shares/{identity}"): lambda: Call(f"/api/v1/briefs/shares/{town.shared_brief()}"),
        ("GET", "/api/v1/briefs/{period}"): lambda: Call("/api/v1/briefs/2026-W45"),
        ("GET", "/api/v1/briefs/{period}/history"): lambda: Call("/api/v1/briefs/2026-W45/history"),
        ("PUT", "/api/v1/briefs/{period}/texts/{key}"): lambda: town.brief_text(),
        ("GET", "/api/v1/duty-reports"): lambda: Call(f"{path}?from=2026-11-01&to=2026-11-30"),
        ("PUT", "/api/v1/duty-reports/{identity}"): lambda: Call(
            f"/api/v1/duty-reports/{fresh}",
            {"If-Match": '"0"'},
            {
                "json": {
                    "id": fresh,
                    "department": "urban_management" if own else "health",
                    "day": "2026-11-03",
                    "figures": {"people_turns": 1},
                }
            },
        ),
        ("GET", "/api/v1/cases/{identity}"): lambda: Call(f"/api/v1/cases/{town.case(role, own)}"),
        ("GET", "/api/v1/cases/{identity}/actions"): lambda: Call(f"/api/v1/cases/{town.case(role, own)}/actions"),
        ("POST", "/api/v1/cases/{identity}/actions"): lambda: Call(
            f"/api/v1/cases/{town.case(role, own)}/actions", {}, {"json": {"action": "comment", "note": "invented"}}
        ),
        ("POST", "/api/v1/cases"): lambda: Call(path, {}, {"json": {"id": fresh, "category": "VEN"} | spot}),
        ("GET", "/api/v1/filing-rules/{identity}"): lambda: Call(f"/api/v1/filing-rules/{town.filing_rule()[0]}"),
        ("PUT", "/api/v1/filing-rules/{identity}"): lambda: (
            lambda made: Call(f"/api/v1/filing-rules/{made[0]}", match, {"json": made[1]})
        )(town.filing_rule()),
        ("DELETE", "/api/v1/filing-rules/{identity}"): lambda: Call(
            f"/api/v1/filing-rules/{town.filing_rule()[0]}", match
        ),
        ("GET", "/api/v1/departments/{code}/duties"): lambda: Call("/api/v1/departments/justice/duties"),
        ("PUT", "/api/v1/departments/{code}/duties"): lambda: Call(
            "/api/v1/departments/justice/duties",
            town.tag("/api/v1/departments/justice/duties"),
            {"json": {"duties": []}},
        ),
        ("GET", "/api/v1/working-calendar/{year}"): lambda: Call("/api/v1/working-calendar/2026"),
        ("PUT", "/api/v1/working-calendar/{year}"): lambda: Call(
            "/api/v1/working-calendar/2030", town.tag("/api/v1/working-calendar/2030"), {"json": town.working_year()}
        ),
        ("GET", "/api/v1/departments/{code}"): lambda: Call("/api/v1/departments/justice"),
        ("PUT", "/api/v1/departments/{code}"): lambda: Call(
            "/api/v1/departments/invented",
            town.tag_or_new("/api/v1/departments/invented"),
            {"json": {"names": [{"name": "invented"}]}},
        ),
        ("POST", "/api/v1/absences"): lambda: Call(
            path, {}, {"json": {"id": fresh, "starts_on": "2026-12-01", "ends_on": "2026-12-04"}}
        ),
        ("DELETE", "/api/v1/absences/{identity}"): lambda: Call(f"/api/v1/absences/{town.absence(role, own)}"),
        ("PUT", "/api/v1/me/email"): lambda: Call(path, {}, {"json": {"email": "invented@example.org"}}),
        ("POST", "/api/v1/messages/read"): lambda: Call(path, {}, {"json": {"everything": True}}),
        ("POST", "/api/v1/outbox/{identity}/again"): lambda: Call(f"/api/v1/outbox/{town.dead_message()}/again"),
        ("POST", "/api/v1/actions"): lambda: Call(path, {}, {"json": a_joint_action(town.school)}),
        ("PATCH", "/api/v1/actions/{identity}"): lambda: Call(
            f"/api/v1/actions/{town.joint_action()}", match, {"json": {"report": "invented"}}
        ),
        ("POST", "/api/v1/notices/{identity}/files"): lambda: Call(
            f"/api/v1/notices/{town.notice(role, own, draft=True)}/files", {}, a_photo()
        ),
        ("GET", "/api/v1/notices/{identity}/files/{file}"): lambda: Call(town.notice_file(role, own)),
        ("POST", "/api/v1/notices"): lambda: Call(
            path, {}, {"json": {"id": fresh, "title": "invented", "to": ["urban_management"]}}
        ),
        ("PATCH", "/api/v1/notices/{identity}"): lambda: Call(
            f"/api/v1/notices/{town.notice(role, own, draft=True)}", match, {"json": {"body": "invented"}}
        ),
        ("DELETE", "/api/v1/notices/{identity}"): lambda: Call(
            f"/api/v1/notices/{town.notice(role, own, draft=True)}", match
        ),
        ("POST", "/api/v1/notices/{identity}/answers"): lambda: Call(
            f"/api/v1/notices/{town.notice(role, own)}/answers", {}, {"json": {"id": fresh, "text": "invented"}}
        ),
        ("POST", "/api/v1/notices/{identity}/reminders"): lambda: Call(
            f"/api/v1/notices/{town.sent_notice(role, own)}/reminders", {}, {"json": {"id": fresh}}
        ),
        ("POST", "/api/v1/patrols/plans"): lambda: Call(path, {}, {"json": patrol_plan_body()}),
        ("GET", "/api/v1/patrols/plans/{identity}"): lambda: Call(f"/api/v1/patrols/plans/{town.patrol_plan(own)}"),
        ("GET", "/api/v1/patrols/plans/{identity}.{kind}"): lambda: Call(
            f"/api/v1/patrols/plans/{town.patrol_plan(own)}.gpx"
        ),
        ("PATCH", "/api/v1/patrols/plans/{identity}"): lambda: (
            lambda at: Call(at, {"If-Match": town.planner_tag(at)["If-Match"]}, {"json": {"name": fresh}})
        )(f"/api/v1/patrols/plans/{town.patrol_plan(own)}"),
        ("POST", "/api/v1/patrols/posts"): lambda: Call(
            path, {}, {"json": {"id": fresh, "school": town.school, "weekdays": [7]} | spot}
        ),
        ("GET", "/api/v1/patrols/posts/{identity}"): lambda: Call(f"/api/v1/patrols/posts/{town.post()[0]}"),
        ("PATCH", "/api/v1/patrols/posts/{identity}"): lambda: Call(
            f"/api/v1/patrols/posts/{town.post()[0]}", match, {"json": {"name": "invented"}}
        ),
        ("GET", "/api/v1/patrols/posts"): lambda: Call(f"{path}?city=330681"),
        ("GET", "/api/v1/patrols/results"): lambda: Call(f"{path}?from=2026-11-02&to=2026-11-08"),
        ("POST", "/api/v1/patrols/shifts"): lambda: Call(
            path, {}, {"json": {"id": fresh, "day": "2026-11-04", "begins": "16:00", "ends": "17:00"}}
        ),
        ("GET", "/api/v1/patrols/shifts/{identity}"): lambda: Call(
            f"/api/v1/patrols/shifts/{town.patrol_shift(role, own)}"
        ),
        ("PATCH", "/api/v1/patrols/shifts/{identity}"): lambda: (
            lambda at: Call(at, {"If-Match": town.planner_tag(at)["If-Match"]}, {"json": {"note": "invented"}})
        )(f"/api/v1/patrols/shifts/{town.patrol_shift(role, own)}"),
        ("POST", "/api/v1/patrols/checks"): lambda: Call(
            path,
            {},
            {
                "json": {
                    "id": fresh,
                    "shift": town.patrol_shift(role, own),
                    "event": "arrive",
                    "at": "2026-11-04T16:00:00+08:00",
                }
                | spot
            },
        ),
        ("POST", "/api/v1/distance-checks"): lambda: Call(path, {}, {"json": {"target": "internet_cafe"} | spot}),
        ("GET", "/api/v1/distance-rules/{rule_id}"): lambda: Call("/api/v1/distance-rules/surroundings_bar"),
        ("PUT", "/api/v1/distance-rules/{rule_id}"): lambda: Call(
            "/api/v1/distance-rules/surroundings_bar",
            town.tag("/api/v1/distance-rules/surroundings_bar"),
            {"json": town.distance_rule()},
        ),
        ("GET", "/api/v1/exports/{collection}.{extension}"): lambda: Call("/api/v1/exports/hazards.csv"),
        ("POST", "/api/v1/premises"): lambda: Call(
            path, {}, {"json": {"id": fresh, "name": "invented", "categories": ["bar"]} | spot}
        ),
        ("GET", "/api/v1/premises/{identity}"): lambda: Call(town.new_premises()),
        ("PATCH", "/api/v1/premises/{identity}"): lambda: Call(town.new_premises(), match, {"json": {"licence": "x"}}),
        ("POST", "/api/v1/schools"): lambda: Call(
            path, {}, {"json": {"id": fresh, "name": "invented", "campuses": [spot]}}
        ),
        ("PUT", "/api/v1/school-calendar"): lambda: Call(path, town.tag(path), {"json": {"terms": []}}),
    }
    if match_path in fixed:
        return fixed[match_path]()
    if path.startswith("/open311/"):
        return _call_of_open311(town, method, path, role, own)
    if "/schools/{identity}" in path and method != "GET":
        return _call_of_a_school(town, method, path, role)
    identity = somebody if "/people/" in path else town.school
    if "/actions/" in path:
        identity = town.joint_action()
    if "/notices/" in path:
        identity = town.notice(role, own)
    return Call(path.replace("{identity}", identity))


def _call_of_open311(town: Town, method: str, path: str, role: str, own: bool) -> Call:
    """Return a good call of GeoReport v2, whose clients show a token as ``api_key``."""
    case = town.case(role, own)
    number = town.client.get(f"/api/v1/cases/{case}", headers=town.headers["admin"]).json()["properties"]["number"]
    for name, value in (
        ("number:plain", number),
        ("token:plain", case),
        ("code:plain", "VEN"),
        ("form:ending", ".json"),
    ):
        path = path.replace(f"{{{name}}}", value)
    key = {"api_key": town.headers[role].get("Authorization", "").removeprefix("Bearer ")}
    if method == "POST":
        return Call(path, {}, {"data": key | {"service_code": "VEN", "lat": LAT, "long": LON}})
    return Call(path, {}, {"params": key})


def _call_of_a_school(town: Town, method: str, path: str, role: str) -> Call:
    """Return a good change of a school, or of a part of one, that is there for it alone."""
    part = path.removeprefix("/api/v1/schools/{identity}")
    school, gate = f"/api/v1/schools/{town.school}", f"/api/v1/schools/{town.school}/gates/{uuid.uuid4()}"
    if role in {"dispatcher", "admin"}:
        school, gate = town.new_school(bare=method == "POST")
    match = {} if method == "POST" else town.tag(school)
    if method == "DELETE":
        return Call(gate if "gate_id" in part else school + part, match)
    bodies: dict[str, dict[str, Any]] = {
        "": {"name": "another"},
        "/perimeter": {"distance_m": 100},
        "/timetable": {"dismissals": [{"weekday": 1, "dismissal": "16:00"}]},
        "/gates": {"id": str(uuid.uuid4())} | dict(zip(("lon", "lat"), place(2000, 2000), strict=True)),
        "/gates/{gate_id}": {"name": "another"},
    }
    return Call(gate if "gate_id" in part else school + part, match, {"json": bodies[part]})


@pytest.fixture
def everybody(town: Engine, settings: Settings, sign_in: Callable[[TestClient, str], Headers]) -> Iterator[Town]:
    closed = settings.model_copy(update={"public_view": False, "open311": True, "open311_per_minute": 10_000})
    with TestClient(create_app(closed, town), follow_redirects=False, headers=ENGLISH) as client:
        yield Town(client, sign_in)


def routes_beside_pages(town: Town, folder: Path) -> set[tuple[str, str]]:
    """Return the routes of the OpenAPI document, and all others there are but pages and the document itself."""
    document = town.client.app.openapi()  # type: ignore[attr-defined]
    shown = {(method.upper(), path) for path, ways in document["paths"].items() for method in ways}
    hidden = {
        (method, route.path)
        for route in registered(folder)
        if not route.include_in_schema and "pages" not in route.tags and route.path not in {"/openapi.json", "/docs"}
        for method in route.methods - {"HEAD"}
    }
    return shown | hidden


def test_every_route_answers_each_role_as_the_table_says(
    everybody: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST_S", 0.0)  # a stream ends as soon as it has begun
    table = read_table()
    routes = routes_beside_pages(everybody, tmp_path)
    assert routes == set(table), "a route without a row in access.txt, or a row without a route"
    wrong = []
    # what ends a session, or changes a password, comes last
    for method, path in sorted(routes, key=lambda r: ("password" in r[1], r[1] in SESSIONS)):
        for role, said in table[method, path].items():
            for own in (True, False):
                wanted = said == "all" or said == ("own" if own else "foreign")
                call = call_for(everybody, method, path, role, own)
                if method == "DELETE" and path in SESSIONS and role != "nobody":
                    continue  # it would end what the test itself uses; test_sessions.py looks at it
                if "/schools" in path and not own:
                    continue  # a school is nobody's own
                if path == "/api/v1/me/password" and not own:
                    continue
                everybody.client.cookies.clear()
                answer = everybody.client.request(
                    method, call.path, headers=everybody.headers[role] | call.headers, **call.options
                )
                refused = {401} if role == "nobody" else {403, 404}
                if path.startswith("/open311/"):
                    refused = {403, 404}  # GeoReport v2 has no 401
                allowed = {200, 201, 204} if wanted else refused
                if answer.status_code not in allowed:
                    wrong.append(
                        (method, path, role, "own" if own else "foreign", said, answer.status_code, answer.text[:200])
                    )
    assert wrong == [], wrong
