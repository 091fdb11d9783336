"""What a sent photo is, by its bytes: its kind, its size in pixels, and only those parts of it that a decoder needs.

Nothing is decoded here. The parts that a decoder need not see (EXIF, XMP, comments, thumbnails, further pictures, and
whatever else hangs behind the end of the picture) are left out before one opens the file, since libraries read them
too: a few kilobytes of EXIF can be written so that they unfold to gigabytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from api.errors import BadInputError, UnsupportedTypeError

# A progressive JPEG has about ten scans. Each costs a pass over all pixels and may take only a few bytes of the file,
# so that a small file with many of them keeps a decoder busy for hours.
MOST_SCANS = 40
# Parts of one file: a PNG of 50 megapixels in pieces of 8 KB has some 20,000.
MOST_PARTS = 30_000
# A profile of a camera has 0.5 to 4 KB, one for print up to 2 MB.
LARGEST_PROFILE_BYTES = 4_000_000

_PNG = b"\x89PNG\r\n\x1a\n"
_EXIF, _ICC = b"Exif\0\0", b"ICC_PROFILE\0"
_START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_END, _SCAN, _ADOBE = 0xD9, 0xDA, 0xEE
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


@dataclass(frozen=True)
class Container:
    """A photo as it was sent, taken apart.

    Attributes
    ----------
    kind
        ``JPEG``, ``PNG`` or ``WEBP``.
    width_px, height_px
        As the header says, before it is turned upright.
    picture
        The file without what a decoder need not see.
    exif
        The EXIF block (a TIFF structure), empty where there is none.
    profile
        The ICC profile, empty where there is none or one too large.
    """

    kind: str
    width_px: int
    height_px: int
    picture: bytes
    exif: bytes = b""
    profile: bytes = b""


def take_apart(data: bytes) -> Container:
    """Return what a file is, by its content.

    Raises
    ------
    UnsupportedTypeError
        Where it is no JPEG, PNG or WebP.
    BadInputError
        Where it is cut off, has several frames, or is built to keep a decoder busy.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(_PNG):
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except (IndexError, struct.error):
        raise damaged("it is cut off") from None
    raise _not_a_photo(data)


def damaged(why: str) -> BadInputError:
    """Return what to say of a photo that cannot be used."""
    return BadInputError(f"the photo cannot be used: {why}")


def _not_a_photo(data: bytes) -> UnsupportedTypeError:
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return UnsupportedTypeError(
            "HEIC photos cannot be read here; set the camera to JPEG (“most compatible”), or send a JPEG, PNG or WebP"
        )
    looks = "something else"
    for sign, what in (
        (b"gif8", "a GIF"), (b"<svg", "an SVG drawing"), (b"<?xml", "XML"), (b"<", "a web page or XML"), (b"bm", "a bitmap"),
        (b"ii*\0", "a TIFF"), (b"mm\0*", "a TIFF"), (b"%pdf", "a PDF document"), (b"pk", "a zip file"),
    ):  # fmt: skip
        if head.startswith(sign):
            looks = what
            break
    return UnsupportedTypeError(
        f"this is not a photo that can be read: it looks like {looks}; send a JPEG, PNG or WebP"
    )


def _jpeg(data: bytes) -> Container:
    """Walk through the segments up to the end of the first picture; what follows it is not looked at."""
    kept = bytearray(b"\xff\xd8")
    size: tuple[int, int] | None = None
    exif, profile = b"", bytearray()
    scans = 0
    for marker, at, end in _segments(data):
        body = data[at + 4 : end]
        if marker in _START_OF_FRAME:
            if size is not None:
                raise damaged("it has several pictures in one")
            height, width = struct.unpack_from(">HH", body, 1)
            size = (width, height)
        if marker == 0xE1 and body.startswith(_EXIF):
            exif = exif or body[len(_EXIF) :]
        elif marker == 0xE2 and body.startswith(_ICC):
            profile += body[len(_ICC) + 2 :]
        elif marker == _SCAN:
            scans += 1
            if scans > MOST_SCANS:
                raise damaged(f"it is drawn in more than {MOST_SCANS} passes")
            kept += data[at : _end_of_scan(data, end)]
        elif marker == _ADOBE or not (0xE0 <= marker <= 0xEF or marker == 0xFE):  # Adobe's says how colours are coded
            kept += data[at:end]
    if size is None or not scans:
        raise damaged("it holds no picture")
    kept += b"\xff\xd9"
    return Container("JPEG", *size, bytes(kept), exif, _usable(bytes(profile)))


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, beginning and end of each segment up to the end of the picture, passing over what scans hold."""
    at = 2
    for _ in range(MOST_PARTS):
        while data[at] == 0xFF and data[at + 1] == 0xFF:  # markers may be padded
            at += 1
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise damaged("its parts do not follow one another")
        if marker == _END:
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise damaged("it is cut off")
        yield marker, at, end
        at = _end_of_scan(data, end) if marker == _SCAN else end
    raise damaged("it has too many parts")


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the marker stands that ends a scan; in the data 0xFF is followed by 0 or is a restart marker."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise damaged("it is cut off")
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        else:
            return at


def _png(data: bytes) -> Container:
    kept = bytearray(_PNG)
    at, parts = len(_PNG), 0
    size: tuple[int, int] | None = None
    exif = b""
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        end, parts = at + 12 + length, parts + 1
        if end > len(data):
            raise damaged("it is cut off")
        if parts > MOST_PARTS:
            raise damaged("it has too many parts")
        if kind == b"acTL":
            raise _animated()
        if size is None:
            if kind != b"IHDR":
                raise damaged("it does not begin as a PNG does")
            width, height = struct.unpack_from(">II", data, at + 8)
            size = (width, height)
        if kind == b"eXIf":
            exif = data[at + 8 : end - 4]
        elif kind in {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"} or (
            kind == b"iCCP" and length < LARGEST_PROFILE_BYTES
        ):
            kept += data[at:end]
        at = end
        if kind == b"IEND":
            return Container("PNG", *size, bytes(kept), exif)


def _webp(data: bytes) -> Container:
    (length,) = struct.unpack_from("<I", data, 4)
    whole = data[: 8 + length]
    if len(whole) < 8 + length:
        raise damaged("it is cut off")
    at, parts = 12, 0
    size: tuple[int, int] | None = None
    exif = profile = b""
    while at + 8 <= len(whole):
        kind = whole[at : at + 4]
        (length,) = struct.unpack_from("<I", whole, at + 4)
        body, parts = whole[at + 8 : at + 8 + length], parts + 1
        if len(body) < length:
            raise damaged("it is cut off")
        if parts > MOST_PARTS:
            raise damaged("it has too many parts")
        if kind in {b"ANIM", b"ANMF"} or (kind == b"VP8X" and body[0] & 0x02):
            raise _animated()
        size = size or _webp_size(kind, body)
        if kind == b"EXIF":
            exif = body.removeprefix(_EXIF)
        elif kind == b"ICCP":
            profile = body
        at += 8 + length + length % 2
    if size is None:
        raise damaged("it holds no picture")
    return Container("WEBP", *size, whole, exif, _usable(profile))


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int] | None:
    """Return the size that a chunk tells: RFC 9649, and RFC 6386 section 9.1 for the lossy kind."""
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _animated() -> BadInputError:
    return damaged("it is animated; send a single photo")


def _usable(profile: bytes) -> bytes:
    return profile if len(profile) <= LARGEST_PROFILE_BYTES else b""
