"""The texts of the pages: both languages say the same things, and nothing on a page can turn into markup."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from web.i18n import LANGUAGES, catalogue, choose_language, page_context, translator

WEB = Path(__file__).parents[2] / "web"
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
FILES = sorted((WEB / "templates" / "files").glob("*.html"))  # pages that are handed out as files, whole in themselves
WRITERS = [WEB.parent / "api" / "services" / "patrols" / "files.py"]  # it writes texts of the catalogue into files
SCRIPTS = sorted((WEB / "static" / "js").rglob("*.js"))
STYLES = sorted((WEB / "static" / "css").glob("*.css"))
IMAGES = sorted((WEB / "static" / "img").glob("*.svg"))
SVG_NAMESPACE = "http://www.w3.org/2000/svg"

# t("a.b") and has("a.b") as they stand; t(`a.${code}`) and t("a." ~ code) as a beginning of keys. Any quoted
# "a.b" of a conditional inside t(…) counts too.
_CALL = re.compile(r"\b(?:t|has)\(((?:[^()`]|`[^`]*`|\([^()]*\))*)")
_QUOTED = re.compile(r"[\"']([a-z_]+(?:\.[\w-]+)+)[\"']")
_TEMPLATE_LITERAL = re.compile(r"`([a-z_.]+\.)\$\{[^}]*\}(\.[a-z_.]+)?`")
_JINJA_JOINED = re.compile(r"[\"']([a-z_.]+\.)[\"']\s*~\s*\w+(?:\s*~\s*[\"'](\.[a-z_.]+)[\"'])?")


def used_keys() -> tuple[set[str], set[tuple[str, str]]]:
    """Return the keys written out, and (beginning, end) of those put together while running."""
    keys: set[str] = set()
    joined: set[tuple[str, str]] = set()
    for path in [*TEMPLATES, *FILES, *SCRIPTS, *WRITERS]:
        for call in _CALL.finditer(path.read_text(encoding="utf-8")):
            inside = call.group(1)
            keys.update(_QUOTED.findall(inside))
            joined.update((start, end or "") for start, end in _TEMPLATE_LITERAL.findall(inside))
            joined.update((start, end or "") for start, end in _JINJA_JOINED.findall(inside))
    return keys, joined


def belongs(key: str, joined: set[tuple[str, str]]) -> bool:
    return any(key.startswith(start) and key.endswith(end) and len(key) > len(start) for start, end in joined)


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("zh")) == set(catalogue("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_twice_in_the_file(language: str) -> None:
    pairs: list[tuple[str, str]] = json.loads(
        (WEB / "locales" / f"{language}.json").read_text(encoding="utf-8"), object_pairs_hook=list
    )
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys))
    assert [key for key, text in pairs if not text.strip()] == []


def test_both_languages_fill_in_the_same_values() -> None:
    chinese, english = catalogue("zh"), catalogue("en")
    names = re.compile(r"\{(\w+)\}")
    different = [key for key in chinese if set(names.findall(chinese[key])) != set(names.findall(english[key]))]
    assert different == []


def test_every_key_used_exists() -> None:
    keys, joined = used_keys()
    assert len(keys) > 100, "the search for keys finds nothing any more"
    texts = catalogue("zh")
    assert sorted(keys - set(texts)) == []
    lonely = [start for start, end in joined if not any(belongs(key, {(start, end)}) for key in texts)]
    assert lonely == []


def test_every_key_is_used() -> None:
    keys, joined = used_keys()
    assert [key for key in catalogue("zh") if key not in keys and not belongs(key, joined)] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_text_never_markup(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    forbidden = (
        r"\.(inner|outer)HTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(\"(style|on)"
    )
    assert re.findall(forbidden, script) == []


@pytest.mark.parametrize("path", [*TEMPLATES, *FILES, *SCRIPTS, *STYLES, *IMAGES], ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(SVG_NAMESPACE, "")
    assert re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+[^\s\"']*", text) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_keep_to_the_content_security_policy(path: Path) -> None:
    """No inline script, style or handler, and nothing taken out of the escaping."""
    template = path.read_text(encoding="utf-8")
    scripts = re.findall(r"<script\b([^>]*)>", template)
    assert [tag for tag in scripts if "src=" not in tag and 'type="application/json"' not in tag] == []
    assert re.findall(r"<style\b|\sstyle=|\son[a-z]+=|\|\s*safe\b|autoescape false|javascript:", template) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_pages_handed_out_as_files_run_nothing(path: Path) -> None:
    """They carry their style with them, and no script at all."""
    template = path.read_text(encoding="utf-8")
    assert re.findall(r"<script\b|\son[a-z]+=|\|\s*safe\b|autoescape false|javascript:", template) == []


def test_a_language_is_chosen_and_chinese_is_the_default() -> None:
    assert choose_language(None, None) == "zh"
    assert choose_language("", "en") == "en"
    assert choose_language("xx", "EN-gb") == "en"
    assert choose_language("zh-CN", "en") == "zh"
    with pytest.raises(ValueError, match="zh, en"):
        catalogue("../../secret")


def test_values_are_filled_in_and_a_missing_key_shows_itself() -> None:
    t = translator("en")
    assert t("unit.m", n="12.5") == "12.5 m"
    assert t("no.such.key") == "no.such.key"


def test_the_page_context_leads_to_the_other_language_and_back() -> None:
    context = page_context("zh", {"version": "1"}, path="/heat")
    assert context["language_url"] == "/language/en?next=/heat"
    assert context["t"]("nav.map") == context["catalogue"]["nav.map"] == "地图"
