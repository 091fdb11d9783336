"""The panel over the map: title, time of the week, legend and notes, as HTML in both languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gis.density import WeekSlices
from gis.maps.text import Text, catalogue, safe_text, say
from gis.privacy import ShownCounts

PLAY = '<svg viewBox="0 0 24 24" aria-hidden="true"><path class="play" d="M7 4.5v15l12.5-7.5z"/><path class="pause" d="M6 4.5h4v15H6zM14 4.5h4v15h-4z"/></svg>'
FOLD = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 9l7 7 7-7" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></svg>'


def band_text(start_min: int, end_min: int, *, after_dismissal: bool = False) -> Text:
    """Return how a band of the day is written.

    Examples
    --------
    >>> band_text(960, 1020).zh, band_text(-30, 60, after_dismissal=True).en
    ('16:00–17:00', 'dismissal −30…+60 min')
    """
    if after_dismissal:
        written = "…".join(f"{'−' if at < 0 else '+'}{abs(at)}" if at else "0" for at in (start_min, end_min))
        return say("time.after", band=written)
    return Text.of("–".join(f"{at // 60:02d}:{at % 60:02d}" for at in (start_min, end_min)))


def slice_labels(slices: WeekSlices) -> list[Text]:
    """Return the name of every slice, in their order."""
    days = [catalogue()[f"time.day{day}"] for day in slices.weekdays]
    bands = [band_text(*band, after_dismissal=slices.after_dismissal) for band in slices.bands_min]
    return [Text(f"{day.zh} {band.zh}", f"{day.en} {band.en}") for day in days for band in bands]


def time_html(slices: WeekSlices, shown: ShownCounts) -> str:
    """Return the slider of the week, its play button, and the week as a table to pick from."""
    n = len(slices)
    return (
        '<div class="time"><div class="time__row">'
        f'<button type="button" class="round" id="time-play" aria-pressed="false">{PLAY}</button>'
        f'<input type="range" id="time-range" min="0" max="{n}" step="1" value="0"></div>'
        f'<div class="time__ends" aria-hidden="true"><span>{say("time.all").html()}</span>'
        f"<span>{slice_labels(slices)[-1].html()}</span></div></div>"
        f'<div class="week foldable"><p class="label" id="week-label">{say("time.week").html()}</p>{_week_table(slices, shown)}</div>'
    )


def _week_table(slices: WeekSlices, shown: ShownCounts) -> str:
    bands = slices.bands_min
    tones = _tones(shown.slice_totals, len(bands))
    head = "".join(f'<th scope="col">{_short(band, slices.after_dismissal)}</th>' for band in bands)
    rows = []
    for at, day in enumerate(slices.weekdays):
        tds = "".join(
            _week_cell(at * len(bands) + band, shown, tones[at * len(bands) + band]) for band in range(len(bands))
        )
        rows.append(f'<tr><th scope="row">{catalogue()[f"time.day{day}"].html()}</th>{tds}</tr>')
    return (
        '<table class="week__table" aria-labelledby="week-label">'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _week_cell(at: int, shown: ShownCounts, tone: int) -> str:
    total = int(shown.slice_totals[at])
    return (
        f'<td><button type="button" tabindex="-1" data-slice="{at}" data-tone="{tone}">'
        f"{f'{total:,}' if total else '·'}</button></td>"
    )


def _tones(totals: NDArray[np.int64], bands: int) -> list[int]:
    """Return a step of five for each slice, 0 for one that is not shown: where in the week most happens."""
    most = int(totals.max(initial=0))
    return [0 if not total else 1 + min(4, int(5 * total / (most + 1))) for total in totals.tolist()]


def _short(band: tuple[int, int], after_dismissal: bool) -> str:
    start, end = band
    if after_dismissal:
        return f"{'−' if start < 0 else '+' if start else ''}{abs(start)}′"
    whole = start % 60 == 0 and end % 60 == 0
    return f"{start // 60}–{end // 60}" if whole else f"{start // 60}:{start % 60:02d}"


def legend_html(cell_m: float, k: int, *, grouped: bool = False) -> str:
    """Return the legend; the page's script fills in the classes of the view that is shown."""
    unit = say("legend.unit", cell=f"{cell_m:g}")
    blank, nothing = ("legend.no_group", "legend.no_groups") if grouped else ("legend.blank", "legend.nothing")
    return (
        f'<div class="legend"><p class="label">{unit.html()}</p><p class="legend__head" id="legend-head">'
        f'<span class="legend__range">{say("legend.count_unit").html()}</span>'
        f'<span id="legend-rate" class="legend__rate">{say("legend.rate_unit").html()}</span></p>'
        f'<p id="legend-nothing" class="legend__nothing" hidden>{say(nothing, k=k).html()}</p>'
        '<ol id="legend-classes" class="legend__classes"></ol>'
        f'<p class="legend__blank"><span class="legend__swatch legend__swatch--blank"></span>{say(blank, k=k).html()}</p></div>'
    )


def notes_html(
    *,
    k: int,
    school_days: int | None,
    week: bool,
    grouped: bool = False,
    released_until: dt.date | None = None,
    school_days_until: dt.date | None = None,
) -> str:
    """Return the notes on how to read the map."""
    notes = [say("notes.groups" if grouped else "notes.suppressed", k=k), say("notes.points"), say("notes.effort")]
    if grouped and released_until is not None:
        notes.insert(1, say("notes.released", day=released_until - dt.timedelta(days=1)))
    if school_days_until is not None:
        notes.insert(1, say("notes.days_until", until=school_days_until))
    if school_days:
        notes.insert(1, say("notes.rate", days=school_days))
    if week:
        notes.append(say("notes.week_groups" if grouped else "notes.week"))
    items = "".join(f"<li>{note.html()}</li>" for note in notes)
    return f'<details class="notes foldable"><summary>{say("notes.title").html()}</summary><ul>{items}</ul></details>'


def panel_html(title: Text, period: Text, parts: Sequence[str], *, watermark: str, credit: Text) -> str:
    """Return the panel: its head, the count of the view that is shown, and the parts given."""
    mark = f'<p class="panel__mark">{safe_text(watermark)}</p>' if watermark else ""
    if credit.zh:
        mark += f'<p class="panel__credit">{credit.html()}</p>'
    return (
        '<section id="panel" class="panel" data-open="true"><header class="panel__head"><div>'
        f'<h1>{title.html()}</h1><p class="panel__period">{period.html()}</p></div>'
        f'<button type="button" class="language" id="language">{say("page.language").html()}</button>'
        f'<button type="button" class="round round--fold" id="panel-fold" aria-controls="panel-body">{FOLD}</button>'
        '</header><div id="panel-body"><div class="now" aria-live="polite"><p class="now__time" id="time-now"></p>'
        f'<p class="now__count"><b id="count-total"></b> {say("count.incidents").html()} · '
        f'<b id="count-cells"></b> {say("count.cells").html()}</p><p class="now__hidden" id="count-hidden"></p></div>'
        f"{''.join(parts)}{mark}</div></section>"
    )


def overlays_html(notice: Text | None, watermark: str) -> str:
    """Return what lies over everything: the notice that data are made up, and the watermark."""
    strip = f'<p id="notice" class="notice" role="note">{notice.html()}</p>' if notice else ""
    marks = f"<span>{safe_text(watermark)}</span>" * 40 if watermark else ""
    return strip + (f'<div class="watermark" aria-hidden="true">{marks}</div>' if marks else "")
