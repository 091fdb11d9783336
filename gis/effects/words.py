"""Effects as sentences, in Chinese and English, each with the numbers it was made from.

A sentence never says more than its numbers: where there are too few incidents it says that, and where chance may have
done it, it does not speak of an effect.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gis.effects.alerts import Quiet, WeekAlert
from gis.effects.differences import FEWEST, Difference
from gis.effects.displacement import Displacement, Spread
from gis.effects.matching import PreTrend
from gis.errors import GisError
from gis.hotspots.words import LANGUAGES, chance

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SURE = 0.05  # p-values above are not called an effect


@dataclass(frozen=True)
class Statement:
    """One sentence in both languages.

    Attributes
    ----------
    zh, en
        The sentence.
    numbers
        Every number behind it, by name.
    enough
        Whether there were enough incidents; where not, the sentence is a warning.
    """

    zh: str
    en: str
    numbers: Mapping[str, float]
    enough: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", MappingProxyType(dict(self.numbers)))

    def text(self, language: str) -> str:
        """Return the sentence in a language."""
        if language not in LANGUAGES:
            raise GisError(f"the language {language!r} is not known; zh and en are")
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Subject:
    """What a sentence is about, in both languages: the action or place, and the kind of incident.

    Attributes
    ----------
    place_zh, place_en
        "护学岗增设学校" and "schools with new escort posts"; "店口镇" and "Diankou".
    kind_zh, kind_en
        "流动摊贩问题" and "stall problems".
    """

    place_zh: str
    place_en: str
    kind_zh: str
    kind_en: str


def say_difference(found: Difference, about: Subject) -> Statement:
    """Return what became of the incidents where an action was, beside comparable places.

    Examples
    --------
    >>> from gis.effects.differences import difference_in_differences
    >>> counts = [[30, 18], [28, 14], [31, 30], [27, 29]]
    >>> found = difference_in_differences(counts, [40, 40], [True, True, False, False], 1)
    >>> about = Subject("增设护学岗的学校", "schools with new escort posts", "摊贩问题", "stall problems")
    >>> print(say_difference(found, about).en)
    At 2 schools with new escort posts, stall problems fell from 58 to 32; at 2 comparable ones they went from 58 to 59. About 46 % fewer than to be expected (95 % interval: 5 % to 69 % fewer; chance of that below 1 in 20).
    """
    numbers = {
        "treated_before": found.treated_before,
        "treated_after": found.treated_after,
        "control_before": found.control_before,
        "control_after": found.control_after,
        "treated_units": found.treated_units,
        "control_units": found.control_units,
        "expected": found.expected,
        "ratio": found.ratio,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "dispersion": found.dispersion,
        "confidence": found.confidence,
    }
    if found.treated_after == found.treated_before:
        moved = ("由 {0} 起到 {1} 起，没有变化", "stayed at {1}")
    elif found.treated_after < found.treated_before:
        moved = ("由 {0} 起降至 {1} 起", "fell from {0} to {1}")
    else:
        moved = ("由 {0} 起升至 {1} 起", "rose from {0} to {1}")
    zh_moved, en_moved = (text.format(found.treated_before, found.treated_after) for text in moved)
    head_zh = (
        f"{about.place_zh}（{found.treated_units} 处）{about.kind_zh}{zh_moved}；"
        f"可比的 {found.control_units} 处由 {found.control_before} 起到 {found.control_after} 起。"
    )
    head_en = (
        f"At {found.treated_units} {about.place_en}, {about.kind_en} {en_moved}; "
        f"at {found.control_units} comparable ones they went from {found.control_before} to {found.control_after}."
    )
    if not found.enough:
        return Statement(
            f"{head_zh}数量太少（至少一项不足 {FEWEST} 起），不能判断措施是否有效。",
            f"{head_en} Too few (a part has fewer than {FEWEST}) to say whether the action worked.",
            numbers,
            False,
        )
    low, high = _change(found.low), _change(found.high)
    level = f"{100 * found.confidence:g}"
    if found.p > SURE:
        tail_zh = f"与可比处相比{_zh(_change(found.ratio))}，但{chance(found.p, 'zh')}，不能说明措施有效或无效"
        tail_en = (
            f"Compared with those, {_en(_change(found.ratio))}, but {chance(found.p, 'en')}: "
            "this shows neither that the action worked nor that it did not"
        )
        return Statement(
            f"{head_zh}{tail_zh}（{level}% 区间：{_zh(low)}到{_zh(high)}）。",
            f"{head_en} {tail_en} ({level} % interval: {_en(low)} to {_en(high)}).",
            numbers,
            True,
        )
    inner_zh = f"{level}% 区间：{_between_zh(low, high)}；{chance(found.p, 'zh')}"
    inner_en = f"{level} % interval: {_between_en(low, high)}; {chance(found.p, 'en')}"
    return Statement(
        f"{head_zh}比预期约{_zh(_change(found.ratio))}（{inner_zh}）。",
        f"{head_en} About {_en(_change(found.ratio))} than to be expected ({inner_en}).",
        numbers,
        True,
    )


def say_pre_trend(found: PreTrend) -> Statement:
    """Return whether the places compared moved side by side before the action."""
    numbers = {
        "factor": found.factor,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "periods": found.periods,
        "incidents": found.incidents,
    }
    if not found.enough:
        return Statement(
            f"措施之前只有 {found.periods} 期 {found.incidents} 起，无法检验两组走势是否一致，比较结果须谨慎看待。",
            f"Before the action there were {found.periods} periods with {found.incidents} incidents: too few to test whether "
            "both groups moved alike, so take the comparison with care.",
            numbers,
            False,
        )
    percent = f"{100 * abs(found.factor - 1):.1f}"
    if found.parallel:
        return Statement(
            f"措施之前的 {found.periods} 期中，两组走势没有明显差别（p = {found.p:.2f}），可以比较。",
            f"In the {found.periods} periods before the action both groups moved alike as far as can be told "
            f"(p = {found.p:.2f}); they may be compared.",
            numbers,
            True,
        )
    up = found.factor > 1
    return Statement(
        f"措施之前两组走势已不同：采取措施处相对每期{'多' if up else '少'} {percent}%（p = {found.p:.2g}），比较结果不可靠。",
        f"The groups differed before the action: the treated one {'gained' if up else 'lost'} {percent} % per period on the "
        f"other (p = {found.p:.2g}), so the comparison is not reliable.",
        numbers,
        True,
    )


_SPREADS = {
    Spread.DIFFUSION_GREATER: ("外圈的改善大于行动区本身", "the ring gained more than the action area itself"),
    Spread.DIFFUSION_EQUAL: ("外圈的改善与行动区相当", "the ring gained as much as the action area"),
    Spread.DIFFUSION_SMALLER: (
        "效益扩散到外圈，但小于行动区本身",
        "some of the benefit reached the ring, less than the action area's own",
    ),
    Spread.NEITHER: ("既无转移，也无效益扩散", "there was neither displacement nor diffusion of benefit"),
    Spread.DISPLACEMENT_SMALLER: (
        "部分问题转移到外圈，但小于行动区的减少",
        "some incidents moved to the ring, fewer than the action area lost",
    ),
    Spread.DISPLACEMENT_EQUAL: ("转移与行动区的减少相抵", "as many moved to the ring as the action area lost"),
    Spread.DISPLACEMENT_GREATER: (
        "转移超过行动区的减少，得不偿失",
        "more moved to the ring than the action area lost",
    ),
}


def say_displacement(found: Displacement, about: Subject) -> Statement:
    """Return whether incidents moved away or benefits spread, and the net effect of both areas."""
    behind: dict[str, float] = {
        **dict(zip(("A0", "B0", "C0"), found.before, strict=True)),
        **dict(zip(("A1", "B1", "C1"), found.after, strict=True)),
        "success": found.success,
        "displacement": found.displacement,
        "wdq": found.wdq,
        "wdq_low": found.wdq_low,
        "wdq_high": found.wdq_high,
        "net_effect": found.net_effect,
        "net_low": found.net_low,
        "net_high": found.net_high,
    }
    (a0, b0, c0), (a1, b1, c1) = found.before, found.after
    head_zh = f"{about.place_zh}{about.kind_zh}：行动区 {a0}→{a1} 起，外圈 {b0}→{b1} 起，对照区 {c0}→{c1} 起。"
    head_en = f"{about.place_en[:1].upper()}{about.place_en[1:]}, {about.kind_en}: action area {a0} to {a1}, ring {b0} to {b1}, control area {c0} to {c1}."
    if not found.enough:
        return Statement(
            f"{head_zh}数量太少（至少一项不足 {FEWEST} 起），不能判断有无转移。",
            f"{head_en} Too few (a part has fewer than {FEWEST}) to say whether incidents moved.",
            behind,
            False,
        )
    net = f"{found.net_effect:.0f}"
    span = f"{found.net_low:.0f}", f"{found.net_high:.0f}"
    net_zh = f"合计净减少 {net} 起（95% 区间 {span[0]} 至 {span[1]}）"
    net_en = f"Net effect on both areas: {net} fewer (95 % interval {span[0]} to {span[1]})"
    if found.spread is Spread.UNREADABLE:
        return Statement(
            f"{head_zh}行动区并未比对照区改善，无从谈转移；{net_zh}。",
            f"{head_en} The action area did no better than the control area, so nothing can have moved. {net_en}.",
            behind,
            True,
        )
    words_zh, words_en = _SPREADS[found.spread]
    if not found.sure:
        words_zh = f"看来{words_zh}，但也可能出于偶然"
        words_en = f"it seems that {words_en}, but chance may have done that"
    return Statement(
        f"{head_zh}{words_zh}（加权转移商 {found.wdq:.2f}）；{net_zh}。",
        f"{head_en} {words_en[0].upper()}{words_en[1:]} (weighted displacement quotient {found.wdq:.2f}). {net_en}.",
        behind,
        True,
    )


_QUIET = {
    Quiet.NO_SCHOOL: ("本周无上课日，不作比较", "there were no school days this week, so nothing is compared"),
    Quiet.SHORT_HISTORY: ("可比较的周数不足 8 周，不作判断", "there are fewer than 8 weeks to compare with"),
    Quiet.TOO_FEW: ("四周内不足 5 起，不作判断", "fewer than 5 in four weeks are too few to tell"),
}


def week_in_words(monday: dt.date) -> tuple[str, str]:
    """Return the week that begins on a day, by its first and last day, in Chinese and in English.

    Examples
    --------
    >>> week_in_words(dt.date(2026, 11, 16))
    ('11月16日至22日', 'on 16–22 November')
    >>> week_in_words(dt.date(2026, 12, 28))
    ('2026年12月28日至2027年1月3日', 'on 28 December 2026 – 3 January 2027')
    """
    sunday = monday + dt.timedelta(days=6)
    first_zh, last_zh = (f"{day.month}月{day.day}日" for day in (monday, sunday))
    first_en, last_en = (f"{day.day} {_MONTHS[day.month - 1]}" for day in (monday, sunday))
    if monday.year != sunday.year:
        return f"{monday.year}年{first_zh}至{sunday.year}年{last_zh}", (
            f"on {first_en} {monday.year} – {last_en} {sunday.year}"
        )
    if monday.month != sunday.month:
        return f"{first_zh}至{last_zh}", f"on {first_en} – {last_en}"
    return f"{first_zh}至{sunday.day}日", f"on {monday.day}–{last_en}"


def say_alert(found: WeekAlert, about: Subject, monday: dt.date | None = None) -> Statement:
    """Return whether a week is beyond its usual variation.

    The week is named by its days where ``monday`` is given, and is "this week" otherwise.

    Examples
    --------
    >>> from gis.effects.alerts import week_alert
    >>> found = week_alert([3, 2, 4, 3, 2, 3, 4, 3, 2, 3, 12], [5] * 11)
    >>> print(say_alert(found, Subject("店口镇", "Diankou", "摊贩问题", "stall problems")).zh)
    店口镇摊贩问题本周 12 起（5 个上课日），按前 10 周预期 2.9 起，通常不超过 8 起：超出正常波动，请核查原因。
    """
    week_zh, week_en = ("本周", "this week") if monday is None else week_in_words(monday)
    behind = {
        "observed": float(found.observed),
        "expected": found.expected,
        "bound": found.bound,
        "p": found.p,
        "weeks": float(found.weeks),
        "school_days": found.school_days,
        "dispersion": found.dispersion,
    }
    days = f"{found.school_days:g}"
    head_zh = f"{about.place_zh}{about.kind_zh}{week_zh} {found.observed} 起（{days} 个上课日）"
    day = "school day" if found.school_days == 1 else "school days"
    head_en = f"{about.place_en}, {about.kind_en}: {found.observed} {week_en} ({days} {day})"
    if found.quiet is not Quiet.NONE:
        why_zh, why_en = _QUIET[found.quiet]
        return Statement(f"{head_zh}：{why_zh}。", f"{head_en}; {why_en}.", behind, False)
    fair_zh = f"，按前 {found.weeks} 周预期 {found.expected:.1f} 起，通常不超过 {found.bound:.0f} 起"
    fair_en = f", {found.expected:.1f} to be expected from {found.weeks} weeks, usually at most {found.bound:.0f}"
    if found.alert:
        return Statement(
            f"{head_zh}{fair_zh}：超出正常波动，请核查原因。",
            f"{head_en}{fair_en}: beyond the usual variation; look for the cause.",
            behind,
            True,
        )
    return Statement(
        f"{head_zh}{fair_zh}：属正常波动。", f"{head_en}{fair_en}: within the usual variation.", behind, True
    )


def _change(ratio: float) -> float:
    """Return a ratio as per cent more (positive) or fewer; infinity where there is no bound."""
    return 100 * (ratio - 1)


def _zh(percent: float) -> str:
    if math.isinf(percent):
        return "多出无上限"
    if abs(percent) < 0.5:
        return "基本持平"
    return f"{'多' if percent > 0 else '少'} {abs(percent):.0f}%"


def _en(percent: float) -> str:
    if math.isinf(percent):
        return "more without bound"
    if abs(percent) < 0.5:
        return "about as many"
    return f"{abs(percent):.0f} % {'more' if percent > 0 else 'fewer'}"


def _between_zh(low: float, high: float) -> str:
    small, large = sorted((low, high), key=abs)
    upper = "无上限" if math.isinf(large) else f"{abs(large):.0f}%"
    return f"{'多' if large > 0 else '少'} {abs(small):.0f}% 至 {upper}"


def _between_en(low: float, high: float) -> str:
    small, large = sorted((low, high), key=abs)
    upper = "no bound" if math.isinf(large) else f"{abs(large):.0f} %"
    return f"{abs(small):.0f} % to {upper} {'more' if large > 0 else 'fewer'}"
