"""A brief as an Excel workbook: the texts with the numbers behind each, a sheet for every table, the pictures."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from api.services.briefs.blocks import Brief, Heading, Paragraph, Picture, Table
from api.services.exports import harmless

_LONGEST_NAME = 31  # of a sheet, in Excel


def write(brief: Brief) -> bytes:
    """Return the brief as an .xlsx file; no text in it is taken for a formula or a link."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": brief.title, "author": brief.issued_by, "comments": brief.mark,
                         "created": dt.datetime.combine(brief.issued_on, dt.time())})  # fmt: skip
    forms = {
        "head": book.add_format(
            {"bold": True, "bg_color": "#F2F2F2", "border": 1, "text_wrap": True, "valign": "vcenter"}
        ),
        "cell": book.add_format({"border": 1, "text_wrap": True, "valign": "vcenter"}),
        "title": book.add_format({"bold": True, "font_size": 16, "font_color": "#C00000"}),
        "strong": book.add_format({"bold": True, "font_size": 12}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "quiet": book.add_format({"font_color": "#808080"}),
    }
    names: set[str] = set()
    _texts(_sheet(book, brief, "简报" if brief.language == "zh" else "Brief", names), brief, forms)
    for block in brief.blocks:
        if isinstance(block, Table):
            _table(_sheet(book, brief, block.title, names), block, forms)
    pictures = [block for block in brief.blocks if isinstance(block, Picture)]
    if pictures:
        sheet = _sheet(book, brief, "图" if brief.language == "zh" else "Maps", names)
        for at, picture in enumerate(pictures):
            sheet.write_string(at * 32, 0, picture.title, forms["strong"])
            sheet.insert_image(at * 32 + 1, 0, picture.name, {"image_data": io.BytesIO(picture.png), "x_scale": 0.85,
                               "y_scale": 0.85, "description": picture.title})  # fmt: skip
    book.close()
    return out.getvalue()


def _sheet(book: Any, brief: Brief, title: str, names: set[str]) -> Any:
    name = sheet_name(title, names)
    names.add(name)
    sheet = book.add_worksheet(name)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_header("&R" + f"{brief.mark} {brief.watermark}".replace("&", "&&"))
    sheet.set_footer("&C&P / &N")
    return sheet


def sheet_name(title: str, taken: set[str]) -> str:
    """Return a title as Excel takes it for the name of a sheet, and not twice.

    Examples
    --------
    >>> sheet_name("a/b", set()), sheet_name("a", {"a"})
    ('a b', 'a 2')
    """
    name = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:_LONGEST_NAME] or "1"
    at = 2
    found = name
    while found in taken:
        found = f"{name[: _LONGEST_NAME - 3]} {at}"
        at += 1
    return found


def _texts(sheet: Any, brief: Brief, forms: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 90)
    sheet.set_column(1, 1, 60)
    lines: list[tuple[str, str, str]] = [
        (brief.masthead, "", "title"),
        (f"{brief.issue}  {brief.issued_by}  {brief.issued_on.isoformat()}", "", "text"),
        (f"{brief.mark}  {brief.watermark}  {brief.invented}".strip(), "", "quiet"),
        (brief.title, "", "strong"),
    ]
    for block in brief.blocks:
        if isinstance(block, Heading):
            lines.append((block.text, "", "strong"))
        elif isinstance(block, Paragraph):
            behind = "; ".join(f"{name} = {value:g}" for name, value in block.numbers.items() if value is not None)
            lines.append((block.text, behind, "text"))
    lines.append((brief.distribution.text, "", "text"))
    for row, (text, behind, form) in enumerate(lines):
        sheet.write_string(row, 0, str(harmless(text)), forms[form])
        sheet.write_string(row, 1, behind, forms["quiet"])


def _table(sheet: Any, block: Table, forms: dict[str, Any]) -> None:
    sheet.write_string(0, 0, block.title, forms["strong"])
    for column, (head, width) in enumerate(zip(block.heads, block.widths, strict=True)):
        sheet.set_column(column, column, 10 * width)
        sheet.write_string(1, column, head, forms["head"])
    for at, row in enumerate(block.rows):
        _row(sheet, at + 2, row, forms["cell"])
    sheet.freeze_panes(2, 1)
    sheet.repeat_rows(1)


def _row(sheet: Any, at: int, row: Sequence[str | int | float | None], form: Any) -> None:
    for column, value in enumerate(row):
        if isinstance(value, int | float):
            sheet.write_number(at, column, value, form)
        else:
            sheet.write_string(at, column, str(harmless(value or "")), form)
