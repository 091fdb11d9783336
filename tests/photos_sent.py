"""Photos as they are sent, good and bad; all of them drawn here, none is of a real place."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms

RED, BLUE = (230, 20, 20), (20, 20, 230)
SECRET = b"INVENTED-SECRET"


def two_colours(width: int = 120, height: int = 80) -> Image.Image:
    """Return a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height))
    return image


def written(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def camera_exif(orientation: int = 1, *, offset: str | None = "+09:00") -> Image.Exif:
    """Return what a camera writes: which way is up, when, and where."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = SECRET.decode()
    taken = exif.get_ifd(0x8769)
    taken[0x9003] = "2026:11:03 16:20:00"
    if offset is not None:
        taken[0x9011] = offset
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (29.0, 42.0, 36.0), "E", (120.0, 14.0, 24.0)
    place[27] = SECRET
    return exif


def from_a_camera(kind: str = "JPEG", orientation: int = 1, **more: Any) -> bytes:
    """Return a photo with everything in it that must not be kept: position, maker, profile, XMP, comment."""
    options: dict[str, Any] = {"exif": camera_exif(orientation, **more), "icc_profile": profile()}
    if kind == "JPEG":
        options |= {"comment": SECRET, "xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>", "quality": 95}
    if kind == "WEBP":
        options |= {"xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>", "lossless": True}
    return written(two_colours(), kind, **options)


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, *more: bytes) -> bytes:
    """Return a PNG that says how large it is, and packs that many zeros as tightly as can be."""
    packer = zlib.compressobj(9)
    line = b"\0" * (1 + (width + 7) // 8)
    packed = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = (png_chunk(b"IHDR", head), *more, png_chunk(b"IDAT", packed), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Return a JPEG with segments put in after its beginning."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def exif_that_unfolds(entries: int = 4_000, size: int = 60_000) -> bytes:
    """Return EXIF of 60 KB whose entries all point at the same bytes: read one by one they fill 240 MB."""
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", entries)
    body = b"".join(struct.pack("<HHII", 0x9100 + n, 7, size, 0) for n in range(entries))
    return (b"Exif\0\0" + head + body).ljust(65_000, b"\0")


def jpeg_of_many_scans(scans: int) -> bytes:
    """Return a progressive JPEG whose last scan is there many times over."""
    jpeg = written(two_colours(), progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * scans + jpeg[-2:]


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
GIF_WITH_SCRIPT = b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1);//<script>alert(1)</script>"


def animated(kind: str) -> bytes:
    return written(two_colours(), kind, save_all=True, append_images=[two_colours().rotate(90)] * 3)


def webp_that_says(width: int, height: int) -> bytes:
    """Return a WebP whose header tells a size of its own."""
    body = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"WEBP" + b"VP8X" + struct.pack("<I", len(body)) + body + written(two_colours(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def average(jpeg: bytes, box: tuple[float, float, float, float]) -> tuple[int, ...]:
    """Return the colour in the middle of a part of a photo (left, top, right, bottom as shares of it)."""
    with Image.open(io.BytesIO(jpeg)) as image:
        width, height = image.size
        left, top, right, bottom = box
        pixel = image.getpixel((round((left + right) / 2 * width), round((top + bottom) / 2 * height)))
    assert isinstance(pixel, tuple)
    return tuple(int(part) for part in pixel)


def looks(colour: tuple[int, ...], like: tuple[int, ...]) -> bool:
    return max(abs(a - b) for a, b in zip(colour, like, strict=True)) < 40
