"""What the figures say, by rules from the numbers: nothing is said that no number says, and nothing moved is "no change"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from api.services.briefs.blocks import Paragraph

Figures = Mapping[str, Any]


def paragraph(key: str, texts: tuple[str, str], language: str, numbers: Mapping[str, float | None]) -> Paragraph:
    """Return a paragraph in a language."""
    text = texts[0] if language == "zh" else texts[1]
    return Paragraph(key, text, text, dict(numbers))


def compared(now: int | None, last: int | None) -> tuple[str, str]:
    """Return how a number stands to the last period's.

    Examples
    --------
    >>> compared(3, 5)[1], compared(5, 5)[0], compared(5, None)[1], compared(0, 0)[1]
    (', 2 fewer than in the last period (5)', '，与上期持平', '', ', no change')
    """
    if now is None or last is None:
        return "", ""
    if now == last:
        return "，与上期持平", ", no change"
    more = now > last
    n = abs(now - last)
    return (
        f"，比上期（{last}）{'增加' if more else '减少'} {n}",
        f", {n} {'more' if more else 'fewer'} than in the last period ({last})",
    )


def changed(one: Figures) -> tuple[str, str]:
    """Return how a figure stands to the last period's; nothing where an unfinished period is not compared."""
    return ("", "") if one["change"] is None else compared(one["this"], one["last"])


def per_day(one: Figures) -> tuple[str, str]:
    """Return a figure per school day beside the last period's; empty where there were no school days."""
    days = one.get("per_school_day") or {}
    if days.get("this") is None:
        return "", ""
    before = days.get("last")
    zh, en = ("", "") if before is None else (f"（上期 {before:g}）", f" (last period {before:g})")
    return f"，每上课日 {days['this']:g}{zh}", f", {days['this']:g} per school day{en}"


def many(n: int, one: str, more: str = "") -> str:
    """Return a number with its English noun.

    Examples
    --------
    >>> many(1, "new hazard"), many(0, "new hazard"), many(2, "category is rising", "categories are rising")
    ('1 new hazard', '0 new hazards', '2 categories are rising')
    """
    return f"{n} {one if n == 1 else more or one + 's'}"


def numbers_of(*figures: Figures) -> dict[str, float | None]:
    """Return the numbers behind a sentence about some figures, by code and window."""
    return {f"{one['code']}.{name}": one.get(name) for one in figures for name in ("this", "last", "year")}


def period_sentence(said: Figures, language: str) -> Paragraph:
    """Say which days these are, and how many are school days."""
    period = said["period"]
    first, last = (dt.date.fromisoformat(period[name]) for name in ("from", "to"))
    days, whole = period["school_days"], period["school_days_in_all"]
    if period["state"] == "coming":
        texts = (
            f"{period['zh']}（{first:%Y-%m-%d} 至 {last:%Y-%m-%d}）：本期尚未开始。",
            f"{period['en']} ({first} to {last}): this period has not begun.".capitalize(),
        )
        return paragraph("period", texts, language, {})
    if period["state"] == "running":
        texts = (
            f"本期为{period['zh']}（{first:%Y-%m-%d} 至 {last:%Y-%m-%d}），尚未结束：以下数字截至 {period['until']}，"
            f"上课日已过 {days} 天（共 {whole} 天）；期间累计数不与上期全期相比，可比每上课日数。",
            f"This is {period['en']} ({first} to {last}), which is not over: figures are up to {period['until']}, "
            f"{days} of {many(whole, 'school day')} so far; counts so far are not compared with the whole last period, only those per school day.",
        )
        return paragraph("period", texts, language, {"school_days": days, "school_days_in_all": whole})
    holidays = ("；无上课日，不作每日比较", "; nothing is compared per day") if not days else ("", "")
    zh = f"本期为{period['zh']}（{first:%Y-%m-%d} 至 {last:%Y-%m-%d}），上课日 {days} 天{holidays[0]}。"
    plural = "" if days == 1 else "s"
    en = f"This is {period['en']} ({first} to {last}), with {days} school day{plural}{holidays[1]}."
    return paragraph("period", (zh, en), language, {"school_days": days})


