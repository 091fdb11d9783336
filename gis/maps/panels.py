"""Maps for paper and for the wall, drawn without a browser: panels side by side with one scale, townships and circles.

Matplotlib's ``Figure`` alone is used, never pyplot, which keeps figures for the whole process. The same input gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from gis.errors import GisError

FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Microsoft YaHei", "SimHei", "DejaVu Sans")
# fixed once: what Figure draws with is process-wide, and a change while another thread draws would be seen by it
mpl.rcParams.update(
    {"font.family": "sans-serif", "font.sans-serif": list(FONTS), "svg.fonttype": "none", "svg.hashsalt": "campus",
     "axes.unicode_minus": False}
)  # fmt: skip

Form = Literal["svg", "png"]
_INK, _SOFT, _EDGE = "#14232f", "#4a5a67", "#8b98a3"
_RISING = LinearSegmentedColormap.from_list("rising", ["#f3f5f6", "#fbd9a7", "#f09a54", "#c8451e"])
_EFFORT = LinearSegmentedColormap.from_list("effort", ["#f3f5f6", "#c3dcef", "#6fa8d6", "#1b5e9e"])
_CHANGE = LinearSegmentedColormap.from_list("change", ["#1b7a4b", "#bfe3cd", "#f6f6f4", "#f6c6a8", "#b3261e"])
_COLOURS: dict[str, tuple[Colormap, str]] = {
    "rising": (_RISING, "#8e1b12"), "effort": (_EFFORT, "#0f3d68"), "change": (_CHANGE, "#8e1b12")
}  # fmt: skip
_LESS = "#1b7a4b"
_LARGEST_PT2 = 520.0
_FULL_SIZE = 8.0  # fewer than so many never fill the largest circle
_MOST_NAMES = 40


@dataclass(frozen=True)
class Panel:
    """One map of several.

    Attributes
    ----------
    title, note
        Above and below it.
    fill
        Value of each township, NaN for none, shape ``(townships,)``; empty: townships are not filled.
    fill_unit
        What the colour means.
    places
        Middle of each circle in metres of a plane, shape ``(n, 2)``.
    sizes
        Number that each circle stands for, negative for fewer (in panels of change), shape ``(n,)``.
    colours
        ``rising`` for what is worse the more there is, ``effort`` for what is done, ``change``.
    scale
        Panels of the same name have the same scale.
    """

    title: str
    fill: NDArray[np.float64]
    places: NDArray[np.float64]
    sizes: NDArray[np.float64]
    note: str = ""
    fill_unit: str = ""
    size_unit: str = ""
    colours: Literal["rising", "effort", "change"] = "rising"
    scale: str = "one"


@dataclass(frozen=True)
class Ground:
    """What every panel shows: outlines of townships in metres of a plane, and their names."""

    outlines: NDArray[np.object_]
    names: Sequence[str] = field(default=())


def draw_panels(
    panels: Sequence[Panel], ground: Ground, *, form: Form = "svg", watermark: str = "", width_in: float = 11.0
) -> bytes:
    """Return maps side by side as one picture.

    Parameters
    ----------
    panels
        From left to right.
    ground
        What they show.
    form
        ``svg`` for screens, ``png`` (200 dots per inch) for documents.
    watermark
        Who looks at it and when; drawn across every panel.
    width_in
        Width in inches.

    Raises
    ------
    GisError
        Where there is no panel.
    """
    if not panels:
        raise GisError("a picture needs a panel")
    box = _box(panels, ground)
    height = width_in / len(panels) * min(1.5, max(0.6, (box[3] - box[1]) / (box[2] - box[0]))) + 1.1
    figure = Figure(figsize=(width_in, height), dpi=200 if form == "png" else 72, facecolor="white")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    figure.subplots_adjust(left=0.005, right=0.995, top=1 - 0.42 / height, bottom=0.62 / height, wspace=0.02)
    for axis, panel in zip(axes, panels, strict=True):
        alike = [one for one in panels if one.scale == panel.scale]
        _draw(axis, panel, alike, ground, box, halo=form == "png")
        if watermark:
            axis.text(0.5, 0.5, watermark, transform=axis.transAxes, rotation=24, ha="center", va="center",
                      fontsize=11, color=_SOFT, alpha=0.16, zorder=9)  # fmt: skip
    out = io.BytesIO()
    blank = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
    figure.savefig(out, format=form, metadata=blank)
    return out.getvalue()


def _box(panels: Sequence[Panel], ground: Ground) -> tuple[float, float, float, float]:
    parts = [shapely.get_coordinates(shape) for shape in ground.outlines]
    parts += [panel.places for panel in panels]
    every = np.concatenate([part.reshape(-1, 2) for part in parts]) if parts else np.empty((0, 2))
    if not len(every):
        return 0.0, 0.0, 1.0, 1.0
    low, high = every.min(axis=0), every.max(axis=0)
    margin = max(float((high - low).max()) * 0.04, 200.0)
    return float(low[0] - margin), float(low[1] - margin), float(high[0] + margin), float(high[1] + margin)


def _draw(
    axis: Any, panel: Panel, alike: Sequence[Panel], ground: Ground, box: tuple[float, ...], *, halo: bool
) -> None:
    colours, circle = _COLOURS[panel.colours]
    norm = _norm(alike, panel.colours)
    filled = panel.fill if len(panel.fill) else np.full(len(ground.outlines), np.nan)
    for shape, value in zip(ground.outlines, filled, strict=True):
        paint = "#fbfbfa" if np.isnan(value) else colours(norm(value))
        axis.add_patch(PathPatch(_path(shape), facecolor=paint, edgecolor=_EDGE, linewidth=0.6, zorder=1))
    _circles(axis, panel, alike, circle, halo=halo)
    if ground.names and len(ground.names) <= _MOST_NAMES:
        for name, shape in zip(ground.names, ground.outlines, strict=True):
            at = shape.representative_point()
            axis.text(at.x, at.y, name, ha="center", va="center", fontsize=6.5, color=_SOFT, zorder=4,
                      path_effects=_halo(1.6) if halo else None)  # fmt: skip
    axis.set(xlim=(box[0], box[2]), ylim=(box[1], box[3]), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set_color("#d6dde2")
    axis.set_title(panel.title, fontsize=11, color=_INK, fontweight="bold", pad=5)
    _legend(axis, panel, colours, norm, filled)


def _circles(axis: Any, panel: Panel, alike: Sequence[Panel], colour: str, *, halo: bool) -> None:
    largest = max([_FULL_SIZE, *(float(np.abs(one.sizes).max()) for one in alike if len(one.sizes))])
    order = np.argsort(-np.abs(panel.sizes), kind="stable")  # the small ones on top
    order = order[panel.sizes[order] != 0]
    if not len(order):
        return
    size = panel.sizes[order]
    paint = [colour if one > 0 else _LESS for one in size] if panel.colours == "change" else colour
    area = np.maximum(_LARGEST_PT2 * np.abs(size) / largest, 5.0)
    axis.scatter(*panel.places[order].T, s=area, c=paint, alpha=0.62, linewidths=0.5, edgecolors="white", zorder=5)
    for at in order[:3]:
        sign = "+" if panel.colours == "change" and panel.sizes[at] > 0 else ""
        axis.text(*panel.places[at], f"{sign}{panel.sizes[at]:g}", ha="center", va="center", fontsize=8, color=_INK,
                  fontweight="bold", zorder=6, path_effects=_halo(2) if halo else None)  # fmt: skip


def _halo(width_pt: float) -> list[Any]:
    """Return a white rim for letters; in SVG it would turn them into outlines, ten times the size."""
    return [withStroke(linewidth=width_pt, foreground="white")]


def _norm(alike: Sequence[Panel], colours: str) -> Normalize:
    values = np.concatenate([one.fill for one in alike]) if alike else np.empty(0)
    values = values[np.isfinite(values)]
    top = float(np.abs(values).max()) if len(values) else 0.0
    top = top if top > 0 else 1.0
    return TwoSlopeNorm(0.0, -top, top) if colours == "change" else Normalize(0.0, top)


def _legend(axis: Any, panel: Panel, colours: Colormap, norm: Normalize, filled: NDArray[np.float64]) -> None:
    """Draw a bar of colours with its ends below the panel, and what circles mean."""
    words = " · ".join(word for word in (panel.size_unit, panel.note) if word)
    axis.text(0.0, -0.085, words, transform=axis.transAxes, fontsize=7.5, color=_SOFT, va="top")
    if not np.isfinite(filled).any():
        return
    bar = axis.inset_axes((0.0, -0.05, 0.34, 0.022))
    bar.imshow(np.linspace(0, 1, 64)[None, :], aspect="auto", cmap=colours)
    bar.set(xticks=[], yticks=[])
    bar.spines[:].set_visible(False)
    low = "0" if norm.vmin == 0 else f"{norm.vmin:.3g}"
    text = f"{low} – {norm.vmax:.3g}  {panel.fill_unit}"
    axis.text(0.36, -0.039, text, transform=axis.transAxes, fontsize=7.5, color=_SOFT, va="center")


def _path(shape: Any) -> Path:
    """Return a polygon, or several, as one path with its holes."""
    vertices, codes = [], []
    for ring in shapely.get_rings(shape):
        xy = shapely.get_coordinates(ring)
        vertices.append(xy)
        codes += [Path.MOVETO, *[Path.LINETO] * (len(xy) - 2), Path.CLOSEPOLY]
    return Path(np.concatenate(vertices), codes) if vertices else Path(np.zeros((1, 2)))


def bar_chart(
    names: Sequence[str],
    series: Sequence[tuple[str, Sequence[float]]],
    *,
    title: str,
    form: Form = "svg",
    width_in: float = 7.0,
) -> bytes:
    """Return bars side by side for each name: this period beside the last.

    Parameters
    ----------
    series
        Name and values of each, the first drawn strongest.
    """
    height = 0.9 + 0.34 * max(1, len(names))
    figure = Figure(figsize=(width_in, height), dpi=200 if form == "png" else 72, facecolor="white")
    axis = figure.subplots()
    thick = 0.8 / max(1, len(series))
    for at, (name, values) in enumerate(series):
        place = np.arange(len(names)) + (at - (len(series) - 1) / 2) * thick
        bars = axis.barh(place, values, thick * 0.92, color=("#c8451e", "#c9d1d7")[at % 2], label=name)
        axis.bar_label(bars, labels=[f"{value:g}" for value in values], fontsize=8, color=_INK, padding=2)
    axis.set(yticks=range(len(names)), xticks=[])
    axis.set_yticklabels(names, fontsize=9, color=_INK)
    axis.invert_yaxis()
    axis.margins(x=0.12)
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.set_title(title, fontsize=11, color=_INK, fontweight="bold", loc="left")
    axis.legend(fontsize=8, frameon=False, loc="lower right")
    figure.subplots_adjust(left=0.24, right=0.97, top=1 - 0.4 / height, bottom=0.12 / height)
    out = io.BytesIO()
    blank = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
    figure.savefig(out, format=form, metadata=blank)
    return out.getvalue()
