"""Drawn pictures of a school gate, with and without what was reported there: no photo of a real place or person."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw

_SIZE = (960, 720)
_SKY, _WALL, _GATE, _PAVEMENT, _ROAD = "#cfe3f2", "#d9c7a8", "#7d8a94", "#b9b6b0", "#6b6e73"
_AWNINGS = ("#c0392b", "#d98c1f", "#2f7d5b", "#34629c")


def gate_scene(category: str, number: int, *, gone: bool) -> bytes:
    """Draw the street before a gate as PNG.

    Parameters
    ----------
    category
        What was reported: stalls (``VEN``), cars (``TRF``), else rubbish.
    number
        Which of the scenes: each looks a little different, and the same number always the same.
    gone
        Whether it was put right since.
    """
    random = np.random.default_rng(number)
    image = Image.new("RGB", _SIZE, _SKY)
    draw = ImageDraw.Draw(image)
    gate = int(random.integers(300, 460))
    draw.rectangle((0, 190, _SIZE[0], 430), fill=_WALL)
    draw.rectangle((gate, 150, gate + 230, 430), fill=_GATE)
    for bar in range(gate + 15, gate + 230, 25):
        draw.line((bar, 165, bar, 425), fill="#4b555d", width=6)
    draw.rectangle((0, 430, _SIZE[0], 560), fill=_PAVEMENT)
    draw.rectangle((0, 560, _SIZE[0], _SIZE[1]), fill=_ROAD)
    for dash in range(20, _SIZE[0], 150):
        draw.rectangle((dash, 636, dash + 80, 646), fill="#f4f1e6")
    if not gone:
        draw_one = {"VEN": _stall, "TRF": _car}.get(category, _rubbish)
        for place in range(3):
            draw_one(draw, 70 + place * 290 + int(random.integers(-40, 40)), _AWNINGS[int(random.integers(4))])
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _stall(draw: ImageDraw.ImageDraw, x: int, colour: str) -> None:
    draw.polygon([(x, 370), (x + 190, 370), (x + 170, 310), (x + 20, 310)], fill=colour)
    draw.rectangle((x + 18, 370, x + 24, 545), fill="#55463a")
    draw.rectangle((x + 166, 370, x + 172, 545), fill="#55463a")
    draw.rectangle((x + 5, 460, x + 185, 545), fill="#e9ddc7", outline="#8a7a62", width=3)
    for pot in range(3):
        draw.ellipse((x + 25 + pot * 52, 432, x + 65 + pot * 52, 466), fill="#5a5a5a")


def _car(draw: ImageDraw.ImageDraw, x: int, colour: str) -> None:
    draw.rounded_rectangle((x, 530, x + 220, 600), 18, fill=colour)
    draw.polygon([(x + 35, 532), (x + 70, 480), (x + 160, 480), (x + 190, 532)], fill="#c7d6e0")
    for wheel in (x + 30, x + 145):
        draw.ellipse((wheel, 575, wheel + 50, 625), fill="#23262a")


def _rubbish(draw: ImageDraw.ImageDraw, x: int, colour: str) -> None:
    for bag, (dx, dy) in enumerate(((0, 0), (60, 12), (28, -38))):
        box = (x + dx, 470 + dy, x + dx + 80, 545 + dy)
        draw.ellipse(box, fill=colour if bag == 2 else "#3b4148", outline="#20242a", width=3)
