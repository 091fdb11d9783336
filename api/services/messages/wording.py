"""What a message says, in a language."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from api.vocabulary import vocabulary

_PAGES = {"case": "/board#case=", "notice": "/notices#notice=", "action": "/actions#action="}


@lru_cache(maxsize=1)
def templates() -> dict[str, dict[str, Any]]:
    """Return the sentences of the file, by kind and language."""
    return tomllib.loads(resources.files("api").joinpath("messages.toml").read_text(encoding="utf-8"))


def sentence(kind: str, said: Mapping[str, Any], language: str) -> str:
    """Return what a message says; a kind that is not known any more says its own name.

    Examples
    --------
    >>> said = {"number": "330681-1", "category": "VEN", "due": "2026-11-27T09:30:00+00:00", "zone": "Asia/Shanghai"}
    >>> sentence("case_due_soon", said, "zh")
    '案卷 330681-1（非法摊贩）即将到期：11月27日 17:30'
    """
    template = templates().get(kind)
    if template is None:
        return kind
    values = {name: str(value) for name, value in said.items()}
    values |= {"due": _moment(said.get("due"), str(said.get("zone", "UTC")), language)}
    term = vocabulary().hazard_categories.get(str(said.get("category")))
    values["category"] = str(said.get("category", "")) if term is None else (term.zh if language == "zh" else term.en)
    return str(template[language]).format_map(_Known(values))


class _Known(dict[str, str]):
    """Values to fill in; what is missing stays empty."""

    def __missing__(self, key: str) -> str:
        return ""


def _moment(text: Any, zone: str, language: str) -> str:
    words = templates()["words"][language]
    if not text:
        return str(words["never"])
    moment = dt.datetime.fromisoformat(str(text)).astimezone(ZoneInfo(zone))
    return str(words["moment"]).format(month=moment.month, day=moment.day, hour=moment.hour, minute=moment.minute)


def link(subject: str, identity: Any) -> str:
    """Return the page of a record, as an address on this server."""
    return f"{_PAGES[subject]}{identity}"


def letter(kind: str, said: Mapping[str, Any], subject: str, identity: Any, language: str, url: str) -> tuple[str, str]:
    """Return subject and text of what goes out; ``url`` is where people reach the system, empty: no link."""
    words = templates()["words"][language]
    text = sentence(kind, said, language)
    if url:
        text += "\n" + str(words["open"]).format(link=url.rstrip("/") + link(subject, identity))
    return f"{words['subject']} · {sentence(kind, said, language)}"[:200], text
