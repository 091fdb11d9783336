"""What a brief is made of, whatever it is written as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A heading with its number: level 1 一、, level 2 （一）."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: its key, the text that is written, the text that the numbers gave, and these numbers by name.

    ``author`` and ``version`` are of the edit, where somebody edited it; version 0: nobody did.
    """

    key: str
    text: str
    generated: str
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    author: str = ""
    version: int = 0


@dataclass(frozen=True)
class Table:
    """A table: its title, heads, rows of texts and numbers, and how wide each column is beside the others."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | int | float | None]]
    widths: Sequence[float]


@dataclass(frozen=True)
class Picture:
    """A picture (PNG), what is on it in words, and its title."""

    name: str
    title: str
    png: bytes


Block = Heading | Paragraph | Table | Picture


@dataclass(frozen=True)
class Brief:
    """A brief: what stands at its head, its blocks, and who reads it and when."""

    language: str
    masthead: str
    issue: str
    issued_by: str
    issued_on: dt.date
    title: str
    mark: str
    distribution: Paragraph
    blocks: Sequence[Block]
    watermark: str
    invented: str = ""

    @property
    def paragraphs(self) -> list[Paragraph]:
        """The paragraphs that can be edited, in order."""
        return [*(one for one in self.blocks if isinstance(one, Paragraph)), self.distribution]
