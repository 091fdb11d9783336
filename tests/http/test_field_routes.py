"""The outbox, sightings, checklists, what is due and the pack of a shift, on both databases. All data invented."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from api.services.field.tracks import forget_old_tracks
from api.store.engine import reading, writing
from api.store.models import Hazard, Inspection, School, Sighting, Term
from tests.http.conftest import Headers
from tests.http.invented_town import assert_problem, place
from tests.photos_sent import two_colours, written

SignIn = Callable[[TestClient, str], Headers]
EXAMPLES = int(os.environ.get("CAMPUS_FUZZ_EXAMPLES", "3")) * 3
AT = "2026-11-03T16:00:00+08:00"


def new_hazard(**more: Any) -> dict[str, Any]:
    lon, lat = place(70, 0)
    return {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "observed_at": AT} | more


def record(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "data": data}


def send(client: TestClient, who: Headers, *records: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post("/api/v1/sync", json={"records": list(records), "sent_at": AT}, headers=who)
    assert answer.status_code == 200, answer.text
    answers: list[dict[str, Any]] = answer.json()["answers"]
    return answers


def test_each_record_of_a_batch_is_answered_by_itself(client: TestClient, inspector: Headers) -> None:
    hazard, lon, lat = new_hazard(note="emoji 🍢 and \u202eright to left"), *place(70, 0)
    visit = {"id": str(uuid.uuid4()), "started_at": AT, "lon": lon, "lat": lat}
    incident = {"id": str(uuid.uuid4()), "type": "fight", "occurred_from": AT, "lon": lon, "lat": lat}
    batch = [
        record("hazard", hazard),
        record("sighting", {"id": str(uuid.uuid4()), "hazard": hazard["id"], "observed_at": AT}),
        record("inspection", visit),
        record("incident", incident),
        record("hazard", new_hazard(category="volcano")),
        record("hazard", new_hazard(observed_at="1970-01-01T00:00:00Z")),
        record("hazard", new_hazard(observed_at="2099-01-01T00:00:00Z")),
        record("hazard", new_hazard(note="a" * 100_000)),
        record("hazard", {}),
        record("sighting", {"id": str(uuid.uuid4()), "hazard": str(uuid.uuid4()), "observed_at": AT}),
        record("photo", {"id": str(uuid.uuid4()), "hazard": hazard["id"], "sent_sha256": "0" * 64}),
    ]
    states = [answer["state"] for answer in send(client, inspector, *batch)]
    assert states == ["created"] * 4 + ["refused"] * 6 + ["wanted"]
    again = send(client, inspector, *batch)
    assert [answer["state"] for answer in again] == ["duplicate"] * 4 + ["refused"] * 6 + ["wanted"]
    assert again[0]["record"]["properties"]["note"] == hazard["note"]
    refused = again[4]
    assert refused["id"] == batch[4]["data"]["id"]
    assert refused["errors"][0]["where"] == "category"
    assert_problem(
        client.post("/api/v1/sync", json={"records": [record("hazard", hazard)] * 101}, headers=inspector), 422
    )
    assert_problem(client.post("/api/v1/sync", json={"records": [record("people", {})]}, headers=inspector), 422)


def test_an_id_that_says_something_else_is_a_conflict_that_shows_both(
    client: TestClient, inspector: Headers, sign_in: SignIn
) -> None:
    hazard = new_hazard()
    assert send(client, inspector, record("hazard", hazard))[0]["state"] == "created"
    other = send(client, inspector, record("hazard", hazard | {"note": "something else"}))[0]
    assert other["state"] == "conflict"
    assert other["record"]["id"] == hazard["id"]
    stranger = send(client, sign_in(client, "other"), record("hazard", hazard))[0]
    assert stranger["state"] == "conflict"


def test_an_edit_is_taken_once_and_one_on_an_old_version_shows_the_new(
    client: TestClient, inspector: Headers, sign_in: SignIn
) -> None:
    hazard = new_hazard()
    version = send(client, inspector, record("hazard", hazard))[0]["record"]["properties"]["version"]
    edit = {"id": str(uuid.uuid4()), "hazard": hazard["id"], "version": version, "note": "mended", "severity": 3}
    assert send(client, inspector, record("hazard_edit", edit))[0]["state"] == "created"
    assert send(client, inspector, record("hazard_edit", edit))[0]["state"] == "duplicate"
    assert send(client, inspector, record("hazard", hazard))[0]["state"] == "duplicate"  # the report itself is old news
    late = edit | {"id": str(uuid.uuid4()), "note": "written on a phone without a signal"}
    conflict = send(client, inspector, record("hazard_edit", late))[0]
    assert conflict["state"] == "conflict"
    assert conflict["record"]["properties"]["note"] == "mended"
    mine = late | {"id": str(uuid.uuid4()), "version": conflict["record"]["properties"]["version"]}
    kept = send(client, inspector, record("hazard_edit", mine))[0]
    assert kept["state"] == "created"
    stolen = send(client, sign_in(client, "other"), record("hazard_edit", mine))[0]
    assert stolen["state"] == "conflict"  # the id of an edit is its writer's


def test_sightings_are_counted_and_never_dropped(client: TestClient, inspector: Headers, sign_in: SignIn) -> None:
    hazard = new_hazard()
    send(client, inspector, record("hazard", hazard))
    for hour, state in ((17, "there"), (19, "gone"), (18, "worse")):  # the last to arrive is not the last seen
        sighting = {"id": str(uuid.uuid4()), "hazard": hazard["id"], "state": state}
        sighting["observed_at"] = f"2026-11-03T{hour}:00:00+08:00"
        answer = client.post("/api/v1/sightings", json=sighting, headers=sign_in(client, "other"))
        assert answer.status_code == 201, answer.text
        assert client.post("/api/v1/sightings", json=sighting, headers=sign_in(client, "other")).status_code == 200
        changed = client.post("/api/v1/sightings", json=sighting | {"note": "x"}, headers=sign_in(client, "other"))
        assert_problem(changed, 409)
    shown = client.get(f"/api/v1/hazards/{hazard['id']}", headers=inspector).json()["properties"]
    assert (shown["sightings"], shown["status"]) == (3, "gone")
    assert shown["last_seen_at"].startswith("2026-11-03T11:00")
    history = client.get(f"/api/v1/hazards/{hazard['id']}/sightings", headers=inspector).json()["sightings"]
    assert [one["state"] for one in history] == ["gone", "worse", "there"]


def _whole_outbox() -> list[dict[str, Any]]:
    """Return what a phone may have written in a shift: every kind of record, each of which needs one before it."""
    hazards = [new_hazard(note=f"hazard {n}") for n in range(4)]
    sightings = [
        {
            "id": str(uuid.uuid4()),
            "hazard": hazards[n % 4]["id"],
            "state": ("there", "gone", "worse")[n % 3],
            "observed_at": f"2026-11-0{3 + n % 5}T16:0{n % 10}:00+08:00",
        }
        for n in range(8)
    ]
    lon, lat = place(70, 0)
    visits = [
        {"id": str(uuid.uuid4()), "started_at": AT, "lon": lon, "lat": lat, "note": f"visit {n}"} for n in range(2)
    ]
    edits = [{"id": str(uuid.uuid4()), "hazard": one["id"], "version": 1, "severity": 3} for one in hazards[:1]]
    kinds = {"hazard": hazards, "sighting": sightings, "inspection": visits, "hazard_edit": edits}
    return [record(kind, one) for kind, many in kinds.items() for one in many]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_every_schedule_of_losses_and_repeats_ends_the_same(
    client: TestClient, town: Engine, inspector: Headers, data: st.DataObject
) -> None:
    """Records of one phone in any order and batches, a sighting before its hazard too, lost on the way or answered in vain, sent until all are known.

    The edit alone has a right moment, since it names the version it was made on: before the first sighting that
    changes it, or it is a conflict, which is shown and not lost.
    """
    outbox = _whole_outbox()
    photo = written(two_colours())
    first = outbox[0]["data"]["id"]
    meta = {"id": str(uuid.uuid4()), "hazard": first, "sent_sha256": hashlib.sha256(photo).hexdigest()}
    outbox.append(record("photo", meta))
    waiting = {one["data"]["id"]: one for one in outbox}
    conflicts: set[str] = set()

    def deliver(*batch: dict[str, Any]) -> list[dict[str, Any]]:
        answers = send(client, inspector, *batch)
        for answer in answers:
            if answer["state"] == "wanted":
                _send_photo(client, inspector, meta, photo)
            if answer["state"] == "conflict":
                conflicts.add(answer["id"])
        return answers

    for _ in range(25):
        if not waiting:
            break
        batch = data.draw(st.lists(st.sampled_from(list(waiting)), min_size=1, max_size=6))
        for answer in deliver(*(waiting[identity] for identity in batch)):
            if data.draw(st.booleans()) and answer["state"] in {"created", "duplicate", "conflict"}:
                waiting.pop(answer["id"], None)
    deliver(*data.draw(st.permutations(outbox)))  # in the end there is a signal, and all of it comes, in whatever order
    edits = {one["data"]["id"] for one in outbox if one["kind"] == "hazard_edit"}
    assert conflicts <= edits
    for answer in deliver(*outbox):  # and once more
        assert answer["state"] == ("conflict" if answer["id"] in conflicts else "duplicate")
    visits = client.get("/api/v1/inspections?limit=1000", headers=inspector).json()["inspections"]
    for one in outbox:
        if one["kind"] == "inspection":
            assert [visit["note"] for visit in visits if visit["id"] == one["data"]["id"]] == [one["data"]["note"]]
    photos = client.get(f"/api/v1/hazards/{first}/photos", headers=inspector).json()["photos"]
    assert [(one["id"], one["sent_sha256"]) for one in photos] == [(meta["id"], meta["sent_sha256"])]
    with reading(town) as session:
        _as_the_last_word_says(session, outbox)
        edited = session.query(Hazard).filter(Hazard.uuid == uuid.UUID(first)).one()
        assert edited.severity == (2 if conflicts else 3)


def _as_the_last_word_says(session: Session, outbox: list[dict[str, Any]]) -> None:
    """Hold each hazard against what was sent: once, with all its sightings, and as the last of them says."""
    sightings = [one["data"] for one in outbox if one["kind"] == "sighting"]
    for hazard in (one["data"] for one in outbox if one["kind"] == "hazard"):
        stored = session.query(Hazard).filter(Hazard.uuid == uuid.UUID(hazard["id"])).all()
        assert [one.note for one in stored] == [hazard["note"]]
        seen = session.query(Sighting).filter(Sighting.hazard_id == stored[0].id).all()
        mine = [one for one in sightings if one["hazard"] == hazard["id"]]
        assert sorted(str(one.uuid) for one in seen) == sorted(one["id"] for one in mine)
        last = max(mine, key=lambda one: (dt.datetime.fromisoformat(one["observed_at"]), one["id"]))
        assert stored[0].status == ("gone" if last["state"] == "gone" else "open")


def _send_photo(client: TestClient, who: Headers, meta: dict[str, Any], content: bytes) -> None:
    path = f"/api/v1/hazards/{meta['hazard']}/photos"
    answer = client.post(path, data={"id": meta["id"]}, files={"file": ("a.jpg", content)}, headers=who)
    assert answer.status_code in {200, 201, 404}, answer.text  # 404: the hazard itself has not come yet


def test_a_photo_is_asked_for_until_its_hash_is_known(client: TestClient, inspector: Headers) -> None:
    hazard, photo = new_hazard(), written(two_colours())
    meta = {"id": str(uuid.uuid4()), "hazard": hazard["id"], "sent_sha256": hashlib.sha256(photo).hexdigest()}
    states = [answer["state"] for answer in send(client, inspector, record("hazard", hazard), record("photo", meta))]
    assert states == ["created", "wanted"]
    sent = client.post(
        f"/api/v1/hazards/{hazard['id']}/photos",
        data={"id": meta["id"]},
        files={"file": ("a.jpg", photo)},
        headers=inspector,
    )
    assert sent.json()["sent_sha256"] == meta["sent_sha256"]
    assert send(client, inspector, record("photo", meta))[0]["state"] == "duplicate"
    assert send(client, inspector, record("photo", meta | {"sent_sha256": "1" * 64}))[0]["state"] == "conflict"


def test_a_text_that_is_too_long_is_said_in_characters(client: TestClient, inspector: Headers) -> None:
    long = record("hazard", new_hazard() | {"note": "长" * 100_000})
    for language, words in (("en", "100000 characters; at most 10000"), ("zh", "共 100000 个字符")):
        [answer] = send(client, inspector | {"Accept-Language": language}, long)
        assert answer["state"] == "refused"
        assert words in answer["errors"][0]["what"]


def test_a_hazard_at_0_0_has_no_position(client: TestClient, inspector: Headers) -> None:
    nowhere = record("hazard", new_hazard() | {"lon": 0, "lat": 0.0})
    [answer] = send(client, inspector | {"Accept-Language": "zh"}, nowhere)
    assert (answer["state"], "位置" in answer["detail"]) == ("refused", True)


def test_checklists_are_data(client: TestClient, inspector: Headers, sign_in: SignIn) -> None:
    admin = sign_in(client, "adm")
    lists = client.get("/api/v1/checklists", headers=inspector).json()["checklists"]
    assert set(lists) == {"school", "TRF", "VEN", "SHP", "CUL", "PUB", "MED", "ENV", "SEC", "DNG", "FAC"}
    own = {
        "interval_days": 2,
        "items": [
            {"id": "smoke", "kind": "yes_no", "zh": "油烟", "en": "Smoke"},
            {"id": "stalls", "kind": "number", "zh": "摊位", "en": "Stalls", "least": 0, "most": 9},
        ],
    }
    assert_problem(client.put("/api/v1/checklists/VEN", json=own, headers=admin), 428)
    made = client.put("/api/v1/checklists/VEN", json=own, headers=admin | {"If-Match": '"0"'})
    assert made.json()["version"] == 1
    assert_problem(client.put("/api/v1/checklists/VEN", json=own, headers=admin | {"If-Match": '"0"'}), 412)
    assert_problem(client.put("/api/v1/checklists/XXX", json=own, headers=admin | {"If-Match": '"0"'}), 422)
    for bad in (
        own | {"interval_days": 0},
        own | {"items": [own["items"][0]] * 2},  # type: ignore[index]
        own | {"items": [{"id": "a", "kind": "choice", "zh": "a", "en": "a"}]},
    ):
        assert_problem(client.put("/api/v1/checklists/VEN", json=bad, headers=admin | {"If-Match": '"1"'}), 422)
    visit = {"started_at": AT, "lon": place(70, 0)[0], "lat": place(70, 0)[1]}
    good = {"checklist": "VEN", "version": 1, "items": {"smoke": "yes", "stalls": 4}}
    for items, state in (
        ({"smoke": "yes", "stalls": 4}, "created"),
        ({"smoke": "not_applicable"}, "created"),
        ({"smoke": "perhaps"}, "refused"),
        ({"stalls": 10}, "refused"),
        ({"stalls": "many"}, "refused"),
        ({"other": 1}, "refused"),
    ):
        sent = visit | {"id": str(uuid.uuid4()), "answers": good | {"items": items}}
        assert send(client, inspector, record("inspection", sent))[0]["state"] == state, items
    older = visit | {"id": str(uuid.uuid4()), "answers": {"checklist": "VEN", "version": 0, "items": {"food": "yes"}}}
    assert send(client, inspector, record("inspection", older))[0]["state"] == "created"


@pytest.fixture
def with_cells(client: TestClient, sign_in: SignIn, inspector: Headers) -> list[str]:
    """Give the inspector the cells around the town's hazards, and return their codes."""
    office = sign_in(client, "dis")
    people = client.get("/api/v1/people", headers=sign_in(client, "adm")).json()["people"]
    identity = next(person["id"] for person in people if person["name"] == "ins")
    west, south, east, north = *place(-60, -60), *place(160, 60)
    cells = client.get(f"/api/v1/cells?bbox={west},{south},{east},{north}&limit=100", headers=office).json()
    codes = [cell["properties"]["code"] for cell in cells["features"]]
    match = {"If-Match": client.get(f"/api/v1/people/{identity}/cells", headers=office).headers["ETag"]}
    answer = client.put(f"/api/v1/people/{identity}/cells", json={"cells": codes}, headers=office | match)
    assert answer.status_code == 200, answer.text
    return codes


