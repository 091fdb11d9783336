"""A brief as slides: a title, what the figures say, the maps and charts, the tables, for those who want them."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from api.services.briefs.blocks import Brief, Heading, Paragraph, Picture, Table
from api.services.briefs.packages import allowed, same_every_time
from api.services.briefs.word_file import cell_text

_WIDTH, _HEIGHT = Inches(13.333), Inches(7.5)
_RED, _INK, _SOFT, _WHITE = (RGBColor.from_string(one) for one in ("C00000", "14232F", "808080", "FFFFFF"))
_ROWS = 12  # of a table on one slide
_FONT = "微软雅黑"


def write(brief: Brief) -> bytes:
    """Return the brief as a .pptx file."""
    show = Presentation()
    show.slide_width, show.slide_height = _WIDTH, _HEIGHT
    _title(show, brief)
    chapter, said = "", list[str]()
    for block in brief.blocks:
        if isinstance(block, Heading):
            if block.level == 1:
                _words(show, brief, chapter, said)
                chapter, said = block.text, []
        elif isinstance(block, Paragraph):
            said.append(block.text)
        elif isinstance(block, Picture):
            _picture(show, brief, block)
        elif isinstance(block, Table):
            _tables(show, brief, block)
    _words(show, brief, chapter, said)
    properties = show.core_properties
    properties.author = properties.last_modified_by = brief.issued_by
    properties.title, properties.comments, properties.revision = brief.title, brief.mark, 1
    properties.created = properties.modified = dt.datetime.combine(brief.issued_on, dt.time())
    out = io.BytesIO()
    show.save(out)
    return same_every_time(out)


def _slide(show: Any, brief: Brief, title: str) -> Any:
    """Return a new slide with its title, the mark, and who has it made and when."""
    slide = show.slides.add_slide(show.slide_layouts[6])
    if title:
        _text(slide, title, (0.6, 0.35, 12.1, 0.9), 30, bold=True)
    _text(slide, f"{brief.mark}  {brief.watermark}  {brief.invented}".strip(), (0.6, 7.0, 12.1, 0.35), 11, colour=_SOFT)
    return slide


def _text(
    slide: Any, text: str, box: tuple[float, ...], size_pt: float, *, bold: bool = False, colour: Any = _INK
) -> Any:
    shape = slide.shapes.add_textbox(*(Inches(part) for part in box))
    shape.text_frame.word_wrap = True
    for at, line in enumerate(allowed(text).split("\n")):
        paragraph = shape.text_frame.paragraphs[0] if at == 0 else shape.text_frame.add_paragraph()
        _run(paragraph, line, size_pt, bold=bold, colour=colour)
    return shape


def _run(paragraph: Any, text: str, size_pt: float, *, bold: bool = False, colour: Any = _INK) -> None:
    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold, run.font.color.rgb = Pt(size_pt), bold, colour
    properties = run._r.get_or_add_rPr()
    far_east = properties.makeelement(qn("a:ea"), {"typeface": _FONT})
    properties.append(far_east)


def _title(show: Any, brief: Brief) -> None:
    slide = _slide(show, brief, "")
    _text(slide, brief.masthead, (0.9, 1.7, 11.5, 1.2), 44, bold=True, colour=_RED)
    _text(slide, brief.title, (0.9, 3.1, 11.5, 1.4), 30, bold=True)
    _text(slide, f"{brief.issue}\n{brief.issued_by}  {brief.issued_on.isoformat()}", (0.9, 4.9, 11.5, 1.2), 20)


def _words(show: Any, brief: Brief, title: str, said: Sequence[str]) -> None:
    if not said:
        return
    size = 22 if sum(map(len, said)) < 420 else 17
    _text(_slide(show, brief, title), "\n\n".join(said), (0.6, 1.35, 12.1, 5.5), size)


def _picture(show: Any, brief: Brief, block: Picture) -> None:
    slide = _slide(show, brief, block.title)
    shape = slide.shapes.add_picture(io.BytesIO(block.png), Inches(0.6), Inches(1.3))
    scale = min(Inches(12.1) / shape.width, Inches(5.6) / shape.height)
    shape.width, shape.height = Emu(int(shape.width * scale)), Emu(int(shape.height * scale))
    shape.left = Emu(int((_WIDTH - shape.width) / 2))
    shape._element.nvPicPr.cNvPr.set("descr", block.title)


def _tables(show: Any, brief: Brief, block: Table) -> None:
    """Put a table on as many slides as it needs."""
    for start in range(0, max(1, len(block.rows)), _ROWS):
        rows = block.rows[start : start + _ROWS]
        slide = _slide(show, brief, block.title)
        shape = slide.shapes.add_table(
            len(rows) + 1, len(block.heads), Inches(0.6), Inches(1.3), Inches(12.1), Inches(0.4 * (len(rows) + 1))
        )
        total = sum(block.widths)
        for at, width in enumerate(block.widths):
            shape.table.columns[at].width = Emu(int(Inches(12.1) * width / total))
        for at, values in enumerate([block.heads, *rows]):
            for column, value in enumerate(values):
                cell = shape.table.cell(at, column)
                colour = _WHITE if at == 0 else _INK
                _run(cell.text_frame.paragraphs[0], allowed(cell_text(value)), 13, bold=at == 0, colour=colour)
