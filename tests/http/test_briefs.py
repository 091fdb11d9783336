"""Briefs over HTTP and as commands, on both databases: four files of the same content, the same twice, edited, refused."""

from __future__ import annotations

import datetime as dt
import io
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from docx import Document
from pptx import Presentation
from python_calamine import CalamineWorkbook
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.services.briefs.content import brief_of
from api.services.briefs.files import WRITERS, brief_file
from api.settings import Settings
from api.store.engine import reading, writing
from api.store.models import District, School
from tests.http.case_office import Office
from tests.http.conftest import Headers
from tests.http.invented_town import CITY, assert_problem
from tests.http.test_meetings import LONG, ZONE, at

MARKUP = "<script>alert(1)</script> #panic() =1+1 {{ 7*7 }}"
MOMENT = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)


@pytest.fixture
def office(client: TestClient, sign_in: Callable[[TestClient, str], Headers]) -> Office:
    return Office(client, sign_in)


def words_of(kind: str, made: bytes) -> str:
    """Return the texts of a file; of a PDF nothing, its letters are drawn."""
    if kind == "docx":
        document = Document(io.BytesIO(made))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)
    if kind == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(made))
        return "\n".join(
            str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row
        )
    if kind == "pptx":
        frames = [shape for slide in Presentation(io.BytesIO(made)).slides for shape in slide.shapes]
        tables = [cell.text for one in frames if one.has_table for row in one.table.rows for cell in row.cells]
        return "\n".join([one.text_frame.text for one in frames if one.has_text_frame] + tables)
    return made.decode() if kind == "html" else ""


def test_four_files_say_the_same_and_are_the_same_twice(office: Office, town: Engine, settings: Settings) -> None:
    with writing(town) as session:  # names of forty characters, and one that is markup everywhere
        for n, school in enumerate(session.scalars(sa.select(School).order_by(School.id))):
            school.name = LONG if n else MARKUP
        assert session.scalar(sa.select(sa.func.count()).select_from(District)) == 0, (
            "a city without townships is drawn too"
        )
    for x in (60, 61, 310):
        office.hazard(x=x, observed_at=at("2026-11-17").isoformat())
    texts = {one["key"]: one for one in office.get("/api/v1/briefs/2026-W47?language=zh", "vie")["texts"]}
    assert "新增隐患 3 处，比上期（0）增加 3" in texts["hazards"]["text"]
    assert texts["hazards"]["numbers"]["hazards_new.this"] == 3
    office.client.put(
        "/api/v1/briefs/2026-W47/texts/plan?language=zh",
        json={"text": f"下周查三处。{MARKUP}"},
        headers=office.headers["dis"] | {"If-Match": '"0"'},
    )

    def made(kind: str, viewer: str = "invented viewer") -> bytes:
        with reading(town) as session:
            return brief_file(session, settings, "2026-W47", kind, CITY, language="zh", viewer=viewer, moment=MOMENT)

    for kind in WRITERS:
        first = made(kind)
        assert first == made(kind), f"{kind} differs from itself"
        if kind == "pdf":
            assert first.startswith(b"%PDF")
            continue
        said = words_of(kind, first)
        assert "新增隐患 3 处" in said
        assert "下周查三处。" in said
        assert "内部资料" in said
        assert (MARKUP in said) != (kind == "html"), "markup is text"
        assert LONG in said
    page = made("html").decode()
    assert "<script" not in page
    assert "invented viewer 2026-11-23 09:00" in page
    assert page.replace("invented viewer", "another") == made("html", "another").decode(), "only the watermark differs"
    with zipfile.ZipFile(io.BytesIO(made("docx"))) as package:
        assert sum(name.startswith("word/media/") for name in package.namelist()) == 4
        assert any("invented viewer" in package.read(name).decode() for name in package.namelist() if "header" in name)


@pytest.mark.parametrize(("period", "language"), [("2020-W53", "en"), ("2026-W30", "zh")])
def test_a_period_without_anything_says_so(town: Engine, settings: Settings, period: str, language: str) -> None:
    with reading(town) as session:
        brief = brief_of(session, settings, period, CITY, language=language, viewer="", moment=MOMENT, pictures=False)
    said = {one.key: one.text for one in brief.paragraphs}
    if language == "en":
        assert said["hazards"] == "There are no hazards on record in this period."
        assert said["cases"] == "There are no cases in this period."
        assert "week 53 of 2020 (2020-12-28 to 2021-01-03)" in said["period"]
        assert brief.issue == "2020 no. 53 (week)"
    else:
        assert "本期没有隐患记录" in said["hazards"]
        assert said["categories"] == "本期没有新增隐患。"
        assert brief.issue == "〔2026〕第 30 期（周报）"