def test_what_is_due_comes_from_cells_intervals_and_last_visits(
    client: TestClient, inspector: Headers, with_cells: list[str]
) -> None:
    due = client.get("/api/v1/inspections/due", headers=inspector).json()["due"]
    schools = [one for one in due if one["kind"] == "school"]
    assert schools
    assert all(one["reason"] == "never" and one["overdue_days"] == 0 for one in schools)
    assert {one["category"] for one in due if one["kind"] == "hazard"} == {"VEN"}
    now = dt.datetime.now(dt.UTC)
    visit = {"id": str(uuid.uuid4()), "school": schools[0]["id"], "started_at": now.isoformat()}
    assert send(client, inspector, record("inspection", visit))[0]["state"] == "created"
    later = client.get("/api/v1/inspections/due", headers=inspector).json()["due"]
    visited = next(one for one in later if one["id"] == schools[0]["id"])
    assert visited["overdue_days"] == -7
    hazard = next(one for one in due if one["kind"] == "hazard")
    sighting = {"id": str(uuid.uuid4()), "hazard": hazard["id"], "observed_at": now.isoformat()}
    send(client, inspector, record("sighting", sighting))
    after = client.get("/api/v1/inspections/due", headers=inspector).json()["due"]
    assert next(one for one in after if one["id"] == hazard["id"])["overdue_days"] == -3


