"""What the server says when something is wrong has a Chinese sentence, and it is the one that is said."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.problems import TITLES
from api.services.identities import ADVICE
from web.problems import in_language, templates

API = Path(__file__).parents[2] / "api"
# what never reaches a browser: commands and what only they call, faults of the programmer, the set-up of the database
LEFT_OUT = (
    "cli.py", "commands/", "services/areas.py", "services/backup", "services/demo", "services/doctor.py",
    "services/exports/tables.py", "services/imports/", "settings.py", "store/engine.py", "store/migrate.py", "store/models/", "store/snapshots.py",
)  # fmt: skip
SAYING = {"problem", "_wrong", "damaged", "_bad_bbox"}
NAMES = {"what", "detail", "msg"}


def sentence(node: ast.expr) -> str | None:
    """Return a text as a template: what an f-string fills in becomes {}."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def said_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    named = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        given_to: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name.endswith("Error") or name in SAYING:
                given_to = node.args
            elif name == "Problem":
                given_to = [*node.args[1:], *(word.value for word in node.keywords if word.arg == "what")]
        elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in NAMES for t in node.targets):
            given_to = [node.value]
        for value in given_to:
            text = sentence(named.get(value.id, value) if isinstance(value, ast.Name) else value)
            if text and " " in text:
                yield node.lineno, text


def test_every_sentence_that_reaches_a_browser_has_its_chinese() -> None:
    missing, found = [], 0
    for path in sorted(API.rglob("*.py")):
        name = path.relative_to(API).as_posix()
        if name.startswith(LEFT_OUT):
            continue
        for line, text in said_in(ast.parse(path.read_text(encoding="utf-8"))):
            found += 1
            if text not in templates() and text.replace("{}", "").strip(": "):
                missing.append(f"api/{name}:{line}: {text}")
    assert found > 100, "the search for sentences finds nothing any more"
    assert missing == []
    assert [title for title in [*TITLES.values(), *ADVICE.values()] if title not in templates()] == []


def test_values_are_put_in_where_they_belong() -> None:
    for english, chinese in templates().items():
        count = english.count("{}")
        values = [f"value{n}" for n in range(count)]
        said = in_language(english.replace("{}", "%s") % tuple(values), "zh") if count else in_language(english, "zh")
        assert said == chinese.format(*values), english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("subtype 'x': not a subtype of VEN; use one of a, b", "小类 'x'：不是 VEN 的小类；请用以下之一：a, b"),
        (
            "body.lon: Field required; body.lat: Input should be a valid number",
            "body.lon：缺少这一项；body.lat：须为数字",
        ),
        ("bbox: it needs four numbers: west,south,east,north", "bbox：需要四个数：西,南,东,北"),
        ("the photo cannot be used: it is cut off", "照片不能用：文件不完整"),
        ("something new", "something new"),
    ],
)
def test_sentences_within_sentences(english: str, chinese: str) -> None:
    assert in_language(english, "zh") == chinese
    assert in_language(english, "en") == english


@given(st.text(max_size=2000))
def test_whatever_is_said_something_is_said(text: str) -> None:
    assert isinstance(in_language(text, "zh"), str)
    assert in_language(text, "en") == text
