"""What kind of file an extract is, and what is wrong with it where it cannot be read."""

from __future__ import annotations

import bz2
import gzip
import re
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import osmium

from gis.errors import UnreadableFileError

ENDINGS = {".osm.gz": "osm.gz", ".osm.bz2": "osm.bz2", ".pbf": "pbf", ".osm": "osm"}
_SAYS = {"osm": "plain XML", "osm.gz": "gzipped XML", "osm.bz2": "bzip2 XML", "pbf": "PBF"}

# Objects that an editor made and never uploaded have negative numbers, which the location store cannot hold.
NEGATIVE_FROM = 1 << 42


def file_format(path: Path) -> str:
    """Return the format that both the name and the first bytes of a file say.

    Returns
    -------
    str
        ``osm``, ``osm.gz``, ``osm.bz2`` or ``pbf``.

    Raises
    ------
    UnreadableFileError
        Where the file is missing, has another ending, or holds something else than its ending says.
    """
    if not path.is_file():
        raise UnreadableFileError(f"{path.name}: there is no such file; give the path of an OpenStreetMap extract")
    named = next((kind for ending, kind in ENDINGS.items() if path.name.lower().endswith(ending)), None)
    if named is None:
        msg = f"{path.name}: not an OpenStreetMap extract by its name; give a file ending in .osm, .osm.gz, .osm.bz2 or .osm.pbf"
        raise UnreadableFileError(msg)
    held = _held(path)
    if held != named:
        is_said = f"it is {_SAYS[held]}; rename it" if held in _SAYS else f"it holds {held}; download the extract again"
        raise UnreadableFileError(f"{path.name}: the name says {_SAYS[named]}, but {is_said}")
    return named


def _held(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as unpacked:
                root = _xml_root(unpacked.read(4096))
            return "osm.gz" if root == "osm" else f"gzipped data that is not OSM XML ({root})"
        if head.startswith(b"BZh"):
            with bz2.open(path) as unpacked:
                root = _xml_root(unpacked.read(4096))
            return "osm.bz2" if root == "osm" else f"bzip2 data that is not OSM XML ({root})"
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(f"{path.name}: cannot be read ({_reason(error)}); download it again") from error
    if head[4:32].find(b"OSMHeader") >= 0:
        return "pbf"
    root = _xml_root(head)
    return "osm" if root == "osm" else root


def _xml_root(head: bytes) -> str:
    if not head.strip(b"\x00 \t\r\n"):
        return "nothing"
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", errors="replace")
    bare = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", "", text, flags=re.DOTALL).lstrip(
        "\ufeff \t\r\n"
    )
    if text.lower().lstrip("\ufeff \t\r\n").startswith("<!doctype html"):
        return "a web page (HTML)"
    found = re.match(r"<([A-Za-z][\w:.-]*)", bare)
    if found is None:
        return "something that is not OSM data"
    root = found.group(1)
    if root == "osm":
        return "osm"
    if root.lower() == "html":
        return "a web page (HTML)"
    if root.lower() == "osmchange":
        return "a change file (osmChange), not an extract"
    return f"XML of another kind (<{root}>)"


def as_input(path: Path) -> osmium.io.File:
    """Return an extract as the library wants it; its own guess of the format minds capitals."""
    kind = next(kind for ending, kind in ENDINGS.items() if path.name.lower().endswith(ending))
    return osmium.io.File(str(path), kind)


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn what the reading library raises into one line that says what, where and what to do.

    Raises
    ------
    UnreadableFileError
        In place of any error of the library.
    """
    try:
        yield
    except (RuntimeError, osmium.InvalidLocationError, UnicodeDecodeError) as error:
        reason = _reason(error).replace(f"{path.parent}/", "")
        msg = f"{path.name}: broken or cut off ({reason}); download it again or take a smaller extract"
        raise UnreadableFileError(msg) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


def is_ordered(path: Path) -> bool:
    """Return whether nodes come before ways and no object has a negative number."""
    seen_way = False
    for thing in osmium.FileProcessor(as_input(path), osmium.osm.NODE | osmium.osm.WAY):
        if thing.id < 0 or (seen_way and thing.is_node()):
            return False
        seen_way = seen_way or thing.is_way()
    return True


@contextmanager
def ordered_copy(path: Path) -> Iterator[Path]:
    """Give a copy of an extract with nodes first and no negative numbers, gone at the end.

    Overpass answers may list ways before their nodes, and files saved by an editor have negative numbers. Object
    −n becomes ``NEGATIVE_FROM + n``; :func:`own_id` turns it back.
    """
    with tempfile.TemporaryDirectory(prefix="osm-") as folder:
        copy = Path(folder) / "ordered.osm.pbf"
        with osmium.SimpleWriter(str(copy)) as writer:
            for node in osmium.FileProcessor(as_input(path), osmium.osm.NODE):
                if node.location.valid():
                    writer.add_node(node.replace(id=_positive(node.id)))
            for way in osmium.FileProcessor(as_input(path), osmium.osm.WAY):
                writer.add_way(way.replace(id=_positive(way.id), nodes=[_positive(node.ref) for node in way.nodes]))
            for relation in osmium.FileProcessor(as_input(path), osmium.osm.RELATION):
                members = [(member.type, _positive(member.ref), member.role) for member in relation.members]
                writer.add_relation(relation.replace(id=_positive(relation.id), members=members))
        yield copy


def _positive(number: int) -> int:
    return number if number >= 0 else NEGATIVE_FROM - number


def own_id(number: int) -> int:
    """Return the number that an object has in its file."""
    return number if number < NEGATIVE_FROM else NEGATIVE_FROM - number
