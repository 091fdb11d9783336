"""Characters that no document can hold.

XML 1.0 has no place for control characters but tabs and ends of lines, and nor have KML, GPX, Word and Excel, which are
made of it: one of them in one name, and nobody can open the file. https://www.w3.org/TR/xml/#charsets
"""

from __future__ import annotations

import re

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def writable(text: str) -> str:
    r"""Return a text without what no document can hold.

    Examples
    --------
    >>> writable("stall\x1b[31m\n\uffffat the gate")
    'stall[31m\nat the gate'
    """
    return UNWRITABLE.sub("", text)
