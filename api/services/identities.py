"""Find what could name a child in free text: numbers of identity cards and telephones."""

from __future__ import annotations

import re
from collections.abc import Mapping

_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
ADVICE = {
    "identity_number": "an 18-digit identity number: take it out, no text here may name a person",
    "telephone": "a telephone number: take it out unless it is that of a shop or an office",
}


def identity_warnings(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a warning for each text that holds a number which names a person.

    Parameters
    ----------
    texts
        Free texts by the name of their field.

    Notes
    -----
    Identity numbers by GB 11643-1999: 17 digits and a check character by ISO 7064 MOD 11-2; mobile numbers by the
    Chinese numbering plan (11 digits from 13 to 19).

    Examples
    --------
    >>> identity_warnings({"note": "made up: 11010519491231002X"})[0]["code"]
    'identity_number'
    >>> identity_warnings({"note": "order 110105194912310021, gate 3"})
    []
    """
    found = []
    for field, text in texts.items():
        cards = [match.group() for match in _CARD.finditer(text) if _is_card(match.group())]
        rest = text
        for card in cards:
            rest = rest.replace(card, " ")
        codes = ["identity_number"] * bool(cards) + ["telephone"] * bool(_PHONE.search(rest))
        found += [{"where": field, "code": code, "what": ADVICE[code]} for code in codes]
    return found


def _is_card(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return _CHECK[total % 11] == number[17].upper()
