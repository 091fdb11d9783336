"""Photos drawn anew: decoded, turned upright, shrunk, and written as JPEG with nothing in it but the picture."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from PIL import Image, ImageCms, ImageFile, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from api.errors import TooLargeError
from api.services.photos.containers import LARGEST_PROFILE_BYTES, Container, damaged, take_apart
from api.services.photos.exif import moment_taken, read_exif

QUALITY = 85
THUMBNAIL_PX = 480
# A panorama has some 16,000 pixels. Each row costs a decoder more than its pixels: a PNG of one pixel by 49 million took
# a processor for a quarter of a minute, in 190 KB.
LONGEST_SIDE_PX = 32_000
_ORIENTATION = 0x0112
_SRGB = ImageCms.createProfile("sRGB")
# one reader for each kind: Pillow's own choice would try some forty formats on whatever is sent
_READERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
}


@dataclass(frozen=True)
class Picture:
    """A photo as it is kept: JPEG without metadata, upright, in sRGB."""

    jpeg: bytes
    width_px: int
    height_px: int
    taken_at: dt.datetime | None


def redraw(data: bytes, *, most_megapixels: float, side_px: int, zone: ZoneInfo) -> Picture:
    """Draw a sent photo anew.

    Parameters
    ----------
    data
        The file as it was sent: JPEG, PNG or WebP.
    most_megapixels
        Pixels that are decoded at most; looked at in the header, before anything is decoded.
    side_px
        Length of the longer side that is kept at most.
    zone
        The time zone of a photo that tells none.

    Raises
    ------
    UnsupportedTypeError, TooLargeError, BadInputError
        Where it is no photo, one of too many pixels, or damaged.
    """
    sent = take_apart(data)
    if sent.width_px < 1 or sent.height_px < 1:
        raise damaged("it has no pixels")
    if sent.width_px * sent.height_px > most_megapixels * 1_000_000:
        raise TooLargeError(
            f"the photo has {sent.width_px:,} × {sent.height_px:,} pixels, more than {most_megapixels:g} megapixels"
        )
    if max(sent.width_px, sent.height_px) > LONGEST_SIDE_PX:
        raise TooLargeError(
            f"the photo has {sent.width_px:,} × {sent.height_px:,} pixels; no side may be longer than {LONGEST_SIDE_PX:,}"
        )
    told = read_exif(sent.exif)
    upright = _upright(_flat(*_decode(sent, side_px)), told.orientation)
    return Picture(_encode(upright), *upright.size, moment_taken(told, zone))


def thumbnail(jpeg: bytes) -> bytes:
    """Return a small copy of a photo that was drawn anew."""
    with JpegImagePlugin.JpegImageFile(io.BytesIO(jpeg)) as image:
        size = _within(image.size, THUMBNAIL_PX)
        image.draft(None, size)
        return _encode(image.resize(size, Image.Resampling.LANCZOS))


def _within(size: tuple[int, int], side_px: int) -> tuple[int, int]:
    longer = max(size)
    if longer <= side_px:
        return size
    return max(1, round(size[0] * side_px / longer)), max(1, round(size[1] * side_px / longer))


def _decode(sent: Container, side_px: int) -> tuple[Image.Image, bytes]:
    """Return the picture in its own colours, shrunk, and its profile."""
    try:
        with _READERS[sent.kind](io.BytesIO(sent.picture)) as image:
            if image.size != (sent.width_px, sent.height_px):
                raise damaged("its header contradicts itself")
            size = _within(image.size, side_px)
            profile = sent.profile or image.info.get("icc_profile", b"")
            image.draft(None, size)  # a JPEG much larger than needed is decoded at a half, a quarter or an eighth
            image.load()
            whole = image.convert("RGBA") if image.has_transparency_data else _plain(image)
            small = whole if whole.size == size else whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
            return small, profile if len(profile) <= LARGEST_PROFILE_BYTES else b""
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, struct.error, zlib.error) as error:
        raise damaged("it is damaged") from error


def _plain(image: Image.Image) -> Image.Image:
    """Return a picture in a mode that can be shrunk and shown: 16 bits of grey become 8, a palette its colours."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def _flat(image: Image.Image, profile: bytes) -> Image.Image:
    """Return a picture as RGB in sRGB; what is transparent is white."""
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha is not None else image
    flat = _in_srgb(colours, profile) if profile else colours.convert("RGB")
    if alpha is not None:
        white = Image.new("RGB", flat.size, "white")
        white.paste(flat, mask=alpha)
        return white
    return flat


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        turned = ImageCms.profileToProfile(image, io.BytesIO(profile), _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        turned = None  # a profile that is broken, or for another kind of colours: as if there were none
    return turned if turned is not None else image.convert("RGB")


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    if orientation == 1:
        return image
    image.getexif()[_ORIENTATION] = orientation  # the only entry: nothing that was sent is in it
    return ImageOps.exif_transpose(image)


def _encode(image: Image.Image) -> bytes:
    clean = image.copy()
    clean.info = {}  # profiles and comments would be written again from here
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=QUALITY, optimize=True, exif=b"")
    return out.getvalue()
