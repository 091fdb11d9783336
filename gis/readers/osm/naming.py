"""Names and addresses out of tags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_OTHER_NAMES = ("name:zh", "name:zh-Hans", "name:en", "official_name", "alt_name", "old_name", "short_name", "loc_name")
_CONTROL = frozenset(["Cc", "Cs", "Zl", "Zp"])
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they reorder what is read
_DISUSED = ("disused", "abandoned", "demolished", "razed", "ruined")

Tags = Mapping[str, str]


def clean_text(text: str) -> str:
    r"""Return a text on one line, without control characters; anything else, markup too, stays as it is.

    Examples
    --------
    >>> clean_text(" 暨阳\t小学\x00 ")
    '暨阳 小学'
    """
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in _CONTROL else c for c in text if c not in _TURNING)
    return " ".join(text.split())


def has_cjk(text: str) -> bool:
    """Return whether a text holds Chinese, Japanese or Korean characters."""
    return _CJK.search(text) is not None


def name_of(tags: Tags) -> str:
    """Return what a thing is called, in the language of the place; empty where it has no name."""
    for key in ("name", "name:zh", "name:zh-Hans", "name:en", "official_name"):
        if key in tags and (text := clean_text(tags[key])):
            return text
    return ""


def chinese_name_of(tags: Tags) -> str:
    """Return the Chinese name; empty where none is known."""
    for key in ("name:zh", "name:zh-Hans", "name:zh-Hant"):
        if text := clean_text(tags.get(key, "")):
            return text
    name = clean_text(tags.get("name", ""))
    return name if re.search(r"[\u3400-\u9fff]", name) and not re.search(r"[\u3040-\u30ff\uac00-\ud7af]", name) else ""


def english_name_of(tags: Tags) -> str:
    """Return the English name; empty where none is known."""
    return clean_text(tags.get("name:en", "") or tags.get("int_name", ""))


def other_names_of(tags: Tags) -> list[str]:
    """Return every other name a thing goes by, without repeats."""
    main = name_of(tags)
    names: dict[str, None] = {}
    for key in _OTHER_NAMES:
        if key not in tags:
            continue
        for part in tags[key].split(";"):
            if (text := clean_text(part)) and text != main:
                names[text] = None
    return list(names)


def house_of(tags: Tags) -> str:
    """Return street and house number as they are written there; empty where either is missing.

    Examples
    --------
    >>> house_of({"addr:street": "Hauptstraße", "addr:housenumber": "12"})
    'Hauptstraße 12'
    >>> house_of({"addr:street": "文化路", "addr:housenumber": "12"})
    '文化路12号'
    """
    street = clean_text(tags.get("addr:street") or tags.get("addr:place") or "")
    number = clean_text(tags.get("addr:housenumber", ""))
    if not street or not number:
        return ""
    if has_cjk(street):
        return f"{street}{number}号" if number[-1].isdigit() else f"{street}{number}"
    return f"{street} {number}"


def address_of(tags: Tags) -> str:
    """Return the address in the order of the place: the largest first in Chinese, else street, postcode, town."""
    if full := clean_text(tags.get("addr:full", "")):
        return full
    house = house_of(tags) or clean_text(tags.get("addr:street") or tags.get("addr:place") or "")
    parts = [clean_text(tags.get(f"addr:{key}", "")) for key in ("province", "city", "district", "subdistrict")]
    if any(has_cjk(part) for part in (*parts, house)):
        return "".join(dict.fromkeys(part for part in (*parts, house) if part))
    town = " ".join(part for part in (clean_text(tags.get("addr:postcode", "")), parts[1]) if part)
    return ", ".join(part for part in (house, town) if part)


def is_closed_down(tags: Tags) -> bool:
    """Return whether the tags say that a thing is no longer what it was."""
    return any(tags.get(key, "no") not in {"no", ""} for key in _DISUSED)


def values_of(text: str) -> list[str]:
    """Return the values of a tag that lists several, ``"bar;restaurant"`` → ``["bar", "restaurant"]``."""
    return [part for part in (piece.strip().lower() for piece in text.split(";")) if part]
