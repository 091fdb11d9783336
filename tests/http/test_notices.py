"""Information notices over HTTP, on both databases: written, sent, read, answered, reminded of, and who sees which."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.http.case_office import Office, SignIn
from tests.http.invented_town import assert_problem, place
from tests.photos_sent import two_colours, written


@pytest.fixture
def office(client: TestClient, sign_in: SignIn) -> Office:
    return Office(client, sign_in)


def notice(**more: Any) -> dict[str, Any]:
    lon, lat = place(70, 0)
    return {
        "id": str(uuid.uuid4()),
        "title": "more stalls at the south gate, invented",
        "body": "seen on four days",
        "to": ["police", "health"],
        "committee": True,
        "category": "VEN",
        "lon": lon,
        "lat": lat,
    } | more


def send(office: Office, name: str = "lia", **more: Any) -> dict[str, Any]:
    answer = office.client.post("/api/v1/notices", json=notice(**more), headers=office.headers[name])
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def post(office: Office, name: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return office.client.post(f"/api/v1/notices/{path}", json=body, headers=office.headers[name])


def of(said: dict[str, Any], department: str) -> dict[str, Any]:
    return next(entry for entry in said["to"] if entry["department"] == department)


def test_a_notice_is_sent_read_and_answered(office: Office) -> None:
    body = notice(wants_answer=True, answer_by="2027-06-01T12:00:00+08:00")
    answers = [office.client.post("/api/v1/notices", json=body, headers=office.headers["lia"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
    said = answers[0].json()
    assert said["from"] == {"department": "urban_management", "person": "lia"}
    assert [entry["department"] for entry in said["to"]] == ["committee", "health", "police"]
    assert (said["state"], said["wants_answer"], said["unread"]) == ("sent", True, False)
    assert said["allowed"] == ["remind"]
    assert_problem(office.client.post("/api/v1/notices", json=body | {"body": "x"}, headers=office.headers["lia"]), 409)
    inbox = office.get("/api/v1/notices?box=inbox&unread=true", "pol")["notices"]
    assert [(one["id"], one["unread"], one["allowed"]) for one in inbox] == [(body["id"], True, ["read"])]
    for _ in range(2):  # a receipt is given once
        read = post(office, "pol", f"{body['id']}/read")
        assert read.status_code == 200, read.text
        assert [one["person"] for one in of(read.json(), "police")["read_by"]] == ["pol"]
    assert office.get("/api/v1/notices?box=inbox&unread=true", "pol")["notices"] == []
    answer = {"id": str(uuid.uuid4()), "text": "two posts from Monday on"}
    states = [post(office, "dis", f"{body['id']}/answers", answer).status_code for _ in range(2)]
    assert states == [201, 200]
    seen = office.get(f"/api/v1/notices/{body['id']}", "lia")
    assert of(seen, "committee")["answers"][0]["text"] == answer["text"]
    assert of(seen, "committee")["read_at"]  # whoever answers has read
    assert of(seen, "health")["read_at"] is None


def test_who_has_not_read_or_answered_is_reminded(office: Office) -> None:
    said = send(office, wants_answer=True)
    identity = said["id"]
    post(office, "pol", f"{identity}/read")
    post(office, "dis", f"{identity}/answers", {"id": str(uuid.uuid4()), "text": "noted"})
    reminder = {"id": str(uuid.uuid4())}
    assert [post(office, "lia", f"{identity}/reminders", reminder).status_code for _ in range(2)] == [201, 200]
    seen = office.get(f"/api/v1/notices/{identity}", "lia")
    reminded = {entry["department"]: len(entry["reminded_at"]) for entry in seen["to"]}
    assert reminded == {"committee": 0, "health": 1, "police": 1}  # read is not answered
    plain = send(office, to=["police"], committee=False)
    post(office, "pol", f"{plain['id']}/read")
    assert_problem(post(office, "lia", f"{plain['id']}/reminders", {"id": str(uuid.uuid4())}), 409)


def test_who_sees_which(office: Office) -> None:
    to_health = send(office, to=["health"], committee=False)["id"]
    draft = send(office, draft=True, to=[])
    assert (draft["state"], draft["allowed"]) == ("draft", ["change", "send", "discard"])
    for name, sees in {"pol": False, "lea": False, "dis": True, "adm": True, "han": True, "lia": True}.items():
        answer = office.client.get(f"/api/v1/notices/{to_health}", headers=office.headers[name])
        assert answer.status_code == (200 if sees else 404), name
    assert_problem(office.client.get(f"/api/v1/notices/{draft['id']}", headers=office.headers["dis"]), 404)
    assert [n["id"] for n in office.get("/api/v1/notices?box=drafts", "lia")["notices"]] == [draft["id"]]
    assert [n["id"] for n in office.get("/api/v1/notices?box=sent", "lia")["notices"]] == [to_health]
    assert office.get("/api/v1/notices", "pol")["notices"] == []
    answer = {"id": str(uuid.uuid4()), "text": "not mine"}
    assert_problem(post(office, "lia", f"{to_health}/answers", answer), 403)  # of the department that sent it


def test_a_draft_is_changed_and_sent_and_then_stays(office: Office) -> None:
    draft = send(office, draft=True, to=[], committee=False)
    address = f"/api/v1/notices/{draft['id']}"
    headers = office.headers["lia"]
    assert_problem(office.client.patch(address, json={"send": True}, headers=headers | {"If-Match": '"1"'}), 422)
    changed = office.client.patch(
        address, json={"title": "clearer", "to": ["police"], "category": None}, headers=headers | {"If-Match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    assert (changed.json()["title"], changed.json()["category"], changed.json()["version"]) == ("clearer", None, 2)
    assert_problem(office.client.patch(address, json={"send": True}, headers=headers | {"If-Match": '"1"'}), 412)
    past = {"answer_by": "2020-01-01T00:00:00Z", "send": True}
    problem = assert_problem(office.client.patch(address, json=past, headers=headers | {"If-Match": '"2"'}), 422)
    assert problem["errors"][0]["where"] == "body.answer_by"
    sent = office.client.patch(address, json={"send": True}, headers=headers | {"If-Match": '"2"'})
    assert sent.json()["state"] == "sent"
    assert_problem(office.client.patch(address, json={"title": "x"}, headers=headers | {"If-Match": '"3"'}), 409)
    assert_problem(office.client.delete(address, headers=headers | {"If-Match": '"3"'}), 409)
    other = send(office, draft=True)
    assert (
        office.client.delete(f"/api/v1/notices/{other['id']}", headers=headers | {"If-Match": '"1"'}).status_code == 204
    )
    assert_problem(office.client.get(f"/api/v1/notices/{other['id']}", headers=headers), 404)


def test_whoever_has_no_department_is_told_so(office: Office) -> None:
    problem = assert_problem(office.client.post("/api/v1/notices", json=notice(), headers=office.headers["lea"]), 403)
    assert "belongs to no department" in problem["detail"]
    nowhere = notice(to=["nobody"])
    assert_problem(office.client.post("/api/v1/notices", json=nowhere, headers=office.headers["lia"]), 422)


def office_file(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "<invented/>")
    return out.getvalue()


def attach(office: Office, name: str, notice_id: str, file: tuple[str, bytes], identity: str | None = None) -> Any:
    data = {"id": identity or str(uuid.uuid4())}
    address = f"/api/v1/notices/{notice_id}/files"
    return office.client.post(address, data=data, files={"file": file}, headers=office.headers[name])


def test_files_are_told_by_their_content_and_kept_by_their_hash(office: Office) -> None:
    draft = send(office, draft=True, to=["police"], committee=False)["id"]
    same = str(uuid.uuid4())
    photo = written(two_colours())
    answers = [attach(office, "lia", draft, ("C:\\made up\\gate.exe", photo), same) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200], answers[0].text
    assert (answers[0].json()["kind"], answers[0].json()["name"]) == ("jpeg", "gate.jpg")
    word = office_file("[Content_Types].xml", "word/document.xml")
    assert attach(office, "lia", draft, ("report.docx", word)).json()["kind"] == "docx"
    pdf = b"%PDF-1.7 invented\n%%EOF\n"
    kept = attach(office, "lia", draft, ("每周\n情况.pdf", pdf)).json()
    for content, status in (
        (b"<script>alert(1)</script>", 415),
        (office_file("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), 415),
        (office_file("something"), 415),
        (b"PK\x03\x04 broken", 422),
        (b"%PDF-1.7 cut off", 422),
    ):
        assert_problem(attach(office, "lia", draft, ("x.pdf", content)), status)
    assert_problem(attach(office, "pol", draft, ("x.pdf", pdf)), 403)
    assert_problem(office.client.get(kept["url"], headers=office.headers["pol"]), 404)  # a draft is nobody else's
    shown = office.get(f"/api/v1/notices/{draft}", "lia")
    assert [file["kind"] for file in shown["files"]] == ["jpeg", "docx", "pdf"]
    sent = office.client.patch(
        f"/api/v1/notices/{draft}", json={"send": True}, headers=office.headers["lia"] | {"If-Match": '"1"'}
    )
    assert sent.status_code == 200
    assert_problem(attach(office, "lia", draft, ("late.pdf", pdf)), 409)
    got = office.client.get(kept["url"], headers=office.headers["pol"])
    assert got.content == pdf
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in got.headers["content-security-policy"]
    assert_problem(office.client.get(kept["url"], headers=office.headers["vie"]), 404)


def away(office: Office, who: str, substitute: str | None, *, ends_on: str = "2100-01-01") -> None:
    body = {"id": str(uuid.uuid4()), "person": office.person(who)["id"], "starts_on": "2026-01-01", "ends_on": ends_on}
    if substitute is not None:
        body["substitute"] = office.person(substitute)["id"]
    assert office.client.post("/api/v1/absences", json=body, headers=office.headers["dis"]).status_code == 201


def duties(office: Office, department: str, *held: dict[str, Any]) -> None:
    address = f"/api/v1/departments/{department}/duties"
    tag = f'"{office.get(address, "adm")["version"]}"'
    body = {"duties": [{"duty": "liaison", "starts_on": "2026-01-01"} | one for one in held]}
    for one in body["duties"]:
        one["person"] = office.person(one["person"])["id"]
    answer = office.client.put(address, json=body, headers=office.headers["adm"] | {"If-Match": tag})
    assert answer.status_code == 200, answer.text


def told(office: Office, name: str, notice_id: str) -> bool:
    messages = office.get("/api/v1/messages?limit=1000", name)["messages"]
    return notice_id in {one["subject_id"] for one in messages}


def rights(office: Office, name: str, notice_id: str) -> tuple[bool, int, int]:
    """Return whether somebody is told of a notice, and how opening it and answering it are answered."""
    opened = office.client.get(f"/api/v1/notices/{notice_id}", headers=office.headers[name])
    answer = {"id": str(uuid.uuid4()), "text": f"noted by {name}"}
    answered = post(office, name, f"{notice_id}/answers", answer)
    for reply in (opened, answered):
        if reply.status_code >= 400:
            assert_problem(reply, reply.status_code)
    return told(office, name, notice_id), opened.status_code, answered.status_code


def test_who_is_in_the_place_of_a_liaison_officer_reads_and_answers(office: Office) -> None:
    away(office, "lia", "ins")  # of no department, and with a role that has nothing to do with notices
    away(office, "han", "vie")
    away(office, "ins", "other")  # no chain
    one = send(office, "dis", to=["urban_management"], committee=False, wants_answer=True)["id"]
    assert rights(office, "other", one) == (False, 404, 404)
    assert rights(office, "vie", one) == (False, 200, 403)  # as the handler whom they substitute for
    assert rights(office, "han", one) == (False, 200, 403)  # a handler of the department reads, and does not answer
    assert office.get(f"/api/v1/notices/{one}", "ins")["allowed"] == ["read", "answer"]
    assert [n["id"] for n in office.get("/api/v1/notices?box=inbox", "ins")["notices"]] == [one]
    assert rights(office, "ins", one) == (True, 200, 201)
    shown = of(office.get(f"/api/v1/notices/{one}", "dis"), "urban_management")
    assert [(answer["person"], answer["text"]) for answer in shown["answers"]] == [("ins", "noted by ins")]
    assert_problem(office.client.post("/api/v1/notices", json=notice(), headers=office.headers["ins"]), 403)
    assert rights(office, "lia", one) == (True, 200, 201)  # who is away still may


def test_who_holds_a_duty_of_another_department_reads_and_answers_there(office: Office) -> None:
    duties(office, "culture", {"person": "han", "ends_on": "2099-12-31"}, {"person": "pol", "starts_on": "2100-01-01"})
    one = send(office, "dis", to=["culture"], committee=False)["id"]
    assert rights(office, "han", one) == (True, 200, 201)
    assert rights(office, "pol", one) == (False, 404, 404)  # not yet
    assert rights(office, "lia", one) == (False, 404, 404)
    draft = send(office, "dis", draft=True, to=["culture"], committee=False)["id"]
    assert_problem(office.client.get(f"/api/v1/notices/{draft}", headers=office.headers["han"]), 404)


def test_deputies_come_in_where_nobody_is_there_for_a_duty(office: Office) -> None:
    duties(office, "culture", {"person": "han"}, {"person": "pol", "deputy": True})
    to_culture: dict[str, Any] = {"to": ["culture"], "committee": False}
    one = send(office, "dis", **to_culture)["id"]
    assert rights(office, "pol", one) == (False, 404, 404)  # who holds the duty is there
    away(office, "han", None, ends_on="2099-12-31")
    two = send(office, "dis", **to_culture)["id"]
    assert rights(office, "pol", two) == (True, 200, 201)
    assert told(office, "han", two)  # finds it when they are back
    away(office, "han", "vie")
    three = send(office, "dis", **to_culture)["id"]
    assert rights(office, "pol", three) == (False, 404, 404)  # the substitute is there
    assert rights(office, "vie", three) == (True, 200, 201)
    duties(office, "culture", {"person": "han", "ends_on": "2026-01-02"}, {"person": "pol", "deputy": True})
    four = send(office, "dis", **to_culture)["id"]
    assert rights(office, "pol", four) == (True, 200, 201)  # nobody holds it today
    assert rights(office, "vie", four) == (False, 404, 404)


def test_who_speaks_for_two_departments_answers_for_each_or_says_for_which(office: Office) -> None:
    duties(office, "culture", {"person": "lia"})
    both = {"to": ["culture", "urban_management", "health"], "committee": False, "wants_answer": True}
    one, two = (send(office, "dis", **both)["id"] for _ in range(2))
    assert office.get(f"/api/v1/notices/{one}", "lia")["answers_for"] == ["culture", "urban_management"]
    answer = {"id": str(uuid.uuid4()), "text": "noted"}
    assert [post(office, "lia", f"{one}/answers", answer).status_code for _ in range(2)] == [201, 200]
    shown = office.get(f"/api/v1/notices/{one}", "dis")
    assert {entry["department"]: len(entry["answers"]) for entry in shown["to"]} == {
        "culture": 1, "health": 0, "urban_management": 1,
    }  # fmt: skip
    answers = [m for m in office.get("/api/v1/messages", "dis")["messages"] if m["kind"] == "notice_answered"]
    assert len(answers) == 1  # told once of both
    named = {"id": str(uuid.uuid4()), "text": "noted", "department": "urban_management"}
    assert_problem(post(office, "lia", f"{two}/answers", named | {"department": "health"}), 403)
    assert [post(office, "lia", f"{two}/answers", named).status_code for _ in range(2)] == [201, 200]
    assert_problem(post(office, "lia", f"{two}/answers", named | {"department": "culture"}), 409)
    shown = office.get(f"/api/v1/notices/{two}", "dis")
    assert [len(entry["answers"]) for entry in shown["to"]] == [0, 0, 1]