def test_a_school_has_intervals_of_its_own_for_visits_and_for_the_hazards_around_it(
    client: TestClient, inspector: Headers, sign_in: SignIn, with_cells: list[str]
) -> None:
    office = sign_in(client, "dis")
    now = dt.datetime.now(dt.UTC).isoformat()

    def due(kind: str) -> list[dict[str, Any]]:
        found = client.get("/api/v1/inspections/due", headers=inspector).json()["due"]
        return [one for one in found if one["kind"] == kind]

    school, hazard = due("school")[0]["id"], due("hazard")[0]["id"]
    around = client.get(f"/api/v1/hazards/{hazard}", headers=inspector).json()["properties"]["schools"]
    visit = {"id": str(uuid.uuid4()), "school": school, "started_at": now}
    seen = {"id": str(uuid.uuid4()), "hazard": hazard, "observed_at": now}
    sent = send(client, inspector, record("inspection", visit), record("sighting", seen))
    assert [one["state"] for one in sent] == ["created", "created"]

    def change(identity: str, days: object) -> Any:
        path = f"/api/v1/schools/{identity}"
        match = {"If-Match": client.get(path).headers["ETag"]}
        return client.patch(path, json={"intervals_days": days}, headers=office | match)

    for bad in ({"school": 0}, {"school": 401}, {"XXX": 3}, {"VEN": "often"}, {"VEN": 1.5}, [3]):
        assert_problem(change(school, bad), 422)
    usual = next(one for one in due("school") if one["id"] == school)["interval_days"]
    for identity in {school, *(one["uuid"] for one in around)}:
        assert change(identity, {"school": 2, "VEN": 1}).json()["properties"]["intervals_days"] == {
            "school": 2,
            "VEN": 1,
        }
    try:
        visited = next(one for one in due("school") if one["id"] == school)
        assert (visited["interval_days"], visited["overdue_days"]) == (2, -2)
        known = next(one for one in due("hazard") if one["id"] == hazard)
        assert (known["interval_days"], known["overdue_days"]) == (1, -1)
        pack = client.get("/api/v1/field/pack", headers=inspector).json()["due"]
        assert {one["id"]: one["interval_days"] for one in pack} | {school: 2, hazard: 1} == {
            one["id"]: one["interval_days"] for one in pack
        }
        table = client.get("/api/v1/exports/schools.csv", headers=office).text
        assert "school 2;VEN 1" in table
    finally:
        for identity in {school, *(one["uuid"] for one in around)}:
            assert change(identity, {}).json()["properties"]["intervals_days"] == {}
    assert next(one for one in due("school") if one["id"] == school)["interval_days"] == usual


