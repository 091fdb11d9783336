"""Photos drawn anew, and their files on the disk. All pictures invented."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from api.errors import BadInputError, CampusError, TooLargeError, UnavailableError, UnsupportedTypeError
from api.services.backup import content_files
from api.services.photos import files
from api.services.photos.containers import MOST_SCANS
from api.services.photos.pictures import Picture, redraw, thumbnail
from api.settings import Settings
from tests import photos_sent as sent

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")


def drawn(data: bytes, *, most_megapixels: float = 50, side_px: int = 2560) -> Picture:
    return redraw(data, most_megapixels=most_megapixels, side_px=side_px, zone=ZONE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_picture_is_kept(kind: str) -> None:
    before = sent.from_a_camera(kind)
    assert sent.SECRET in before
    after = drawn(before)
    for trace in (sent.SECRET, b"Exif", b"GPS", b"xmp", b"ICC_PROFILE", b"\xff\xfe", b"\xff\xe1", b"\xff\xe2"):
        assert trace not in after.jpeg[: after.jpeg.index(b"\xff\xda")], trace
    assert after.taken_at is not None
    assert after.taken_at.isoformat() == "2026-11-03T16:20:00+09:00"
    assert (after.width_px, after.height_px) == (120, 80)


def test_the_moment_is_in_the_city_s_zone_where_the_camera_tells_none() -> None:
    told = drawn(sent.from_a_camera(offset=None)).taken_at
    assert told is not None
    assert told.isoformat() == "2026-11-03T16:20:00+08:00"
    assert drawn(sent.written(sent.two_colours())).taken_at is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "red"),
    [(1, "left"), (2, "right"), (3, "right"), (4, "left"), (5, "top"), (6, "top"), (7, "bottom"), (8, "bottom")],
)
def test_a_photo_is_turned_upright(kind: str, orientation: int, red: str) -> None:
    photo = drawn(sent.from_a_camera(kind, orientation))
    lying = orientation >= 5
    assert (photo.width_px, photo.height_px) == ((80, 120) if lying else (120, 80))
    halves = {"left": (0, 0, 0.5, 1), "right": (0.5, 0, 1, 1), "top": (0, 0, 1, 0.5), "bottom": (0, 0.5, 1, 1)}
    opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
    assert sent.looks(sent.average(photo.jpeg, halves[red]), sent.RED)
    assert sent.looks(sent.average(photo.jpeg, halves[opposite[red]]), sent.BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_shrunk_and_never_enlarged(kind: str) -> None:
    photo = drawn(sent.written(sent.two_colours(3000, 1500), kind), side_px=1000)
    assert (photo.width_px, photo.height_px) == (1000, 500)
    assert sent.looks(sent.average(photo.jpeg, (0, 0, 0.5, 1)), sent.RED)
    with Image.open(io.BytesIO(thumbnail(photo.jpeg))) as small:
        assert small.size == (480, 240)
    with Image.open(io.BytesIO(thumbnail(drawn(sent.written(sent.two_colours())).jpeg))) as small:
        assert small.size == (120, 80)


def test_what_is_transparent_becomes_white_and_every_mode_a_photo() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert sent.looks(sent.average(drawn(sent.written(clear, "PNG")).jpeg, (0, 0, 1, 1)), (255, 255, 255))
    for mode, kind in (("1", "PNG"), ("L", "JPEG"), ("LA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("CMYK", "JPEG")):
        image = Image.new("I;16", (9, 9), 65_535) if mode == "I;16" else Image.new("RGB", (9, 9), "white").convert(mode)
        photo = drawn(sent.written(image, kind))
        assert sent.looks(sent.average(photo.jpeg, (0, 0, 1, 1)), (255, 255, 255)), mode


def test_colours_of_another_profile_are_turned_into_those_of_srgb() -> None:
    lab = Image.new("RGB", (9, 9), (200, 100, 50))
    broken = drawn(sent.written(lab, icc_profile=b"no profile at all" * 100))
    assert sent.looks(sent.average(broken.jpeg, (0, 0, 1, 1)), (200, 100, 50))
    assert b"ICC_PROFILE" not in broken.jpeg


GOOD = sent.written(sent.two_colours(400, 300), quality=95)
REFUSED: list[tuple[str, bytes, type[CampusError], str]] = [
    ("30,000 × 30,000 pixels", sent.png_of(30_000, 30_000), TooLargeError, "30,000 × 30,000"),
    ("a WebP of 16,384 × 16,384", sent.webp_that_says(16_384, 16_384), TooLargeError, "16,384"),
    ("one pixel by 49 million", sent.png_of(1, 49_000_000), TooLargeError, "no side may be longer than 32,000"),
    ("a header that says another size", sent.webp_that_says(100, 100), BadInputError, ""),
    ("cut off in the middle", GOOD[: len(GOOD) // 2], BadInputError, "cut off"),
    ("a head alone", GOOD[:300], BadInputError, "cut off"),
    ("a PNG cut off", sent.written(sent.two_colours(), "PNG")[:-30], BadInputError, "cut off"),
    ("a WebP cut off", sent.written(sent.two_colours(), "WEBP")[:-30], BadInputError, "cut off"),
    ("an animated PNG", sent.animated("PNG"), BadInputError, "animated"),
    ("an animated WebP", sent.animated("WEBP"), BadInputError, "animated"),
    ("a GIF with a script", sent.GIF_WITH_SCRIPT, UnsupportedTypeError, "GIF"),
    ("an SVG", sent.SVG, UnsupportedTypeError, "XML"),
    ("a web page", b"<!doctype html><script>alert(1)</script>", UnsupportedTypeError, "web page"),
    ("HEIC", sent.HEIC, UnsupportedTypeError, "HEIC"),
    ("a bitmap", sent.written(sent.two_colours(), "BMP"), UnsupportedTypeError, "bitmap"),
    ("a TIFF", sent.written(sent.two_colours(), "TIFF"), UnsupportedTypeError, "TIFF"),
    ("nothing", b"", UnsupportedTypeError, ""),
    ("a JPEG of 1,000 scans", sent.jpeg_of_many_scans(1_000), BadInputError, f"{MOST_SCANS} passes"),
    ("a PNG of 100,000 parts", sent.png_of(8, 8, *[sent.png_chunk(b"tEXt", b"")] * 100_000), BadInputError, "parts"),
    ("a PNG of no pixels", sent.png_of(0, 0), BadInputError, "pixels"),
    ("a PNG with a wrong sum", sent.written(sent.two_colours(), "PNG").replace(b"IDAT", b"IDAT", 1)[:-20] + b"\0" * 8
     + sent.written(sent.two_colours(), "PNG")[-12:], BadInputError, ""),
]  # fmt: skip


@pytest.mark.parametrize(("data", "error", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_no_good_photo_is_refused_in_one_line(data: bytes, error: type[CampusError], said: str) -> None:
    with pytest.raises(error) as caught:
        drawn(data)
    assert said in caught.value.detail
    assert "\n" not in caught.value.detail
    assert len(caught.value.detail) < 250


def test_every_cut_and_many_flipped_bytes_are_refused_or_drawn() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = sent.from_a_camera(kind)
        for at in range(0, len(whole), 97):
            flipped = bytearray(whole)
            flipped[at] ^= 0xFF
            for broken in (whole[:at], bytes(flipped)):
                with contextlib.suppress(BadInputError):
                    assert drawn(broken).jpeg.startswith(b"\xff\xd8")


def test_exif_that_unfolds_is_not_unfolded() -> None:
    bomb = sent.jpeg_segment(0xE1, sent.exif_that_unfolds())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    photo = drawn(sent.with_segments(sent.written(sent.two_colours()), *[bomb] * 20))
    assert (photo.width_px, photo.height_px) == (120, 80)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000, "kilobytes"


def test_what_hangs_behind_a_photo_is_gone() -> None:
    for tail in (b"PK\x03\x04" + b"zipped" * 100, b"<script>alert(1)</script>", GOOD):
        assert drawn(GOOD + tail).jpeg == drawn(GOOD).jpeg
    hidden = sent.with_segments(GOOD, sent.jpeg_segment(0xFE, b"<script>alert(1)</script>"))
    assert b"script" not in drawn(hidden).jpeg


def test_a_file_is_named_by_its_content_and_is_there_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    name = files.keep(data, b"invented content")
    assert name == hashlib.sha256(b"invented content").hexdigest()
    path = data / "files" / name[:2] / name[2:4] / f"{name}.jpg"
    assert path.read_bytes() == b"invented content"
    inode = path.stat().st_ino
    assert files.keep(data, b"invented content") == name
    assert path.stat().st_ino == inode
    assert [found for _, found in content_files(Settings(data=data))] == [path]
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"spoilt")
    files.keep(data, b"invented content")
    assert files.read(data, name) == b"invented content"


def test_many_threads_that_keep_the_same_file_leave_one(tmp_path: Path) -> None:
    content = os.urandom(200_000)
    threads = [threading.Thread(target=files.keep, args=(tmp_path, content)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in everything] == [content]


def test_a_small_copy_is_made_once_and_again_where_it_is_lost(tmp_path: Path) -> None:
    name = files.keep(tmp_path, b"invented")
    made: list[bytes] = []

    def make(content: bytes) -> bytes:
        made.append(content)
        return b"small"

    assert files.small_copy(tmp_path, name, make) == files.small_copy(tmp_path, name, make) == b"small"
    assert made == [b"invented"]
    shutil.rmtree(tmp_path / "thumbnails")
    (tmp_path / "thumbnails").write_text("in the way")  # it cannot be kept: it is shown all the same
    assert files.small_copy(tmp_path, name, make) == b"small"
    assert len(made) == 2


def test_a_file_that_cannot_be_written_whole_is_not_there_at_all(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(UnavailableError):
            files.keep(tmp_path, b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert files.read(tmp_path, files.keep(tmp_path, b"x" * 200_000)) == b"x" * 200_000


FULL = """
import os, sys
from pathlib import Path
from api.errors import UnavailableError
from api.services.photos import files
data = Path(sys.argv[1])
kept = []
try:
    for n in range(1000):
        kept.append((files.keep(data, (b"%d" % n) * 9000), n))
except UnavailableError as error:
    assert error.__cause__.errno == int(sys.argv[2]), error.__cause__
else:
    raise SystemExit("the disk was never full")
assert kept and all(files.read(data, name) == (b"%d" % n) * 9000 for name, n in kept)
assert len([path for path in data.rglob("*") if path.is_file()]) == len(kept)
print("full after", len(kept))
"""


def test_a_full_disk_leaves_whole_files_only(tmp_path: Path) -> None:
    small = 'mount -t tmpfs -o size=256k tmpfs "$1" && exec "$2" -c "$3" "$1" "$4"'
    unshare = ["unshare", "-rm", "sh", "-c", small, "sh"]
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("a small disk cannot be made here")
    done = subprocess.run(
        [*unshare, str(tmp_path), sys.executable, FULL, str(errno.ENOSPC)],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "full after" in done.stdout
