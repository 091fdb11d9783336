"""What meetings decide, over HTTP and on both databases: what it becomes, how it is struck off, and its papers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.services.briefs.content import brief_of
from api.services.briefs.files import brief_file
from api.settings import Settings
from api.store.engine import reading
from tests.http.case_office import Office
from tests.http.conftest import Headers
from tests.http.invented_town import CITY, MARKUP, assert_problem, place
from tests.http.test_briefs import MOMENT, words_of
from tests.http.test_meetings import LONG
from tests.photos_sent import two_colours, written

TODAY = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()  # of the invented town
WEEK = "{}-W{:02d}".format(*TODAY.isocalendar()[:2])
NEXT = "{}-W{:02d}".format(*(TODAY + dt.timedelta(days=7)).isocalendar()[:2])
LAST = "{}-W{:02d}".format(*(TODAY - dt.timedelta(days=7)).isocalendar()[:2])
DUE = str(TODAY + dt.timedelta(days=10))


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Office:
    return Office(client, sign_in)


def body(becomes: str, **more: Any) -> dict[str, Any]:
    said = {"id": str(uuid.uuid4()), "problem": f"{MARKUP}{LONG}", "measure": "清走，每日巡查。", "due_on": DUE}
    return said | {"department": "urban_management", "assisting": ["market_supervision"], "becomes": becomes} | more


def decide(office: Office, name: str = "dis", period: str = WEEK, **sent: Any) -> Any:
    return office.client.post(f"/api/v1/meetings/{period}/decisions", json=sent, headers=office.headers[name])


def act(office: Office, name: str, decision: str, action: str, identity: str | None = None) -> Any:
    sent = {"id": identity or str(uuid.uuid4()), "action": action, "note": f"invented {action}"}
    return office.client.post(f"/api/v1/decisions/{decision}/actions", json=sent, headers=office.headers[name])


def show(office: Office, decision: str, name: str = "dis") -> Any:
    return office.get(f"/api/v1/decisions/{decision}", name)


def test_a_decision_becomes_a_case_and_its_closing_strikes_it_off(office: Office) -> None:
    lon, lat = place(75, 0)
    sent = body("case", category="VEN", lon=lon, lat=lat)
    made = decide(office, **sent)
    assert made.status_code == 201, made.text
    assert decide(office, **sent).status_code == 200, "sent again, it is the same"
    assert_problem(decide(office, **sent | {"measure": "another"}), 409)
    said = made.json()
    case = said["record"]["id"]
    shown = office.show(case)
    assert (shown["state"], shown["lead"], shown["assisting"]) == (
        "dispatched", "urban_management", ["market_supervision"],
    )  # fmt: skip
    due = dt.datetime.fromisoformat(shown["due_at"]).astimezone(dt.timezone(dt.timedelta(hours=8)))
    assert abs(due - dt.datetime.combine(dt.date.fromisoformat(DUE) + dt.timedelta(days=1), dt.time(),
               due.tzinfo)) < dt.timedelta(minutes=2), "the deadline of the meeting is that of the case"  # fmt: skip
    assert_problem(act(office, "dis", said["id"], "strike"), 409)
    office.do(case, "han", "accept")
    office.do(case, "han", "start")
    office.do(case, "han", "answer", note="gone")
    office.do(case, "dis", "send_to_check")
    office.do(case, "ins", "pass", note="seen")
    assert act(office, "han", said["id"], "report").status_code == 201
    assert show(office, said["id"])["state"] == "reported"
    assert_problem(act(office, "han", said["id"], "strike"), 403)
    assert_problem(act(office, "vie", said["id"], "report"), 403)
    identity = str(uuid.uuid4())
    assert act(office, "dis", said["id"], "strike", identity).status_code == 201
    assert act(office, "dis", said["id"], "strike", identity).status_code == 200
    struck = show(office, said["id"], "vie")
    assert (struck["state"], struck["struck"]["by"], struck["allowed"]) == ("struck", "dis", [])
    assert struck["struck"]["proof"] == [f"case: {shown['number']}"]
    assert [line["action"] for line in struck["log"]] == ["decide", "report", "strike"]
    assert_problem(act(office, "dis", said["id"], "withdraw"), 409)
    assert act(office, "dis", said["id"], "reopen").json()["state"] == "open"


def test_an_action_and_a_notice_need_proof_that_another_one_brought(office: Office) -> None:
    school = office.get("/api/v1/schools", "dis")["features"][0]["id"]
    action = decide(office, **body("action", schools=[school])).json()
    planned = office.get(f"/api/v1/actions/{action['record']['id']}", "vie")["properties"]
    assert (planned["ends_on"], planned["departments"][0]["department"]) == (DUE, "urban_management")
    assert_problem(act(office, "dis", action["id"], "strike"), 409)
    notice = decide(office, **body("notice", category="TRF")).json()
    got = office.get(f"/api/v1/notices/{notice['record']['id']}", "lia")
    assert (got["wants_answer"], len(got["to"])) == (True, 2)
    assert notice["record"]["en"] == "0 of 2 done"
    assert_problem(act(office, "dis", notice["id"], "strike"), 409)

    def attach(name: str, identity: str, content: bytes) -> Any:
        return office.client.post(
            f"/api/v1/decisions/{notice['id']}/files", data={"id": identity},
            files={"file": ("../凭证.jpg", content)}, headers=office.headers[name],
        )  # fmt: skip

    picture, identity = written(two_colours()), str(uuid.uuid4())
    assert_problem(attach("pol", identity, picture), 403)
    # whoever brings the proof does not strike it off; somebody else of the office does
    made = attach("dis", identity, picture)
    assert (made.status_code, made.json()["name"]) == (201, "凭证.jpg")
    assert attach("dis", identity, picture).status_code == 200
    assert "strike" not in show(office, notice["id"])["allowed"]
    assert_problem(act(office, "dis", notice["id"], "strike"), 403)
    struck = act(office, "adm", notice["id"], "strike")
    assert (struck.status_code, struck.json()["struck"]["proof"]) == (201, ["凭证.jpg"])
    down = office.client.get(made.json()["url"], headers=office.headers["vie"])
    assert down.headers["content-disposition"].startswith("attachment")
    assert_problem(attach("dis", str(uuid.uuid4()), picture), 409)
    # opened again, the old file shows nothing any more
    assert act(office, "dis", notice["id"], "reopen").status_code == 201
    assert_problem(act(office, "lea", notice["id"], "strike"), 409)


def test_the_next_meeting_begins_with_what_was_decided(office: Office, town: Engine) -> None:
    assert office.get(f"/api/v1/meetings/{WEEK}", "vie")["decisions"] == []
    known = office.case(x=40)
    first = decide(office, **body("case", existing=known)).json()
    assert first["record"]["id"] == known
    assert "comment" in [line["action"] for line in office.show(known)["log"]]
    second = decide(office, **body("notice")).json()
    third = decide(office, **body("notice")).json()
    assert act(office, "dis", third["id"], "withdraw").status_code == 201
    assert [first["number"], second["number"]] == [1, 2]
    change = {"due_on": str(TODAY + dt.timedelta(days=20)), "assisting": [], "note": "invented reason"}
    path = f"/api/v1/decisions/{second['id']}"
    assert_problem(office.client.patch(path, json=change, headers=office.headers["dis"] | {"If-Match": '"9"'}), 412)
    changed = office.client.patch(path, json=change, headers=office.headers["dis"] | {"If-Match": '"1"'}).json()
    assert changed["log"][-1]["details"]["was"] == {"due_on": DUE, "assisting": ["market_supervision"]}
    later = office.get(f"/api/v1/meetings/{NEXT}", "vie")
    assert [one["id"] for one in later["earlier"]] == [first["id"], third["id"], second["id"]]
    assert later["decisions"] == []
    held = {"id": str(uuid.uuid4()), "period": NEXT, "held_on": str(TODAY), "kind": "joint", "place": "invented hall",
            "present": ["police", "health"], "summary": f"各部门通报情况。{MARKUP}"}  # fmt: skip
    post = office.client.post("/api/v1/meetings", json=held, headers=office.headers["dis"])
    assert post.status_code == 201
    assert office.client.post("/api/v1/meetings", json=held, headers=office.headers["dis"]).status_code == 200
    another = held | {"id": str(uuid.uuid4())}
    assert_problem(office.client.post("/api/v1/meetings", json=another, headers=office.headers["dis"]), 409)
    patched = office.client.patch(
        f"/api/v1/meetings/{NEXT}", json={"chair": "invented"}, headers=office.headers["dis"] | {"If-Match": '"1"'}
    )
    assert patched.json()["chair"] == "invented"
    listed = office.get("/api/v1/meetings", "vie")["meetings"]
    assert [(one["period"], one["decisions"], one["open"]) for one in listed] == [(NEXT, 0, 0), (WEEK, 3, 2)]

    def paper(what: str, kind: str, period: str, language: str) -> bytes:
        address = f"/api/v1/meetings/{period}/{what}.{kind}?language={language}"
        answer = office.client.get(address, headers=office.headers["vie"])
        assert answer.status_code == 200, answer.text
        return answer.content

    for kind in ("docx", "xlsx", "html"):
        words = words_of(kind, paper("minutes", kind, WEEK, "zh"))
        assert LONG in words
        assert (MARKUP in words) == (kind != "html"), f"a text is a text in {kind}"
        for said in ("会议纪要", "问题清单", "责任清单", "整改清单", "完成时限", str(TODAY + dt.timedelta(days=20))):
            assert said in words, (kind, said)
        words = words_of(kind, paper("lists", kind, NEXT, "en"))
        assert f"{WEEK}-01" in words
        assert f"{WEEK}-03" not in words, "what was withdrawn stands in no list"
    assert "2 are still open" in words_of("docx", paper("minutes", "docx", NEXT, "en"))
    assert paper("minutes", "pdf", NEXT, "zh").startswith(b"%PDF")
    assert_problem(office.client.get("/api/v1/meetings/2020-W53/minutes.docx", headers=office.headers["vie"]), 404)


def test_what_cannot_be_decided_is_refused(office: Office) -> None:
    wrong: list[tuple[dict[str, Any], int]] = [
        (body("notice", due_on=str(TODAY - dt.timedelta(days=3))), 422),
        (body("case"), 422),
        (body("action"), 422),
        (body("notice", department="nobody"), 422),
        (body("notice", assisting=["urban_management"]), 422),
        (body("case", existing=str(uuid.uuid4())), 404),
        (body("action", schools=[str(uuid.uuid4())]), 422),
        (body("notice", problem=""), 422),
    ]
    school = office.get("/api/v1/schools", "dis")["features"][0]["id"]
    wrong.append((body("action", schools=[school], starts_on=str(TODAY + dt.timedelta(days=30))), 422))
    for sent, status in wrong:
        assert_problem(decide(office, **sent), status)
    assert_problem(decide(office, period="2026-W54", **body("notice")), 422)
    assert_problem(decide(office, name="han", **body("notice")), 403)
    assert office.get(f"/api/v1/meetings/{WEEK}", "dis")["meeting"] is None, "what is refused leaves nothing"
    chinese = office.client.post(
        f"/api/v1/meetings/{WEEK}/decisions?lang=zh", json=wrong[0][0], headers=office.headers["dis"]
    ).json()
    assert "完成时限已过" in chinese["detail"]


def test_the_brief_of_the_next_period_says_what_was_decided_and_what_became_of_it(
    office: Office, town: Engine, settings: Settings
) -> None:
    made = decide(office, period=LAST, **body("notice", problem=f"{MARKUP}摊贩（虚构）", category="TRF")).json()
    struck = decide(office, period=LAST, **body("notice", problem="已办的（虚构）", category="TRF")).json()
    picture = written(two_colours())
    sent = office.client.post(
        f"/api/v1/decisions/{struck['id']}/files", data={"id": str(uuid.uuid4())},
        files={"file": ("proof-kept-back.jpg", picture)}, headers=office.headers["dis"],
    )  # fmt: skip
    assert sent.status_code == 201
    assert act(office, "adm", struck["id"], "strike").status_code == 201

    def brief(kind: str, language: str = "zh") -> bytes:
        with reading(town) as session:
            return brief_file(session, settings, WEEK, kind, CITY, language=language, viewer="v", moment=MOMENT)

    for kind in ("docx", "xlsx", "html", "pptx"):
        first = brief(kind)
        said = words_of(kind, first)
        assert first == brief(kind), f"{kind} differs from itself"
        assert "上次议定事项落实情况" in said
        assert "未销号 1 项（其中逾期 0 项），上次会议以来销号 1 项" in said
        assert "摊贩（虚构）" in said
        assert f"{made['meeting']['period']}-{made['number']:02d}" in said
        assert "已销号" in said
        assert (MARKUP in said) != (kind == "html"), "what somebody typed is text"
        assert "proof-kept-back" not in said
        assert "invented strike" not in said, "notes and proof are not for everybody with a link"
    assert brief("pdf").startswith(b"%PDF")
    assert "1 are still open (0 of them late); 1 were struck off" in words_of("html", brief("html", "en"))
    with reading(town) as session:
        nothing = brief_of(
            session, settings, "2020-W10", CITY, language="en", viewer="", moment=MOMENT, pictures=False
        )  # fmt: skip
    assert "There are no earlier decisions." in [one.text for one in nothing.paragraphs]