def hazard_sentence(said: Figures, language: str) -> Paragraph:
    """Say how many hazards came, went and are left."""
    figures = {one["code"]: one for one in said["figures"]}
    new, closed, still, late = (figures[f"hazards_{name}"] for name in ("new", "closed", "open", "overdue"))
    spot, back = figures["hazards_on_spot"], figures["hazards_recurring"]
    zh, en = [], []
    if not any((new["this"], closed["this"], still["this"])):
        zh, en = ["本期没有隐患记录"], ["There are no hazards on record in this period"]
    else:
        change, days = changed(new), per_day(new)
        zh.append(f"新增隐患 {new['this']} 处{change[0]}{days[0]}；本年累计 {new['year']} 处")
        en.append(f"{many(new['this'], 'new hazard')}{change[1]}{days[1]}; {new['year']} in the year to date")
        change = changed(closed)
        zh.append(f"销除 {closed['this']} 处{change[0]}，其中当场整改 {spot['this']} 处")
        en.append(f"{closed['this']} closed{change[1]}, {spot['this']} of the new ones on the spot")
        change = changed(still)
        zh.append(f"期末未消除 {still['this']} 处{change[0]}，其中超期 {late['this']} 处；反复出现 {back['this']} 处")
        en.append(
            f"{still['this']} open at the end{change[1]}, {late['this']} of them overdue; {back['this']} recurring"
        )
    texts = "。".join(zh) + "。", ". ".join(en) + "."
    return paragraph("hazards", texts, language, numbers_of(new, closed, spot, still, late, back))


def category_sentence(said: Figures, language: str) -> Paragraph:
    """Say which categories are the most frequent, and which changed the most."""
    found = sorted((one for one in said["categories"] if one["this"]), key=lambda one: (-one["this"], one["code"]))[:3]
    if not found:
        return paragraph("categories", ("本期没有新增隐患。", "There are no new hazards."), language, {})
    total = sum(one["this"] for one in said["categories"])
    zh = "、".join(f"{one['zh']} {one['this']} 处" for one in found)
    en = ", ".join(f"{one['en'].lower()} {one['this']}" for one in found)
    sum_ = sum(one["this"] for one in found)
    texts = (
        f"新增最多的类别：{zh}，共 {sum_} 处，占全部 {total} 处的{_share_zh(sum_, total)}。",
        f"Most frequent: {en}; together {sum_} of {total}{_share_en(sum_, total)}.",
    )
    return paragraph(
        "categories", texts, language, {f"{one['code']}.this": one["this"] for one in found} | {"total": total}
    )


def _share_zh(n: int, of: int) -> str:
    return f" {100 * n / of:.0f}%" if of >= 5 else f"（{n}/{of}）"


def _share_en(n: int, of: int) -> str:
    return f" ({100 * n / of:.0f} %)" if of >= 5 else ""


def case_sentence(said: Figures, language: str) -> Paragraph:
    """Say how cases went."""
    figures = {one["code"]: one for one in said["figures"]}
    rates = {one["code"]: one for one in said["rates"]}
    filed, ended, late = figures["filed"], figures["closed_in_period"], said["overdue"]["total"]
    if not any((figures["accepted"]["this"], filed["this"], ended["this"], figures["due"]["this"], late)):
        texts = "本期没有案卷。", "There are no cases in this period."
        return paragraph("cases", texts, language, numbers_of(filed, ended) | {"overdue_now": late})
    change = changed(filed)
    on_time, rework = rates["on_time_rate"]["this"], rates["rework_rate"]["this"]
    texts = (
        f"受理案卷 {figures['accepted']['this']} 件，立案 {filed['this']} 件{change[0]}；本期结案 {ended['this']} 件。"
        f"按期结案 {rate_text(on_time, 'zh')}，返工 {rate_text(rework, 'zh')}。期末超期未结 {late} 件。",
        f"{many(figures['accepted']['this'], 'case')} accepted, {filed['this']} filed{change[1]}; {ended['this']} closed. "
        f"On time {rate_text(on_time, 'en')}, reworked {rate_text(rework, 'en')}. {late} overdue at the end.",
    )
    return paragraph("cases", texts, language, numbers_of(figures["accepted"], filed, ended) | {
        "on_time.n": on_time["n"], "on_time.N": on_time["N"], "overdue_now": late})  # fmt: skip


