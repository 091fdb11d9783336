"""Chinese and English texts of the pages.

One catalogue per language, ``web/locales/<language>.json``: flat keys with dots, ``{name}`` for what is
filled in. The same catalogue goes into the page for the browser (see ``base.html``), so that a text exists
once. Chinese is the default and the fallback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "zh"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return all texts of one language, by key.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    Mapping[str, str]
        Read-only, key to text.

    Raises
    ------
    ValueError
        If the language is not one of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    text = resources.files("web").joinpath("locales", f"{language}.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(text))


def choose_language(*wishes: str | None) -> str:
    """Return the first wish that is a known language, else Chinese.

    Parameters
    ----------
    *wishes : str or None
        What the query string, the cookie … ask for, the strongest first. ``en-GB`` counts as ``en``.

    Returns
    -------
    str
        One of `LANGUAGES`.
    """
    for wish in wishes:
        code = (wish or "").strip().lower().replace("_", "-").partition("-")[0]
        if code in LANGUAGES:
            return code
    return DEFAULT_LANGUAGE


def translator(language: str) -> Callable[..., str]:
    """Return ``t(key, **values)`` for one language.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    Callable[..., str]
        Gives the text with ``{name}`` replaced by the value called ``name``; for a key that does not exist
        the key itself, because a page with one odd word is better than no page.
    """
    texts = catalogue(language)

    def translate(key: str, **values: object) -> str:
        text = texts.get(key, key)
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    return translate


def page_context(language: str, page_config: Mapping[str, Any], *, path: str = "/") -> dict[str, Any]:
    """Return what every page template needs.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    page_config : Mapping[str, Any]
        What the page's script needs from the configuration (centre, bounds, tiles, version …); it is
        readable by everyone who opens the page, so it holds no secret but a tile key meant for browsers.
    path : str
        The path of the page itself, where the change of language comes back to.

    Returns
    -------
    dict[str, Any]
        ``language``, ``other_language``, ``language_url``, ``t``, ``catalogue``, ``page_config``.
    """
    other = "en" if language == "zh" else "zh"
    return {
        "language": language,
        "other_language": other,
        "language_url": f"/language/{other}?next={quote(path, safe='/')}",
        "t": translator(language),
        "catalogue": dict(catalogue(language)),
        "page_config": dict(page_config),
    }
