"""Texts of the maps, in both languages, and how foreign text is put into a page without becoming part of it."""

from __future__ import annotations

import html
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh", "en")

_ENTITIES = {ord(character): f"&#{ord(character)};" for character in "`$\\{}"}
_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_HOLE = re.compile(r"\{(\w+)\}")
_UNSAFE_IN_SCRIPT = re.compile("[<>&\u2028\u2029]|\\{(?=[{%#])")


def safe_text(text: object) -> str:
    """Escape text for every place where Folium puts it.

    Folium writes names into HTML inside JavaScript template literals, and branca compiles the finished script
    once more as a Jinja template. So besides HTML's own characters, backtick, ``$``, backslash and braces
    become entities too.

    Examples
    --------
    >>> safe_text("<b>`${1}`</b>{{ 7 * 7 }}")
    '&lt;b&gt;&#96;&#36;&#123;1&#125;&#96;&lt;/b&gt;&#123;&#123; 7 * 7 &#125;&#125;'
    """
    return html.escape(str(text), quote=True).translate(_ENTITIES)


def script_json(value: Any) -> str:
    r"""Return JSON that may stand inside a ``<script>`` element.

    Nothing in it can end the script, open a comment, or be taken for a template's tag.

    Examples
    --------
    >>> script_json({"name": "</script>{{ 7 * 7 }}"})
    '{"name":"\\u003c/script\\u003e\\u007b{ 7 * 7 }}"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _UNSAFE_IN_SCRIPT.sub(lambda found: _SCRIPT.get(found[0], "\\u007b"), text)


@dataclass(frozen=True)
class Text:
    """A text in both languages."""

    zh: str
    en: str

    @classmethod
    def of(cls, text: str | Text) -> Text:
        """Return text that is the same in both languages, or is in both already."""
        return text if isinstance(text, Text) else cls(text, text)

    def html(self) -> str:
        """Return both languages as HTML; the page's style sheet shows the one of the page."""
        if self.zh == self.en:
            return safe_text(self.zh)
        return f'<span class="zh" lang="zh">{safe_text(self.zh)}</span><span class="en" lang="en">{safe_text(self.en)}</span>'

    def pair(self) -> list[str]:
        """Return ``[zh, en]`` for the page's script."""
        return [self.zh, self.en]

    def __getitem__(self, language: str) -> str:
        return self.en if language == "en" else self.zh


@cache
def catalogue() -> Mapping[str, Text]:
    """Return all texts by ``section.key``."""
    tables = tomllib.loads(resources.files("gis.maps").joinpath("texts.toml").read_text(encoding="utf-8"))
    return {f"{section}.{key}": Text(**both) for section, table in tables.items() for key, both in table.items()}


def say(key: str, **values: object) -> Text:
    """Return one text of the catalogue with ``{name}`` filled in; a value may itself be a `Text`.

    Raises
    ------
    KeyError
        If there is no such text.
    """
    text = catalogue()[key]
    both = {name: value if isinstance(value, Text) else Text.of(str(value)) for name, value in values.items()}

    def filled(language: str) -> str:
        return _HOLE.sub(lambda hole: both[hole[1]][language] if hole[1] in both else hole[0], text[language])

    return Text(filled("zh"), filled("en"))


def say_or(key: str, otherwise: str) -> Text:
    """Return one text of the catalogue, or another text where there is none, such as for a code of one's own."""
    return catalogue().get(key) or Text.of(otherwise)