def test_a_school_is_checked_at_the_start_of_term_though_its_interval_is_not_over(
    client: TestClient, town: Engine, inspector: Headers, sign_in: SignIn, with_cells: list[str]
) -> None:
    due = client.get("/api/v1/inspections/due", headers=inspector).json()["due"]
    school = next(one["id"] for one in due if one["kind"] == "school")
    now = dt.datetime.now(dt.UTC)
    before_term = now - dt.timedelta(days=4)
    visit = {"id": str(uuid.uuid4()), "school": school, "started_at": before_term.isoformat()}
    assert send(client, inspector, record("inspection", visit))[0]["state"] == "created"
    absent = {"id": str(uuid.uuid4()), "school": school, "started_at": now.isoformat(), "outcome": "not_reached"}
    assert send(client, inspector, record("inspection", absent))[0]["state"] == "created"

    def now_due() -> dict[str, Any]:
        found = client.get("/api/v1/inspections/due", headers=inspector).json()["due"]
        return next(one for one in found if one["id"] == school)

    assert (now_due()["reason"], now_due()["overdue_days"]) == ("interval", -3)  # the school was not reached today
    begun = (now - dt.timedelta(days=2)).date()
    with writing(town) as session:
        record_of = session.query(School).filter(School.uuid == uuid.UUID(school)).one()
        term = Term(city_id=record_of.city_id, name="new", starts_on=begun, ends_on=begun + dt.timedelta(days=100))
        session.add(term)
    try:
        assert now_due()["reason"] == "start_of_term"
        assert now_due()["overdue_days"] in {1, 2, 3}  # by the day of the city
        done = {"id": str(uuid.uuid4()), "school": school, "started_at": now.isoformat()}
        send(client, inspector, record("inspection", done))
        assert now_due()["reason"] == "interval"
    finally:
        with writing(town) as session:
            session.query(Term).filter(Term.name == "new").delete()


