"""Clusters of the last weeks, near repeats and emerging hot spots, each as numbers and as a sentence. For the police."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from api.errors import BadInputError
from api.schemas.geojson import features
from api.services.incident_table import MINUTES_A_DAY, day_number
from api.services.questions import Question, wanted_city
from api.services.selection import Selection, by_week, select
from api.services.silence import why_nothing
from api.services.study_area import StudyCells, study_cells
from api.settings import Settings
from gis.aoristic import is_whole
from gis.errors import GisError
from gis.hotspots.chance import commonest
from gis.hotspots.emerging import Emerging, emerging_hot_spots
from gis.hotspots.near_repeat import NearRepeatTable
from gis.hotspots.near_repeat_cells import knox_of_cells
from gis.hotspots.scan import Cluster, Scan, space_time_scan
from gis.hotspots.words import LANGUAGES, cluster_sentence, emerging_name, emerging_sentence, near_repeat_sentences
from gis.lattice import cell_polygons

SCAN_RADIUS_M = 1_000.0
SCAN_WEEKS = 4
PERMUTATIONS = 99  # with a tail fitted to them
SEED = 20260901
FEWEST_BINS = 4
SURE = 0.05
UNSURE = 3
DAYS_A_WEEK = 7


def _weekly(
    session: Session, settings: Settings, wanted: Question, weeks: int, today: dt.date
) -> tuple[StudyCells, Selection, Question]:
    """Return the study area and the incidents of whole weeks up to a day."""
    if wanted.first is not None:
        raise BadInputError("the period of this question is whole weeks up to a day: leave out from, give weeks and to")
    city = wanted_city(session, wanted.city)
    area = study_cells(session, city)
    last = wanted.last or today
    asked = replace(wanted, first=last - dt.timedelta(weeks=weeks) + dt.timedelta(days=1), last=last, by_week=False)
    return area, select(session, settings, city, area.lattice, asked), asked


def _first_day(asked: Question) -> int:
    assert asked.first is not None  # noqa: S101 - set by _weekly
    return day_number(asked.first)


def _certain(found: Selection, bin_days: int) -> NDArray[np.bool_]:
    """Return which incidents a test of whole ones may count: all of their interval fits the question, in one bin.

    Of the others nobody knows whether they are to be counted, or where in time. Counted whole they would stand for as
    many that are.

    Parameters
    ----------
    bin_days
        Length of the bins of time, counted from the first day that is asked for.
    """
    table, at = found.table, found.at
    begin = _first_day(found.question) * MINUTES_A_DAY
    start, end = table.start_min[at], table.end_min[at]
    last = np.maximum(start, end - 1)
    length = bin_days * MINUTES_A_DAY
    fits = np.ones(at.size, dtype=bool) if found.weight is None else is_whole(found.weight)
    one_bin: NDArray[np.bool_] = fits & ((start - begin) // length == (last - begin) // length)
    return one_bin


def scan(session: Session, settings: Settings, wanted: Question, *, weeks: int, today: dt.date) -> dict[str, Any]:
    """Return clusters of the last four weeks (space-time permutation scan) as GeoJSON: the cells of each together.

    Returns
    -------
    dict
        A FeatureCollection, the most likely cluster first; properties ``observed`` (None: below k), ``expected``,
        ``ratio``, ``p``, ``weeks``, ``radius_m``, ``schools``, ``schools_en``, ``sentence_zh``, ``sentence_en``.
        The collection says ``weeks``, ``incidents`` (those that were counted), ``left_out`` (those of uncertain time
        that may not fit the question, or lie in another week) and, where there is nothing to tell, ``reason_zh`` and
        ``reason_en``.
    """
    if not 2 * SCAN_WEEKS <= weeks <= 104:
        raise BadInputError(f"clusters of the last weeks are looked for in {2 * SCAN_WEEKS} to 104 weeks")
    area, found, asked = _weekly(session, settings, wanted, weeks, today)
    certain = _certain(found, DAYS_A_WEEK)
    left_out = int(np.count_nonzero(~certain))
    kept = found.at[certain]

    def work_out() -> Scan:
        cell = area.index_of(found.table.column[kept], found.table.row[kept])
        week = (found.table.day[kept] - _first_day(asked)) // DAYS_A_WEEK
        return _scan(area, cell[cell >= 0], week[cell >= 0].astype(np.int64), weeks)

    result: Scan = found.table.answers.of(("scan", asked, area.version), work_out)
    told = [one for one in result.clusters if one.observed >= settings.k_anonymity]
    sure = sum(one.p <= SURE for one in told)
    clusters = told[: sure + UNSURE]  # the surest come first; of those that chance would make, a few to look at
    shapes = [shapely.union_all(cell_polygons(area.column[c.cells], area.row[c.cells], area.lattice)) for c in clusters]
    document = features(
        [f"cluster-{at + 1}" for at in range(len(clusters))],
        np.array([*shapes, None], dtype=object)[:-1],
        [_cluster(area, one) for one in clusters],
    )
    why = why_nothing(result.reason, found, area)
    said = {"weeks": weeks, "last_weeks": SCAN_WEEKS, "incidents": len(kept), "left_out": left_out}
    return document | said | {"k": settings.k_anonymity} | why


def _scan(area: StudyCells, cell: NDArray[np.int64], week: NDArray[np.int64], weeks: int) -> Scan:
    side = area.lattice.cell_m
    try:
        return space_time_scan(
            area.column * side,
            area.row * side,
            cell,
            week,
            weeks,
            radius_m=SCAN_RADIUS_M,
            most_weeks=SCAN_WEEKS,
            permutations=PERMUTATIONS,
            seed=SEED,
            tail="gumbel",
        )
    except GisError as error:
        raise BadInputError(str(error)) from None


def _cluster(area: StudyCells, one: Cluster) -> dict[str, Any]:
    zh, en = area.places[one.centre]
    said = {
        "observed": one.observed,
        "expected": float(f"{one.expected:.3g}"),
        "ratio": float(f"{one.ratio:.3g}"),
        "p": one.p,
        "weeks": one.weeks,
        "radius_m": round(one.radius_m),
        "code": area.codes[one.centre],
        **area.named(one.cells.tolist()),
    }
    return said | {
        f"sentence_{language}": cluster_sentence(
            zh if language == "zh" else en, one.observed, one.expected, one.weeks, one.radius_m, one.p, language
        )
        for language in LANGUAGES
    }


def emerging(session: Session, settings: Settings, wanted: Question, *, weeks: int, today: dt.date) -> dict[str, Any]:
    """Return which cells are new, lasting, rising, falling or past hot spots, by week, as GeoJSON.

    Of an incident of uncertain time the share counts that fits the question, in each week that it may be of; the sum of
    a cell and a week is rounded.

    Returns
    -------
    dict
        A FeatureCollection; properties ``code``, ``category`` (number of :class:`gis.hotspots.emerging.Emerging`,
        negative: cold), ``name_zh``, ``name_en``, ``count`` (None: below k), ``hot_weeks``, ``trend_p``, ``schools``,
        ``schools_en``, ``sentence_zh``, ``sentence_en``. The collection says ``weeks`` and, where so, ``reason_zh`` and
        ``reason_en``.
    """
    if not FEWEST_BINS <= weeks <= 104:
        raise BadInputError(f"emerging hot spots are looked for in {FEWEST_BINS} to 104 weeks")
    area, found, asked = _weekly(session, settings, wanted, weeks, today)
    which, week, share = by_week(session, settings, wanted_city(session, wanted.city), found)
    cell = area.index_of(found.table.column[which], found.table.row[which])
    inside = cell >= 0
    shares = np.bincount(cell[inside] * weeks + week[inside], share[inside], len(area) * weeks)
    counts = np.rint(shares).astype(np.int64).reshape(-1, weeks)
    spots = found.table.answers.of(
        ("emerging", asked, area.version), lambda: emerging_hot_spots(counts, area.neighbours)
    )
    shown = np.flatnonzero(spots.category)
    total = counts.sum(axis=1)
    near = area.neighbours.sum_with_self(total.astype(np.float64))
    properties = []
    for at in shown.tolist():
        category = int(spots.category[at])
        hot_weeks = int((spots.state[at] == np.sign(category)).sum())
        zh, en = area.places[at]
        properties.append(
            {
                "code": area.codes[at],
                "category": category,
                "kind": Emerging(abs(category)).name.lower(),
                "count": int(total[at]) if total[at] >= settings.k_anonymity else None,
                "hot_weeks": hot_weeks,
                "trend_p": None if np.isnan(spots.trend.p[at]) else float(f"{spots.trend.p[at]:.3g}"),
                **area.named([at]),
            }
            | {f"name_{language}": emerging_name(category, language) for language in LANGUAGES}
            | {
                f"sentence_{language}": emerging_sentence(
                    zh if language == "zh" else en, category, hot_weeks, weeks, int(near[at]), language
                )
                for language in LANGUAGES
            }
        )
    document = features(
        [said["code"] for said in properties],
        cell_polygons(area.column[shown], area.row[shown], area.lattice),
        properties,
    )
    why = why_nothing(commonest(spots.reason), found, area)
    return document | {"weeks": weeks, "cells": len(area), "k": settings.k_anonymity} | why


def near_repeats(
    session: Session, settings: Settings, wanted: Question, *, weeks: int, today: dt.date
) -> dict[str, Any]:
    """Return how many pairs of incidents lie near in space and time, and how many chance would give (Knox test).

    Distances are between the centres of the incidents' cells: the places themselves are not looked at. Fewer pairs than
    k are not told.

    Returns
    -------
    dict
        ``space_m`` and ``days`` (upper edges of the bands, the first row being the same cell), ``observed``,
        ``expected``, ``ratio``, ``p`` (rows by distance, columns by days), ``q`` (after the false discovery rate over
        the bands; None beyond the last one), ``incidents`` (those that were counted),
        ``left_out`` (those of uncertain time that may not fit the question, or lie on another day), ``weeks``,
        ``sentences_zh``, ``sentences_en`` and, where so, ``reason_zh`` and ``reason_en``.
    """
    if not 1 <= weeks <= 104:
        raise BadInputError("near repeats are looked for in 1 to 104 weeks")
    area, found, asked = _weekly(session, settings, wanted, weeks, today)
    side = area.lattice.cell_m
    certain = _certain(found, 1)
    left_out = int(np.count_nonzero(~certain))
    kept = found.at[certain]
    edges = tuple(side * (step + 0.5) for step in (1, 2, 4))  # a half step: centres lie on whole ones

    def work_out() -> NearRepeatTable:
        table, at = found.table, kept
        cells, cell = np.unique(np.stack([table.column[at], table.row[at]]), axis=1, return_inverse=True)
        try:
            return knox_of_cells(cells[0] * side, cells[1] * side, cell, table.day[at], space_edges_m=edges)
        except GisError as error:
            raise BadInputError(str(error)) from None

    result: NearRepeatTable = found.table.answers.of(("near", asked, side), work_out)
    k = settings.k_anonymity
    told = (result.observed == 0) | (result.observed >= k)
    said = {
        "space_m": list(edges),
        "days": result.time_edges_days.tolist(),
        "observed": [
            [int(n) if ok else None for n, ok in zip(*row, strict=True)]
            for row in zip(result.observed, told, strict=True)
        ],
        "expected": _rounded(result.expected, np.ones_like(told)),
        "ratio": _rounded(result.ratio, told),
        "p": _rounded(result.p, told),
        "q": _rounded(result.q, told),
        "incidents": len(kept),
        "left_out": left_out,
        "weeks": weeks,
        "k": k,
    }
    why = why_nothing(result.reason, found)
    return said | {f"sentences_{lang}": near_repeat_sentences(result, lang, least=k) for lang in LANGUAGES} | why


def _rounded(values: NDArray[np.float64], told: NDArray[np.bool_]) -> list[list[float | None]]:
    return [
        [float(f"{v:.4g}") if ok and np.isfinite(v) else None for v, ok in zip(*row, strict=True)]
        for row in zip(values.tolist(), told.tolist(), strict=True)
    ]
