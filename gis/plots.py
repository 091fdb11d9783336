"""Plots of evaluations: figures of matplotlib, without its global state, so that a server may draw them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from gis.evaluate import Evaluation
from gis.forecasts import RISK

_COLOURS = ("#1b5e9e", "#d1495b", "#2e8b57", "#8a6d3b", "#5b3f8c", "#4a4a4a")
_SETTINGS: Any = {"svg.hashsalt": "campus", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False}


def evaluation_figure(evaluation: Evaluation, *, title: str = "") -> Figure:
    """Return hit rates of each method with their intervals, by share of the area, and PEI beside them.

    Parameters
    ----------
    evaluation
        What :func:`gis.evaluate.evaluate` gave.
    title
        Heading; plain text.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved as SVG or PNG: ``figure.savefig(path, metadata={"Date": None})`` gives equal bytes for equal data.
    """
    shares = evaluation.shares
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(3.2 + 2.4 * len(shares), 4.4), layout="constrained")
        axes = np.atleast_1d(figure.subplots(1, len(shares), sharey=True))
        names = [one.family for one in evaluation.performances]
        for at, (share, axis) in enumerate(zip(shares, axes, strict=True)):
            for place, one in enumerate(evaluation.performances):
                colour = _COLOURS[place % len(_COLOURS)]
                rate, low, high = (100 * float(part[at]) for part in (one.hit_rate, one.low, one.high))
                axis.plot([low, high], [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
                axis.plot([rate], [place], "o", color=colour, markersize=7)
                says = f"{rate:.1f} %  PAI {float(one.pai[at]):.1f}  PEI {float(one.pei[at]):.2f}"
                axis.annotate(says, (rate, place), (0, 9), textcoords="offset points", ha="center", fontsize=8)
            axis.axvline(100 * share, color="#999999", linewidth=1, linestyle=":")
            axis.set_title(f"{100 * share:g} % of the area", fontsize=10)
            axis.set_xlabel("incidents caught, % (95 % interval)")
            axis.set_xlim(left=0)
            axis.margins(x=0.18)
            axis.set_ylim(len(names) - 0.4, -0.8)
            axis.set_yticks(range(len(names)), [_label(one, evaluation) for one in names])
        figure.supxlabel("dotted: what a map drawn at random would catch", fontsize=8, color="#555555")
        figure.suptitle(f"{title}{' · ' if title else ''}{evaluation.incidents:,} incidents foretold", fontsize=11)
    return figure


def _label(family: str, evaluation: Evaluation) -> str:
    default = " (default)" if family == evaluation.honest_default else ""
    return f"{family}{default}" if family != RISK else f"risk{default}"
