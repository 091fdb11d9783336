"""Hot spots as sentences, in Chinese and English, from numbers alone.

A sentence never says more than its numbers: small chances are given as a bound, and where there is no p-value it says
why.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gis.errors import GisError
from gis.hotspots.chance import Reason
from gis.hotspots.emerging import Emerging
from gis.hotspots.near_repeat import NearRepeatTable
from gis.hotspots.neighbours import Floats

LANGUAGES = ("zh", "en")

_DAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_BOUNDS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000)

_REASONS = {
    Reason.NO_INCIDENTS: ("所选范围内没有事件", "there were no incidents"),
    Reason.NO_VARIATION: ("各处数量相同，无从比较", "all values are the same, so there is nothing to compare"),
    Reason.NO_NEIGHBOURS: ("研究范围内没有相邻网格", "no neighbouring cell lies in the study area"),
    Reason.CONCENTRATED: (
        "只有一个网格与其他网格不同，无从判断是否偶然",
        "only one cell differs from all the others, so whether that is chance cannot be told",
    ),
    Reason.EVERYWHERE: ("范围过小，所有网格互为相邻", "the area is so small that all cells are neighbours"),
    Reason.LONE: ("只有一起事件，无从比较", "there is only one incident, so there is nothing to compare it with"),
    Reason.ONE_PLACE: ("事件都在同一网格，无从比较远近", "all incidents lie in one cell, so distances tell nothing"),
    Reason.ONE_TIME: ("事件都在同一时间，无从比较先后", "all incidents are of one day or week, so times tell nothing"),
    Reason.NONE_OF_LATE: ("最近几周没有事件", "there was no incident in the last weeks"),
}
_EMERGING = {
    Emerging.NEW: ("新增{}点", "new {} spot"),
    Emerging.CONSECUTIVE: ("连续{}点", "consecutive {} spot"),
    Emerging.INTENSIFYING: ("增强{}点", "intensifying {} spot"),
    Emerging.PERSISTENT: ("持续{}点", "persistent {} spot"),
    Emerging.DIMINISHING: ("减弱{}点", "diminishing {} spot"),
    Emerging.SPORADIC: ("零星{}点", "sporadic {} spot"),
    Emerging.OSCILLATING: ("反复{}点", "oscillating {} spot"),
    Emerging.HISTORICAL: ("历史{}点", "historical {} spot"),
}


@dataclass(frozen=True)
class Finding:
    """What a sentence is made of.

    Attributes
    ----------
    place_zh, place_en
        What the spot lies around: "实验小学南门", "the south gate of Shiyan Primary School".
    observed, expected
        Incidents, and how many were to be expected; NaN where that is not known.
    weeks
        Length of the period.
    p
        p-value, or q-value where many places were compared; None or NaN where there is none.
    weekdays
        ISO weekdays, 1 = Monday; empty or all seven: every day.
    minutes
        From and to, as minutes after midnight; None: the whole day.
    reason
        Why there is no p-value.
    """

    place_zh: str
    place_en: str
    observed: int
    expected: float
    weeks: int
    p: float | None = None
    weekdays: Sequence[int] = ()
    minutes: tuple[int, int] | None = None
    reason: Reason = Reason.NONE


def describe(finding: Finding, language: str) -> str:
    """Return a finding as one sentence.

    Raises
    ------
    GisError
        If the language, a weekday, the minutes or a number makes no sense.

    Examples
    --------
    >>> found = Finding("某校南门", "the south gate of X", 14, 4.6, 13, 0.004, (2, 3, 4), (970, 1020))
    >>> print(describe(found, "en"))
    Around the south gate of X, Tuesdays to Thursdays 16:10–17:00: 14 incidents in 13 weeks where 4.6 were to be expected; chance of that below 1 in 200.
    >>> print(describe(found, "zh"))
    某校南门周边，周二至周四 16:10–17:00：13 周内 14 起，预期 4.6 起；偶然出现的可能性低于 1/200。
    """
    _check(finding, language)
    return _chinese(finding) if language == "zh" else _english(finding)


def chance(p: float, language: str) -> str:
    """Return a p-value as a bound that it does not exceed, or in per cent where it is no rare chance.

    Examples
    --------
    >>> chance(0.004, "en"), chance(0.3, "en"), chance(0.05, "en")
    ('chance of that below 1 in 200', 'chance alone would do that in 30 % of cases', 'chance of that 1 in 20')
    """
    if not 0 <= p <= 1:
        raise GisError(f"{p} is no p-value")
    if p > 1 / _BOUNDS[0]:
        percent = f"{100 * p:.0f}"
        return (
            f"偶然也会有 {percent}% 的可能出现"
            if language == "zh"
            else f"chance alone would do that in {percent} % of cases"
        )
    bound = max(b for b in _BOUNDS if p <= 1 / b)
    exact = math.isclose(p, 1 / bound)
    if language == "zh":
        return f"偶然出现的可能性{'为' if exact else '低于'} 1/{bound:,}"
    return f"chance of that {'' if exact else 'below '}1 in {bound:,}"


def why_not(reason: Reason, language: str) -> str:
    """Return in words why there is no p-value; empty where there is one."""
    return _REASONS[reason][_at(language)] if reason in _REASONS else ""


def emerging_name(category: int, language: str) -> str:
    """Return the name of an :class:`gis.hotspots.emerging.Emerging` category; negative for cold spots.

    Examples
    --------
    >>> emerging_name(Emerging.NEW, "en"), emerging_name(-Emerging.NEW, "zh"), emerging_name(0, "en")
    ('new hot spot', '新增冷点', 'no pattern')
    """
    if category == 0:
        return ("无明显模式", "no pattern")[_at(language)]
    kind = (("热", "hot") if category > 0 else ("冷", "cold"))[_at(language)]
    return _EMERGING[Emerging(abs(category))][_at(language)].format(kind)


def cluster_sentence(
    place: str, observed: int, expected: float, weeks: int, radius_m: float, p: float, language: str
) -> str:
    """Return a cluster of the last weeks (:mod:`gis.hotspots.scan`) as one sentence.

    Examples
    --------
    >>> print(cluster_sentence("the south gate of X", 9, 2.1, 2, 300, 0.01, "en"))
    Around the south gate of X, within 300 m, in the last 2 weeks: 9 incidents where 2.1 were to be expected; chance of that 1 in 100.
    """
    _at(language)
    if language == "zh":
        where = f"，半径 {radius_m:.0f} m 内" if radius_m >= 1 else ""
        return f"{place}周边{where}，最近 {weeks} 周：{observed} 起，预期 {expected:.1f} 起；{chance(p, language)}。"
    where = f", within {radius_m:.0f} m" if radius_m >= 1 else ""
    when = "the last week" if weeks == 1 else f"the last {weeks} weeks"
    return (
        f"Around {place}{where}, in {when}: {observed} incidents where {expected:.1f} were to be expected; "
        f"{chance(p, language)}."
    )


def emerging_sentence(place: str, category: int, hot_bins: int, bins: int, count: int, language: str) -> str:
    """Return how a place has been a hot or cold spot (:mod:`gis.hotspots.emerging`) as one sentence.

    Examples
    --------
    >>> print(emerging_sentence("the south gate of X", Emerging.NEW, 1, 13, 12, "en"))
    Around the south gate of X: new hot spot, hot in 1 of 13 weeks; 12 incidents in and around the cell.
    """
    name = emerging_name(category, language)
    if language == "zh":
        kind = "热" if category > 0 else "冷"
        return f"{place}周边：{name}，{bins} 周中有 {hot_bins} 周为{kind}点；该网格及相邻网格共 {count} 起。"
    kind = "hot" if category > 0 else "cold"
    incidents = f"{count} incident{'' if count == 1 else 's'}"
    return f"Around {place}: {name}, {kind} in {hot_bins} of {bins} weeks; {incidents} in and around the cell."


def near_repeat_sentences(table: NearRepeatTable, language: str, *, least: int = 3, sure: float = 0.05) -> list[str]:
    """Return the bands of a Knox table in which more pairs lie than chance would give, each as a sentence.

    Bands with fewer pairs than ``least`` are not told; what lies beyond the last band in space or time neither. Many
    bands are looked at, so the chance is that after the false discovery rate over them.
    """
    _at(language)
    if table.reason is not Reason.NONE:
        return []
    found, adjusted = [], table.q
    for row in range(len(table.space_edges_m) + 1):
        for column in range(len(table.time_edges_days)):
            n, ratio, q = (
                int(table.observed[row, column]),
                float(table.ratio[row, column]),
                float(adjusted[row, column]),
            )
            if n < least or not ratio > 1 or q > sure:
                continue
            near, soon = _band(table.space_edges_m, row, language), _span(table.time_edges_days, column, language)
            more = f"{100 * (ratio - 1):.0f}"
            if language == "zh":
                found.append(f"{near}、{soon}再发生的有 {n:,} 对，比偶然多 {more}%；{chance(q, language)}。")
            else:
                found.append(f"{n:,} pairs lie {near} and {soon}, {more} % more than by chance; {chance(q, language)}.")
    return found


def _band(edges: Floats, row: int, language: str) -> str:
    if row == 0:
        return ("在同一网格", "in the same cell")[_at(language)]
    upper = f"{edges[row - 1]:.0f}"
    if row == 1:
        return (f"相距不足 {upper} m", f"less than {upper} m apart")[_at(language)]
    lower = f"{edges[row - 2]:.0f}"
    return (f"相距 {lower}–{upper} m", f"{lower}–{upper} m apart")[_at(language)]


def _span(edges: Floats, column: int, language: str) -> str:
    upper = f"{edges[column]:g}"
    if column == 0:
        words = ("同一天", "on the same day") if edges[0] == 1 else (f"{upper} 天之内", f"within {upper} days")
        return words[_at(language)]
    lower, whole = edges[column - 1], not np.mod(edges, 1).any()
    days = f"{lower:g}–{edges[column] - 1 if whole else edges[column]:g}"  # the upper edge itself lies in the next band
    return (f"{days} 天之内", f"{days} days after")[_at(language)]


def _at(language: str) -> int:
    if language not in LANGUAGES:
        raise GisError(f"the language {language!r} is not known; zh and en are")
    return LANGUAGES.index(language)


def _check(finding: Finding, language: str) -> None:
    _at(language)
    if not set(finding.weekdays) <= set(range(1, 8)):
        raise GisError("weekdays must be numbers from 1 (Monday) to 7 (Sunday)")
    if finding.minutes is not None and not 0 <= finding.minutes[0] < finding.minutes[1] <= 24 * 60:
        raise GisError(f"from minute {finding.minutes[0]} to minute {finding.minutes[1]} is no part of a day")
    if finding.observed < 0 or finding.weeks < 1 or finding.expected < 0:
        raise GisError("incidents cannot be fewer than none, nor weeks fewer than one")


def _clock(minutes: tuple[int, int]) -> str:
    return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes)


def _days(weekdays: Sequence[int], language: str) -> str:
    """Return weekdays with runs of three and more drawn together; empty for every day."""
    days = sorted(set(weekdays))
    if len(days) in (0, 7):
        return ""
    names, (join, last, to) = _DAYS[language], (("、", "、", "至") if language == "zh" else (", ", " and ", " to "))
    plural = "" if language == "zh" else "s"
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [
        part
        for run in runs
        for part in (
            [f"{names[run[0] - 1]}{plural}{to}{names[run[-1] - 1]}{plural}"]
            if len(run) > 2
            else [f"{names[day - 1]}{plural}" for day in run]
        )
    ]
    return parts[0] if len(parts) == 1 else join.join(parts[:-1]) + last + parts[-1]


def _when(finding: Finding, language: str) -> str:
    clock = "" if finding.minutes is None else _clock(finding.minutes)
    return " ".join(part for part in (_days(finding.weekdays, language), clock) if part)


def _ending(finding: Finding, language: str) -> str:
    if finding.p is not None and not math.isnan(finding.p):
        return chance(finding.p, language)
    why = why_not(finding.reason, language)
    if language == "zh":
        return f"无法判断是否偶然：{why}" if why else "未作显著性检验"
    return f"whether by chance cannot be told: {why}" if why else "not tested against chance"


def _chinese(finding: Finding) -> str:
    when = _when(finding, "zh")
    fair = "" if math.isnan(finding.expected) else f"，预期 {finding.expected:.1f} 起"
    head = f"{finding.place_zh}周边" + (f"，{when}" if when else "")
    return f"{head}：{finding.weeks} 周内 {finding.observed} 起{fair}；{_ending(finding, 'zh')}。"


def _english(finding: Finding) -> str:
    when = _when(finding, "en")
    incidents = f"{finding.observed} incident{'' if finding.observed == 1 else 's'}"
    weeks = f"{finding.weeks} week{'' if finding.weeks == 1 else 's'}"
    number = f"{finding.expected:.1f}"
    fair = (
        "" if math.isnan(finding.expected) else f" where {number} {'was' if number == '1.0' else 'were'} to be expected"
    )
    head = f"Around {finding.place_en}" + (f", {when}" if when else "")
    return f"{head}: {incidents} in {weeks}{fair}; {_ending(finding, 'en')}."
