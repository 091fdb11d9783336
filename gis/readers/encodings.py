"""Bytes into text: UTF-8, UTF-16, GB 18030, or what the person names; never a guess that shows mojibake."""

from __future__ import annotations

import codecs
import re

from gis.errors import UnreadableFileError
from gis.readers.report import RowProblem

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODE_PAGE = re.compile(r"^(?:cp|ansi|oem|windows|ibm|ms)?[\s_-]*(\d{3,5})$")
_OTHER_NAMES = {"ansi": "gb18030", "utf8": "utf-8", "unicode": "utf-16", "big5": "big5hkscs", "65001": "utf-8"}
# GB 18030 holds all that GBK and GB 2312 hold, so files that call themselves one and use another are read too.
_WITHIN_GB18030 = {"gbk", "gb2312", "cp936", "hz", "gb18030", "936", "54936", "20936"}
_NOT_OF_FILES = {"idna", "punycode", "undefined", "mbcs", "oem"}


def canonical_encoding(name: str) -> str | None:
    """Return Python's name of an encoding as people and ``.cpg`` files write it; None where it is not known.

    >>> canonical_encoding("GBK"), canonical_encoding("ANSI 936"), canonical_encoding("65001")
    ('gb18030', 'gb18030', 'utf-8')
    >>> canonical_encoding("Klingon") is None
    True
    """
    text = name.strip().strip("\0").lower()
    page = _CODE_PAGE.match(text)
    if page:
        text = page.group(1)
    text = _OTHER_NAMES.get(text, text)
    if text in _WITHIN_GB18030:
        return "gb18030"
    if text.isdigit():
        text = f"cp{text}"
    if text.startswith("8859"):
        text = f"iso-{text}"
    try:
        found = codecs.lookup(text).name
    except (LookupError, ValueError):
        return None
    if found in _WITHIN_GB18030:
        return "gb18030"
    # Codecs that are not encodings of files (rot13, hex, idna, escapes) are not for users' input.
    if not getattr(codecs.lookup(found), "_is_text_encoding", True) or "escape" in found or found in _NOT_OF_FILES:
        return None
    return found


def named_encoding(name: str) -> str:
    """Return Python's name of the encoding that a person asked for.

    Raises
    ------
    UnreadableFileError
        Where there is no such encoding.
    """
    found = canonical_encoding(name)
    if found is None:
        msg = f"there is no encoding {name!r}; use utf-8, gb18030 (also for GBK and GB 2312), utf-16 or big5"
        raise UnreadableFileError(msg)
    return found


def decode(data: bytes, *, name: str, encoding: str | None = None) -> tuple[str, str, list[RowProblem]]:
    """Decode the text of a file strictly.

    A byte order mark decides; then the encoding asked for; else UTF-8, and GB 18030 where it is not that.

    Parameters
    ----------
    data
        The whole file.
    name
        The file's name, for messages.
    encoding
        The encoding that the person named.

    Returns
    -------
    text, encoding, problems

    Raises
    ------
    UnreadableFileError
        Where the bytes are not text in that encoding.
    """
    asked = named_encoding(encoding) if encoding else None
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return _strictly(data, codec, name), codec, []
    if asked is not None:
        return _strictly(data, asked, name), asked, []
    if b"\0" in data[:65536]:
        if len(data) > 1 and (data[1] == 0) != (data[0] == 0):
            hint = "it looks like UTF-16 without a byte order mark: name it with --encoding utf-16-le or utf-16-be"
        else:
            hint = "it has zero bytes; save it again as UTF-8 text"
        msg = f"{name}: this is not a text file: {hint}"
        raise UnreadableFileError(msg)
    try:
        return data.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError as error:
        at = error.start
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as error:
        lines = (data.count(b"\n", 0, at) + 1, data.count(b"\n", 0, error.start) + 1)
        msg = (
            f"{name}: the text is neither UTF-8 (line {lines[0]} is not) nor GB 18030 (line {lines[1]} is not); "
            "name its encoding with --encoding, or save it as UTF-8"
        )
        raise UnreadableFileError(msg) from None
    return text, "gb18030", doubts(text)


def doubts(text: str) -> list[RowProblem]:
    """Return a warning where a text read as GB 18030 has few characters that Chinese texts have."""
    letters = [c for c in text[:200_000] if c > "\x7f"]
    if not letters:
        return []
    usual = sum(_is_usual(c) for c in letters)
    if usual >= 0.9 * len(letters):
        return []
    sample = "".join(letters[:12])
    detail = (
        f"the file is not UTF-8 and was read as GB 18030, but texts such as {sample!r} are unusual in it; "
        "where they look wrong, name the encoding with --encoding"
    )
    return [RowProblem(None, None, "encoding_doubtful", detail, "warning")]


def _is_usual(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _strictly(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        msg = (
            f"{name}: the text is not {codec.upper()} as it should be (line {line}, byte {error.start + 1}); "
            "name the right encoding with --encoding"
        )
        raise UnreadableFileError(msg) from None
    except (UnicodeError, ValueError) as error:
        msg = f"{name}: the text cannot be read as {codec.upper()} ({error}); name the right encoding with --encoding"
        raise UnreadableFileError(msg) from None
