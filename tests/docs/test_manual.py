"""The manual names every command, setting and collection, and every path that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from api.cli import app
from api.services.imports.fields import collections
from api.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    root = typer.main.get_command(app)
    names = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"{name} {sub}" for sub in inner] if inner else [name]
    return names


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_manual(command: str) -> None:
    assert f"campus {command}" in COMMANDS


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_manual_with_its_default(name: str) -> None:
    assert f"| `CAMPUS_{name.upper()}` | `{Settings.model_fields[name].default}` |" in COMMANDS


def test_every_collection_and_field_is_in_the_manual() -> None:
    text = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
    for collection in collections().values():
        assert f"| `{collection.name}` |" in text
        for entry in collection.fields:
            assert f"`{entry.name}`" in text, (collection.name, entry.name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_path_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (page.parent / target).exists(), target
    for path in re.findall(r"`((?:api|gis|web|tests|bench|docs)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
