"""A brief as one page that carries its style and pictures with it and runs nothing."""

from __future__ import annotations

import base64
from typing import Any

import jinja2

from api.services.briefs.blocks import Block, Brief, Heading, Paragraph, Table
from api.services.briefs.word_file import cell_text


def write(brief: Brief) -> bytes:
    """Return the brief as an .html file."""
    templates = jinja2.Environment(loader=jinja2.PackageLoader("web", "templates/files"), autoescape=True)
    page = templates.get_template("brief.html")
    return page.render(brief=brief, zh=brief.language == "zh", blocks=[_block(one) for one in brief.blocks]).encode()


def _block(one: Block) -> dict[str, Any]:
    if isinstance(one, Heading):
        return {"kind": "heading", "level": one.level, "text": one.text}
    if isinstance(one, Paragraph):
        return {"kind": "paragraph", "text": one.text}
    if isinstance(one, Table):
        rows = [[cell_text(value) for value in row] for row in one.rows]
        return {"kind": "table", "title": one.title, "heads": one.heads, "rows": rows}
    return {"kind": "picture", "title": one.title, "data": base64.b64encode(one.png).decode()}