def rate_text(rate: Mapping[str, Any] | None, language: str) -> str:
    """Return n/N, with a percentage where there are enough.

    Examples
    --------
    >>> rate_text({"n": 3, "N": 8, "rate": 0.375}, "zh"), rate_text({"n": 3, "N": 8, "rate": 0.375}, "en")
    ('3/8（37.5%）', '3/8 (37.5%)')
    >>> rate_text({"n": 1, "N": 2, "rate": None}, "zh"), rate_text({"n": 0, "N": 0, "rate": None}, "en")
    ('1/2', '–')
    """
    if not rate or not rate["N"]:
        return "–"
    part = f"{rate['n']}/{rate['N']}"
    if rate["rate"] is None:
        return part
    share = f"{100 * rate['rate']:.1f}%"
    return f"{part}（{share}）" if language == "zh" else f"{part} ({share})"


def effort_sentence(said: Figures, language: str) -> Paragraph:
    """Say what was done: rounds on record, and what departments reported."""
    figures = {one["code"]: one for one in said["figures"]}
    schools, rounds, turns = figures["schools_checked"], figures["checks"], figures["inspector_turns"]
    change = changed(schools)
    told = [one for one in said["reported"] if one["this"] is not None]
    zh = f"检查学校 {schools['this']} 所{change[0]}，巡查 {rounds['this']} 次、{turns['this']} 人·天。"
    en = f"{many(schools['this'], 'school')} checked{change[1]}, {many(rounds['this'], 'round')} on {many(turns['this'], 'person-day')}. "
    if told:
        zh += "部门填报：" + "，".join(f"{one['zh']} {one['this']}" for one in told) + "。"
        en += "Reported by departments: " + ", ".join(f"{one['en'].lower()} {one['this']}" for one in told) + "."
    else:
        zh += "部门未填报本期数字。"
        en += "Departments reported no figures of this period."
    return paragraph("effort", (zh, en), language, numbers_of(schools, rounds, turns, *told))


def incident_sentence(said: Figures, language: str) -> Paragraph:
    """Say how many incidents may be shown: lower bounds, never compared."""
    n, k = said["incidents"]["this"], said["fewest_incidents"]
    if n:
        texts = (
            f"放学前后事件至少 {n} 起（仅计不少于 {k} 起的分组，为下限，不作环比）。",
            f"At least {n} incidents (sums of groups of at least {k}; a lower bound, not compared with the last period).",
        )
    else:
        texts = (
            f"没有可公布的事件（不足 {k} 起的不公布）。",
            f"No incidents that may be shown (fewer than {k} are not).",
        )
    return paragraph("incidents", texts, language, {"incidents.this": n, "k": k})


def plan_sentence(due: int, said: Figures, language: str) -> Paragraph:
    """Say what the next period begins with."""
    schools = said["schools"][:3]
    names_zh = "、".join(one["zh"] for one in schools)
    names_en = ", ".join(one["en"] for one in schools)
    zh = f"下期有 {due} 件案卷到期" if due else "下期没有案卷到期"
    en = (
        f"{many(due, 'case falls', 'cases fall')} due in the next period"
        if due
        else "No case falls due in the next period"
    )
    if schools:
        zh += f"；未消除隐患最多的学校：{names_zh}，建议优先巡查"
        en += f"; the schools with the most open hazards come first: {names_en}"
    return paragraph("plan", (f"{zh}。", f"{en}."), language, {"due_next": due})
