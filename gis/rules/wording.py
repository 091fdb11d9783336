"""A verdict as a sentence, in Chinese and English."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gis.rules.table import BASIS_STATUS, Rule
from gis.rules.verdicts import BORDERLINE, INSIDE, OUTSIDE, UNDETERMINED

LEAD_NOTICE = {
    "zh": "疑似线索，非认定结论；以执法部门现场核查为准。",
    "en": "A lead, not a finding: the department in charge confirms it on the spot.",
}

_HOW = {
    "boundary": ("距校园边界", "from the campus boundary of"),
    "gate": ("直线距最近校门", "in a straight line from the nearest gate of"),
    "walk": ("自校门步行至", "on foot from the gate of"),
}
_VERDICT = {
    INSIDE: ("在限制距离内", "inside"),
    OUTSIDE: ("在限制距离外", "outside"),
    BORDERLINE: ("临界（小于定位误差）", "borderline (closer than the position error)"),
    UNDETERMINED: ("结论待确定", "undetermined"),
}
_AREA_VERDICT = {
    INSIDE: ("在乡镇划定范围内", "inside the area that the township drew"),
    OUTSIDE: ("在乡镇划定范围外", "outside the area that the township drew"),
    BORDERLINE: (
        "在乡镇划定范围边缘（小于定位误差）",
        "borderline: closer to the edge of the township's area than the position error",
    ),
}
_NOTES = {
    "stage_unknown": ("学校学段未知", "the school's stage is not known"),
    "no_metres": ("规定未写米数", "the rule states no metres"),
    "position_too_coarse": ("位置过粗", "the position is too coarse"),
    "no_gate": ("学校尚无校门位置", "no gate of the school is known"),
    "walk_not_measured": ("步行距离未测", "the walk was not measured"),
    "walk_cannot_be_shorter": ("步行不会短于直线", "a walk is never shorter than the straight line"),
    "walk_estimated": ("步行距离为路网估算", "the walk is estimated on a street network"),
    "walk_measured": ("步行距离为现场实测", "the walk was measured on the spot"),
}


def explain(row: Any, rule: Rule, language: str, *, school_name: str = "") -> str:
    """Return one sentence for a row of :func:`gis.rules.screen` or :func:`gis.rules.check`.

    Parameters
    ----------
    row
        The row, with its columns as attributes.
    rule
        The rule of the row.
    language
        "zh" or "en".
    school_name
        The name of the school.
    """
    at = 0 if language == "zh" else 1
    codes = row.notes.split()
    extra = [words[at] for code, words in _NOTES.items() if code in codes]
    if "existing" in codes:
        extra.append(_existing(row.licence_expires, at))
    status = BASIS_STATUS[rule.basis_status][language]
    what = _what(row, rule, at, school_name, by_area="township_area" in codes)
    lead = row.verdict != OUTSIDE
    if language == "zh":
        more = f"（{'；'.join(extra)}）" if extra else ""
        who = rule.enforced_by_zh.replace("；", "、")
        tail = f"；疑似线索，由{who}核查认定" if lead else f"；主管：{who}"
        return f"{rule.title_zh}：{what}{more}。依据：{rule.basis_zh}（{status}）{tail}。"
    more = f" ({'; '.join(extra)})" if extra else ""
    tail = "a lead only, to be confirmed by" if lead else "in charge:"
    who = rule.enforced_by_en.replace("; ", ", ")
    return f"{rule.title_en}: {what}{more}. Basis: {rule.basis_en} ({status}); {tail} {who}."


def _what(row: Any, rule: Rule, at: int, school_name: str, *, by_area: bool) -> str:
    """Return distance, limit and verdict."""
    measured = rule.measure
    if by_area or measured not in _HOW:
        measured = "boundary"
    elif measured == "walk" and not np.isfinite(row.walk_distance_m):
        measured = "gate"  # nobody walked it: the straight line is what is known
    if measured == "gate" and not np.isfinite(row.gate_distance_m):
        measured = "boundary"
    distance = row.boundary_distance_m if by_area else row.distance_m
    away, how = f"{distance:.1f}", _HOW[measured][at]
    if by_area:
        verdict = _AREA_VERDICT[row.verdict][at]
        return f"{how}“{school_name}”{away} 米，{verdict}" if at == 0 else f"{away} m {how} {school_name!r}: {verdict}"
    verdict = _VERDICT[row.verdict][at]
    if at == 0:
        limit = "限值待确定" if rule.limit_m is None else f"限 {rule.limit_m:g} 米"
        return f"{how}“{school_name}”{away} 米，{limit}，{verdict}"
    limit = "limit to be determined" if rule.limit_m is None else f"limit {rule.limit_m:g} m"
    return f"{away} m {how} {school_name!r}, {limit}: {verdict}"


def _existing(expires: Any, at: int) -> str:
    words = ("历史存量：许可早于学校或规定", "existing: licensed before the school or the rule")[at]
    if expires is None or pd.isna(expires):
        return words
    day = f"{expires:%Y-%m-%d}"
    return words + (f"，许可 {day} 到期，到期不续", f", the licence expires on {day} and is not renewed then")[at]