def test_a_cell_is_walked_and_stands_in_the_pack_and_in_the_coverage(
    client: TestClient, inspector: Headers, sign_in: SignIn, with_cells: list[str]
) -> None:
    code = with_cells[0]
    walked = {"id": str(uuid.uuid4()), "cell": code, "started_at": AT, "answers": {"arrival_reason": "no signal"}}
    absent = walked | {"id": str(uuid.uuid4()), "cell": with_cells[1], "outcome": "not_reached"}
    unknown = walked | {"id": str(uuid.uuid4()), "cell": "330681-0-0"}
    answers = send(client, inspector, *(record("inspection", one) for one in (walked, absent, unknown)))
    assert [one["state"] for one in answers] == ["created", "created", "refused"]
    assert answers[0]["record"]["cell"] == code
    cells = client.get("/api/v1/field/pack", headers=inspector).json()["cells"]["features"]
    last = {one["properties"]["code"]: one["properties"]["last_at"] for one in cells}
    assert dt.datetime.fromisoformat(last[code]) >= dt.datetime.fromisoformat(AT)
    covered = client.get("/api/v1/coverage?city=330681", headers=sign_in(client, "dis")).json()["cells"]
    assert covered[code]["last_at"] == last[code]


def test_a_track_is_kept_for_a_while_and_never_in_the_log(
    client: TestClient, town: Engine, inspector: Headers, sign_in: SignIn
) -> None:
    lon, lat = place(70, 0)
    visit = {"id": str(uuid.uuid4()), "started_at": AT, "lon": lon, "lat": lat}
    track = [[round(lon + n / 10_000, 6), lat, AT] for n in range(5)]
    sent = record("inspection", visit | {"answers": {"track": track}})
    assert send(client, inspector, sent)[0]["record"]["answers"]["track"] == track

    def shown() -> dict[str, Any]:
        visits = client.get("/api/v1/inspections?limit=1000", headers=inspector).json()["inspections"]
        found: dict[str, Any] = next(one["answers"] for one in visits if one["id"] == visit["id"])
        return found

    assert shown()["track"] == track
    log = client.get(f"/api/v1/audit?identity={visit['id']}", headers=sign_in(client, "adm"))
    assert log.status_code == 200
    assert "(5 points)" in log.text
    assert str(track[3][0]) not in log.text
    with writing(town) as session:
        stored = session.query(Inspection).filter(Inspection.uuid == uuid.UUID(visit["id"])).one()
        stored.received_at -= dt.timedelta(days=31)
    assert "track" not in shown()
    with writing(town) as session:
        assert forget_old_tracks(session, dt.datetime.now(dt.UTC), 30) == 1
    with reading(town) as session:
        assert session.query(Inspection).filter(Inspection.uuid == uuid.UUID(visit["id"])).one().answers == {}
    assert send(client, inspector, sent)[0]["state"] == "duplicate"  # the phone may send it again all the same


