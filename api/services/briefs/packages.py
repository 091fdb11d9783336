"""What Office files have in common: texts that XML can hold, and the same bytes for the same content."""

from __future__ import annotations

import io
import zipfile

_SAME_DAY = (1980, 1, 1, 0, 0, 0)  # of every part in the package


def allowed(text: str) -> str:
    """Leave out the control characters that XML cannot hold.

    Examples
    --------
    >>> allowed("a" + chr(7) + "b")
    'ab'
    """
    return "".join(c for c in text if c in "\t\n" or (ord(c) >= 32 and c not in "\ufffe\uffff"))


def same_every_time(raw: io.BytesIO) -> bytes:
    """Return a package whose parts bear no time."""
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, _SAME_DAY), source.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
