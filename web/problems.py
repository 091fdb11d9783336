"""What the server says when something is wrong, in the person's language.

Errors are raised in English; ``web/locales/problems.toml`` has each sentence as a template with its Chinese. A sentence is
recognised by its template and put together again with the same values, so the code that finds a fault knows nothing of
languages. What has no template is shown as it is.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

_LONGEST = 600  # longer ones hold somebody's text; no template may take long on it
_DEEPEST = 3


class _Template(NamedTuple):
    pattern: re.Pattern[str]
    chinese: str


@lru_cache(maxsize=1)
def templates() -> dict[str, str]:
    """Return the Chinese sentence of each English one."""
    text = resources.files("web").joinpath("locales", "problems.toml").read_text(encoding="utf-8")
    return {english: chinese for area in tomllib.loads(text).values() for english, chinese in area.items()}


@lru_cache(maxsize=1)
def _compiled() -> tuple[_Template, ...]:
    """Return the templates with something to fill in, those with the most words of their own first."""
    open_ones = [(english, chinese) for english, chinese in templates().items() if "{}" in english]
    open_ones.sort(key=lambda pair: -len(pair[0].replace("{}", "")))
    return tuple(
        _Template(re.compile("(.+?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for english, chinese in open_ones
    )


def in_language(sentence: str, language: str) -> str:
    """Return an English sentence of the server in a language ("zh" or "en").

    Examples
    --------
    >>> in_language("there is no cell 'A1'", "zh")
    "没有网格 'A1'"
    >>> in_language("subtype 'x': one is missing", "zh"), in_language("one is missing", "en")
    ("小类 'x'：缺少其中一项", 'one is missing')
    """
    return sentence if language == "en" else _in_chinese(sentence, _DEEPEST)


def _in_chinese(sentence: str, deeper: int) -> str:
    known = templates().get(sentence)
    if known is not None:
        return known
    if len(sentence) > _LONGEST or not deeper:
        return sentence
    for pattern, chinese in _compiled():
        found = pattern.fullmatch(sentence)
        if found:  # a value may be a sentence itself
            return chinese.format(*(_in_chinese(value, deeper - 1) for value in found.groups()))
    if "; " in sentence:
        return "；".join(_in_chinese(part, deeper - 1) for part in sentence.split("; "))
    where, colon, what = sentence.partition(": ")
    return f"{where}：{_in_chinese(what, deeper - 1)}" if colon and " " not in where else sentence
