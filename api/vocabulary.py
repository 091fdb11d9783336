"""The domain's vocabulary: codes, their words in Chinese and English, and what files call them."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Term:
    """One word of the vocabulary; ``serious`` incidents never leave the sealed layer."""

    code: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    serious: bool = False
    subtypes: Mapping[str, Term] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """Return the word in a language ("zh" or "en")."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Vocabulary:
    """All terms, by list and code."""

    stages: Mapping[str, Term]
    hazard_categories: Mapping[str, Term]
    hazard_statuses: Mapping[str, Term]
    severities: Mapping[str, Term]
    premises_categories: Mapping[str, Term]
    incident_types: Mapping[str, Term]
    verdicts: Mapping[str, Term]
    gate_kinds: Mapping[str, Term]
    facility_kinds: Mapping[str, Term]
    facility_levels: Mapping[str, Term]
    roles: Mapping[str, Term]


def fold(text: str) -> str:
    """Return a word as it is compared: full-width forms, case and separators folded.

    Examples
    --------
    >>> fold("Internet_Café ") == fold("internet café")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c not in " _-\t·")


def find_code(terms: Mapping[str, Term], text: str) -> str | None:
    """Return the code that a file means by ``text``: the code itself, a word in either language, or an alias.

    Examples
    --------
    >>> find_code(vocabulary().hazard_categories, "流动摊贩")
    'VEN'
    >>> find_code(vocabulary().hazard_categories, "volcano") is None
    True
    """
    return _index(id(terms), tuple(terms.values())).get(fold(text))


@lru_cache(maxsize=64)
def _index(_identity: int, terms: tuple[Term, ...]) -> dict[str, str]:
    index: dict[str, str] = {}
    for rank in (lambda t: t.aliases, lambda t: (t.zh, t.en), lambda t: (t.code,)):  # the last is the strongest
        for term in terms:
            index.update({fold(word): term.code for word in rank(term)})
    return index


def _terms(table: Mapping[str, Mapping[str, object]]) -> dict[str, Term]:
    return {code: _term(code, entry) for code, entry in table.items()}


def _term(code: str, entry: Mapping[str, object]) -> Term:
    subtypes = entry.get("subtypes", {})
    aliases = entry.get("aliases", ())
    assert isinstance(subtypes, dict)  # noqa: S101 - our own file
    assert isinstance(aliases, list | tuple)  # noqa: S101
    return Term(
        code=code,
        zh=str(entry["zh"]),
        en=str(entry["en"]),
        aliases=tuple(str(alias) for alias in aliases),
        serious=bool(entry.get("serious", False)),
        subtypes=_Frozen(_terms(subtypes)),
    )


class _Frozen(dict[str, Term]):
    """A dictionary that can be part of a hashed term."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the vocabulary of ``api/vocabulary.toml``."""
    tables = tomllib.loads(resources.files("api").joinpath("vocabulary.toml").read_text(encoding="utf-8"))
    return Vocabulary(**{name: _Frozen(_terms(table)) for name, table in tables.items()})


def word(term: Term) -> dict[str, Any]:
    """Return a code and its words, as they go to the browser."""
    return {"code": term.code, "zh": term.zh, "en": term.en}


def words_of(terms: Mapping[str, Term]) -> list[dict[str, Any]]:
    """Return the codes of a table and their words."""
    return [word(term) for term in terms.values()]


def hazard_words() -> list[dict[str, Any]]:
    """Return the categories of hazards and their words, each with its subtypes."""
    return [word(term) | {"subtypes": words_of(term.subtypes)} for term in vocabulary().hazard_categories.values()]
