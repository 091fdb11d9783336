"""A brief as PDF, set by Typst; texts go in as data, so that none of them can be taken for markup."""

from __future__ import annotations

import json
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from api.services.briefs.blocks import Block, Brief, Heading, Paragraph, Table
from api.services.briefs.word_file import cell_text

_LONG = 16  # more than a narrow column holds


def write(brief: Brief) -> bytes:
    """Return the brief as a .pdf file."""
    source = resources.files("api.services.briefs").joinpath("brief.typ").read_text(encoding="utf-8")
    day = brief.issued_on
    said = {
        "language": brief.language,
        "mark": brief.mark,
        "masthead": brief.masthead,
        "issue": brief.issue,
        "issued_by": brief.issued_by,
        "issued_on": f"{day.year}年{day.month}月{day.day}日" if brief.language == "zh" else f"{day.day} {day:%B %Y}",
        "title": brief.title,
        "invented": brief.invented,
        "watermark": brief.watermark,
        "distribution": brief.distribution.text,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said["blocks"] = [_block(one, folder) for one in brief.blocks]  # type: ignore[assignment]
        (folder / "brief.typ").write_text(source, encoding="utf-8")
        inputs = {"brief": json.dumps(said, ensure_ascii=False)}
        made = typst.compile(str(folder / "brief.typ"), root=str(folder), sys_inputs=inputs, format="pdf")
    assert isinstance(made, bytes)  # noqa: S101 - without an output file Typst answers bytes
    return made


def _block(one: Block, folder: Path) -> dict[str, Any]:
    if isinstance(one, Heading):
        return {"kind": "heading", "level": one.level, "text": one.text}
    if isinstance(one, Paragraph):
        return {"kind": "paragraph", "text": one.text}
    if isinstance(one, Table):
        rows = [[_breakable(cell_text(value)) for value in row] for row in one.rows] or [["" for _ in one.heads]]
        return {"kind": "table", "title": one.title, "heads": list(one.heads), "rows": rows, "widths": list(one.widths)}
    (folder / f"{one.name}.png").write_bytes(one.png)
    return {"kind": "picture", "title": one.title, "png": f"{one.name}.png"}


def _breakable(text: str) -> str:
    """Let long numbers of cases break after their hyphens."""
    return text.replace("-", "-\u200b") if len(text) > _LONG else text
