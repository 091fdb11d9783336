"""Invented extracts of OpenStreetMap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from gis.readers.osm import OsmExtract, read_osm

M = 1 / 111_000  # degrees of latitude in a metre, near enough for drawing


class Drawing:
    """An invented extract near 120.2 E, 29.7 N, drawn in metres east and north of there."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []
        self.number = 0

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _tags(self, tags: Mapping[str, str]) -> str:
        return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())

    def node(self, east_m: float, north_m: float, **tags: str) -> int:
        number = self._next()
        lon = 120.2 + east_m * M / np.cos(np.radians(29.7))
        keys = {k.replace("__", ":"): v for k, v in tags.items()}
        self.lines.append(
            f'<node id="{number}" version="1" lat="{29.7 + north_m * M:.7f}" lon="{lon:.7f}">{self._tags(keys)}</node>'
        )
        return number

    def way(self, nodes: Sequence[int], **tags: str) -> int:
        number = self._next()
        keys = {k.replace("__", ":"): v for k, v in tags.items()}
        refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
        self.ways.append(f'<way id="{number}" version="1">{refs}{self._tags(keys)}</way>')
        return number

    def ring(self, corners: Sequence[tuple[float, float]], **tags: str) -> int:
        nodes = [self.node(x, y) for x, y in corners]
        return self.way([*nodes, nodes[0]], **tags)

    def square(self, east_m: float, north_m: float, size_m: float = 100, **tags: str) -> int:
        x, y = east_m, north_m
        return self.ring([(x, y), (x + size_m, y), (x + size_m, y + size_m), (x, y + size_m)], **tags)

    def relation(self, members: Sequence[tuple[str, int, str]], **tags: str) -> int:
        number = self._next()
        text = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        self.relations.append(f'<relation id="{number}" version="1">{text}{self._tags(tags)}</relation>')
        return number

    def text(self, *, ways_first: bool = False) -> str:
        parts = [self.ways, self.lines] if ways_first else [self.lines, self.ways]
        body = "\n".join(line for part in (*parts, self.relations) for line in part)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="invented">\n{body}\n</osm>\n'

    def save(self, folder: Path, name: str = "invented.osm") -> Path:
        path = folder / name
        path.write_text(self.text(), encoding="utf-8")
        return path

    def read(self, folder: Path) -> OsmExtract:
        return read_osm(self.save(folder))


def codes(extract: OsmExtract) -> list[str]:
    return [problem.code for problem in extract.problems]