def test_what_became_of_a_report_comes_back_to_who_reported_it(client: TestClient, inspector: Headers) -> None:
    hazard = new_hazard(category="FAC", note="what becomes of it")
    assert send(client, inspector, record("hazard", hazard))[0]["state"] == "created"
    reports = client.get("/api/v1/field/pack", headers=inspector).json()["reports"]["features"]
    fate = next(one["properties"]["case"] for one in reports if one["id"] == hazard["id"])
    assert fate is None or {"number", "state", "zh", "en", "over"} == set(fate)


def test_a_file_says_who_walks_which_cell(
    client: TestClient, inspector: Headers, sign_in: SignIn, with_cells: list[str]
) -> None:
    office = sign_in(client, "dis")

    def give(text: str, save: str = "no", name: str = "分工.csv") -> Any:
        files = {"file": (name, text.encode("gb18030"))}
        return client.post("/api/v1/cells/assignments", data={"save": save}, files=files, headers=office)

    good = "序号,网格号,网格员\n" + "".join(f"{n},{code},ins\n" for n, code in enumerate(with_cells[:3]))
    said = give(good).json()
    assert [(one["name"], one["cells"]) for one in said["people"]] == [(said["people"][0]["name"], with_cells[:3])]
    assert said["problems"] == []
    bad = good + "9,330681-9-9,ins\n10," + with_cells[0] + ",nobody\n11," + with_cells[1] + ",\n"
    problems = give(bad).json()["problems"]
    assert [(one["row"], one["where"]) for one in problems] == [(5, "cell"), (6, "inspector")]
    assert_problem(give(bad, "yes"), 422)
    identity = said["people"][0]["id"]
    before = client.get(f"/api/v1/people/{identity}/cells", headers=office).json()["cells"]
    assert sorted(before) == sorted(with_cells)  # nothing of a bad file is kept
    assert give(good, "yes").status_code == 200
    after = client.get(f"/api/v1/people/{identity}/cells", headers=office).json()["cells"]
    assert sorted(after) == sorted(with_cells[:3])
    for text, name in (("name\nins\n", "a.csv"), ("no table", "a.xlsx"), ("", "a.csv")):
        assert_problem(give(text, name=name), 422)
    assert_problem(give(good, "perhaps"), 422)


