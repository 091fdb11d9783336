"""A brief as a Word file, laid out as Chinese offices do (GB/T 9704): red head, issue, FangSong body, HeiTi headings.

Fonts are named, not embedded: where 仿宋 and 黑体 are missing, Word and LibreOffice take what they have instead.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from api.services.briefs.blocks import Brief, Heading, Paragraph, Picture, Table
from api.services.briefs.packages import allowed, same_every_time

SONG, FANG, HEI, KAI = "宋体", "仿宋", "黑体", "楷体"
_RED = RGBColor(0xC0, 0x00, 0x00)
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MANY_COLUMNS = 6
_NARROW_MARGINS = (
    f'<w:tblCellMar {nsdecls("w")}><w:left w:w="50" w:type="dxa"/><w:right w:w="50" w:type="dxa"/></w:tblCellMar>'
)


def write(brief: Brief) -> bytes:
    """Return the brief as a .docx file."""
    document = Document()
    _page(document)
    _headers(document, brief)
    _masthead(document, brief)
    for block in brief.blocks:
        if isinstance(block, Heading):
            font = HEI if block.level == 1 else KAI
            paragraph = _text(
                document, block.text, font, 16, bold=block.level == 2, indent=True, style=f"Heading {block.level}"
            )
            paragraph.paragraph_format.keep_with_next = True
        elif isinstance(block, Paragraph):
            for line in block.text.split("\n"):
                _text(document, line, FANG, 16, indent=True)
        elif isinstance(block, Table):
            _table(document, block)
        elif isinstance(block, Picture):
            _picture(document, block)
    _rule(_text(document, brief.distribution.text, FANG, 14), "top", "000000", 6)
    return _packed(document, brief)


def _page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.0), Cm(2.6)
    section.left_margin, section.right_margin = Cm(2.7), Cm(2.5)
    section.header_distance = section.footer_distance = Cm(1.2)
    style = document.styles["Normal"]
    _font(style, FANG, 16)
    for language in document.styles.element.iter(qn("w:lang")):  # else commas are set as Taiwan sets them
        language.set(qn("w:eastAsia"), "zh-CN")
    for level in (1, 2):
        heading = document.styles[f"Heading {level}"]
        heading.font.color.rgb = RGBColor(0, 0, 0)
        _font(heading, HEI if level == 1 else KAI, 16)


def _font(style: Any, name: str, size_pt: float) -> None:
    style.font.name, style.font.size = "Times New Roman", Pt(size_pt)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), name)


def _text(
    document: Any,
    text: str,
    font: str,
    size_pt: float,
    *,
    bold: bool = False,
    indent: bool = False,
    align: Any = None,
    style: str = "Normal",
) -> Any:
    paragraph = document.add_paragraph(style=style)
    _run(paragraph, text, font, size_pt, bold=bold)
    format_ = paragraph.paragraph_format
    format_.space_before = format_.space_after = Pt(0)
    format_.line_spacing = Pt(max(size_pt * 1.75, 14))
    if indent:
        format_.first_line_indent = Pt(2 * size_pt)
    if align is not None:
        paragraph.alignment = align
    return paragraph


def _run(paragraph: Any, text: str, font: str, size_pt: float, *, bold: bool = False, colour: Any = None) -> Any:
    run = paragraph.add_run(allowed(text))
    run.font.name, run.font.size, run.font.bold = "Times New Roman", Pt(size_pt), bold
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if colour is not None:
        run.font.color.rgb = colour
    return run


def _rule(paragraph: Any, side: str, colour: str, eighths: int) -> None:
    """Draw a line above or below a paragraph."""
    border = (
        f'<w:pBdr {nsdecls("w")}><w:{side} w:val="single" w:sz="{eighths}" w:space="6" w:color="{colour}"/></w:pBdr>'
    )
    paragraph._p.get_or_add_pPr().append(parse_xml(border))


def _masthead(document: Any, brief: Brief) -> None:
    middle = WD_ALIGN_PARAGRAPH.CENTER
    mark = _text(document, "", HEI, 16)
    _run(mark, brief.mark, HEI, 16)
    size = 34 if brief.language == "zh" else 24
    head = _text(document, "", SONG, size, align=middle)
    _run(head, brief.masthead, SONG, size, bold=True, colour=_RED)
    _text(document, brief.issue, FANG, 16, align=middle)
    small = 16 if brief.language == "zh" else 12
    line = _text(document, brief.issued_by, FANG, small)
    line.paragraph_format.tab_stops.add_tab_stop(Cm(15.8), alignment=2)  # to the right
    day = brief.issued_on
    said = f"{day.year}年{day.month}月{day.day}日" if brief.language == "zh" else f"{day.day} {day:%B %Y}"
    _run(line, f"\t{said}", FANG, small)
    _rule(line, "bottom", "C00000", 18)
    title = _text(document, "", SONG, 22, align=middle)
    title.paragraph_format.space_before = title.paragraph_format.space_after = Pt(14)
    _run(title, brief.title, SONG, 20, bold=True)
    if brief.invented:
        _text(document, brief.invented, KAI, 12, align=middle)


def _table(document: Any, block: Table) -> None:
    caption = _text(document, block.title, HEI, 12, align=WD_ALIGN_PARAGRAPH.CENTER)
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(8)
    table = document.add_table(rows=1, cols=len(block.heads), style="Table Grid")
    table.autofit = False
    table._tblPr.append(parse_xml(_NARROW_MARGINS))
    size = 10.5 if len(block.heads) < _MANY_COLUMNS else 9
    total = sum(block.widths)
    widths = [Cm(15.8 * width / total) for width in block.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    _row(table.rows[0], block.heads, widths, HEI, size)
    properties = table.rows[0]._tr.get_or_add_trPr()
    properties.append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    for row in block.rows or [["" for _ in block.heads]]:
        _row(table.add_row(), row, widths, FANG, size)
    after = _text(document, "", FANG, 8)
    after.paragraph_format.line_spacing = Pt(8)


def _row(row: Any, values: Any, widths: Any, font: str, size_pt: float) -> None:
    row._tr.get_or_add_trPr().append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
    for at, (cell, value, width) in enumerate(zip(row.cells, values, widths, strict=True)):
        cell.width = width
        paragraph = cell.paragraphs[0]
        _run(paragraph, cell_text(value), font, size_pt)
        paragraph.paragraph_format.line_spacing = Pt(size_pt + 4)
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if at == 0 else WD_ALIGN_PARAGRAPH.CENTER


def cell_text(value: object) -> str:
    """Return a value as a cell shows it; a dash for what is not known.

    Examples
    --------
    >>> cell_text(None), cell_text(3), cell_text(2.5), cell_text("a")
    ('–', '3', '2.5', 'a')
    """
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _picture(document: Any, block: Picture) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before = Pt(6)
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(block.png), width=Cm(15.8))
    shape._inline.docPr.set("descr", block.title)
    shape._inline.docPr.set("name", block.name)
    _text(document, block.title, KAI, 12, align=WD_ALIGN_PARAGRAPH.CENTER)


def _headers(document: Any, brief: Brief) -> None:
    """Put the mark and who has it made when on every page, and across it."""
    section = document.sections[0]
    header = section.header.paragraphs[0]
    header.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _run(header, f"{brief.mark}  {brief.watermark}", FANG, 9, colour=RGBColor(0x80, 0x80, 0x80))
    header._p.append(_across(brief))
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = footer.add_run()
        run.font.size = Pt(12)
        inner = (
            f'<w:fldChar {nsdecls("w")} w:fldCharType="{kind}"/>'
            if kind
            else f'<w:instrText {nsdecls("w")} xml:space="preserve">{text}</w:instrText>'
        )
        run._r.append(parse_xml(inner))


def _across(brief: Brief) -> Any:
    """Return the watermark as WordArt behind the text, as Word itself writes one."""
    run = parse_xml(
        f'<w:r xmlns:w="{_W}" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">'
        "<w:rPr><w:noProof/></w:rPr><w:pict>"
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" path="m@7,l@8,m@5,21600l@6,21600e">'
        '<v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/>'
        '<v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/>'
        '<v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
        '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
        '<v:shape id="watermark" o:spid="_x0000_s2049" type="#_x0000_t136" style="position:absolute;margin-left:0;'
        "margin-top:0;width:400pt;height:34pt;rotation:320;z-index:-251658752;mso-position-horizontal:center;"
        'mso-position-horizontal-relative:margin;mso-position-vertical:center;mso-position-vertical-relative:margin" '
        'fillcolor="#d9d9d9" stroked="f"><v:fill opacity="26214f"/>'
        '<v:textpath style="font-family:&quot;仿宋&quot;;font-size:1pt" string=""/></v:shape></w:pict></w:r>'
    )
    for path in run.iter("{urn:schemas-microsoft-com:vml}textpath"):
        if path.get("string") is not None:
            path.set("string", allowed(f"{brief.mark} {brief.watermark}"))
    return run


def _packed(document: Any, brief: Brief) -> bytes:
    properties = document.core_properties
    properties.author = properties.last_modified_by = brief.issued_by
    properties.title, properties.comments, properties.revision = brief.title, brief.mark, 1
    properties.created = properties.modified = dt.datetime.combine(brief.issued_on, dt.time())
    raw = io.BytesIO()
    document.save(raw)
    return same_every_time(raw)