def test_a_period_that_has_not_begun_or_is_not_over_says_so(office: Office, town: Engine, settings: Settings) -> None:
    office.hazard(x=60, observed_at=dt.datetime.now(ZONE).isoformat())
    today = dt.datetime.now(ZONE).date()
    running = "{}-W{:02d}".format(*today.isocalendar()[:2])
    for language, not_begun, so_far, compared in (
        ("zh", "本期尚未开始", f"截至 {today}", "比上期"),
        ("en", "this period has not begun", f"up to {today}", "than in the last period"),
    ):
        with reading(town) as session:
            coming, week = (
                brief_of(session, settings, code, CITY, language=language, viewer="", moment=MOMENT, pictures=False)
                for code in ("2199-W10", running)
            )
        assert [one.key for one in coming.paragraphs] == ["period", "distribution"]
        assert not_begun in coming.paragraphs[0].text
        assert len(coming.blocks) == 2, "a heading and a sentence"
        said = {one.key: one.text for one in week.paragraphs}
        assert so_far in said["period"]
        assert "1" in said["hazards"]
        assert compared not in said["hazards"].split("期末" if language == "zh" else " open at")[0]
        assert max(coming.issued_on, week.issued_on) <= today


def test_a_week_with_one_record_is_said_without_percentages(office: Office, town: Engine, settings: Settings) -> None:
    office.hazard(x=60, observed_at=at("2026-11-17").isoformat())
    with reading(town) as session:
        for language, words in (
            ("zh", "新增隐患 1 处，比上期（0）增加 1"),
            ("en", "1 new hazard, 1 more than in the last period (0)"),
        ):
            brief = brief_of(session, settings, "2026-W47", CITY, language=language, viewer="", moment=MOMENT)
            said = {one.key: one.text for one in brief.paragraphs}
            assert words in said["hazards"]
            assert not [text for text in said.values() if "%" in text]


def test_texts_are_edited_and_the_edits_stay(office: Office) -> None:
    def edit(name: str, version: int, text: str, key: str = "hazards") -> Any:
        return office.client.put(
            f"/api/v1/briefs/2026-W47/texts/{key}",
            json={"text": text},
            headers=office.headers[name] | {"If-Match": f'"{version}"'},
        )

    def now() -> dict[str, Any]:
        return next(one for one in office.get("/api/v1/briefs/2026-W47", "vie")["texts"] if one["key"] == "hazards")

    before = now()
    assert (before["version"], before["author"], before["text"]) == (0, None, before["generated"])
    assert_problem(edit("vie", 0, "not mine"), 403)
    assert edit("dis", 0, "first").status_code == 200
    assert_problem(edit("adm", 0, "second, unread"), 412)
    answer = edit("adm", 1, "second 13800138000")
    assert answer.json()["warnings"][0]["code"] == "telephone"
    assert (now()["text"], now()["version"], now()["generated"]) == ("second 13800138000", 2, before["generated"])
    assert edit("dis", 2, "").json()["text"] == before["generated"], "empty takes the edits back"
    history = office.get("/api/v1/briefs/2026-W47/history", "vie")["edits"]
    assert [(one["version"], one["text"]) for one in history] == [(1, "first"), (2, "second 13800138000"), (3, "")]
    assert_problem(edit("dis", 0, "x", key="nowhere"), 404)
    assert "en" not in {one["key"] for one in office.get("/api/v1/briefs/2026-W46/history", "vie")["edits"]}
    for path, status in (("2026-W60.docx", 422), ("2026-W47.odt", 422), ("2026-T1.pdf", 404)):
        assert_problem(office.client.get(f"/api/v1/briefs/{path}", headers=office.headers["vie"]), status)
    page = office.client.get("/api/v1/briefs/2026-W47.html", headers=office.headers["vie"])
    assert "sandbox" in page.headers["content-security-policy"]


def test_the_command_writes_the_brief(tmp_path: Path, town: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from api.cli import app
    from api.errors import BadInputError

    monkeypatch.setenv("CAMPUS_DATABASE_URL", town.url.render_as_string(hide_password=False))
    monkeypatch.setenv("CAMPUS_DATA", str(tmp_path))
    to = tmp_path / f"{uuid.uuid4().hex}.html"
    words = ["brief", "--week", "2026-W45", "--out", str(to), "--moment", "2026-11-23T09:00:00+08:00"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    first = to.read_bytes()
    assert "新增隐患" in first.decode()
    CliRunner().invoke(app, words)
    assert to.read_bytes() == first
    for wrong in (["--out", "b.odt"], ["--out", str(to), "--moment", "today"], ["--out", str(to), "--week", "soon"]):
        refused = CliRunner().invoke(app, ["brief", "--week", "2026-W45", *wrong])
        assert isinstance(refused.exception, BadInputError)