def test_the_pack_of_a_shift_holds_the_surroundings_of_the_cells(
    client: TestClient, inspector: Headers, with_cells: list[str]
) -> None:
    answer = client.get("/api/v1/field/pack", headers=inspector)
    pack = answer.json()
    assert pack["has_own_cells"]
    assert {c["properties"]["code"] for c in pack["cells"]["features"] if c["properties"]["own"]} == set(with_cells)
    assert len(pack["schools"]["features"]) == 2
    assert all(pack[name]["features"] for name in ("gates", "perimeters", "hazards"))
    assert pack["ground"] > 0
    assert pack["hazards"]["features"][0]["properties"]["sightings"] == 0
    assert set(pack["checklists"]) >= {"school", "VEN"}
    again = client.get("/api/v1/field/pack", headers=inspector | {"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    own = new_hazard(note="my own report")
    send(client, inspector, record("hazard", own))
    changed = client.get("/api/v1/field/pack", headers=inspector | {"If-None-Match": answer.headers["ETag"]})
    assert changed.json()["reports"]["features"][0]["id"] == own["id"]


def test_without_cells_the_pack_is_of_the_place(client: TestClient, sign_in: SignIn) -> None:
    lon, lat = place(0, 0)
    pack = client.get(f"/api/v1/field/pack?lon={lon}&lat={lat}", headers=sign_in(client, "pol")).json()
    assert not pack["has_own_cells"]
    assert pack["bounds"][0] < lon < pack["bounds"][2]
    empty = client.get("/api/v1/field/pack?lon=0&lat=0", headers=sign_in(client, "pol")).json()
    assert empty["schools"]["features"] == []
