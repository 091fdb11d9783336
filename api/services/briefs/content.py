"""The content of a brief: sentences and tables of a period's figures, maps and charts, and what people edited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from api.services.briefs import findings, sentences
from api.services.briefs.blocks import Block, Brief, Heading, Paragraph, Picture, Table
from api.services.briefs.decided import decided_blocks
from api.services.departments import list_departments
from api.services.facilities import support_of
from api.services.meetings.alerts import alerts_of
from api.services.meetings.city import meeting_city
from api.services.meetings.counted import Counted, fewest, read_counted
from api.services.meetings.figures import figures_of
from api.services.meetings.maps import MapName, draw_map
from api.services.meetings.outcomes import effects_of
from api.settings import Settings
from api.store import briefs, cities
from gis.maps.panels import bar_chart

_COLUMNS = ("hazards_new", "hazards_closed", "hazards_open", "hazards_overdue", "filed", "on_time_rate", "overdue")
_MOST_OVERDUE = 60
_ONES = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
WORDS: Mapping[str, tuple[str, str]] = {
    "masthead": ("校园周边安全工作简报", "Brief on the surroundings of schools"),
    "title": ("{city}校园周边安全情况（{period}）", "{city}: the surroundings of schools, {period}"),
    "mark": ("内部资料", "Internal"),
    "overview": ("总体情况", "Overview"),
    "hazards": ("隐患", "Hazards"),
    "cases": ("案卷", "Cases"),
    "effort": ("巡查与值守", "Rounds and duty"),
    "incidents": ("事件", "Incidents"),
    "earlier": ("上次议定事项落实情况", "What was decided, and what became of it"),
    "maps": ("分布与变化", "Where, and what changed"),
    "districts": ("分乡镇（街道）情况", "By township"),
    "departments": ("分部门情况", "By department"),
    "schools": ("重点学校", "Schools with the most open hazards"),
    "overdue": ("超期案卷", "Overdue cases"),
    "effects": ("专项行动成效", "Did it work"),
    "alerts": ("本周预警", "Alerts of the week"),
    "support": ("心理健康辅导", "Mental health support"),
    "plan": ("下期安排", "Next period"),
    "all": ("主要指标", "Key figures"),
    "categories": ("新增隐患类别", "New hazards by category"),
    "map_hazards": ("新增隐患：上期、本期（同一比例）与增减", "New hazards: last and this period on one scale, and the difference"),
    "map_effort": ("事件（已聚合）与巡查力度", "Incidents (aggregated) beside inspection effort"),
    "map_alerts": ("热点、类别上升的乡镇、异于往常的学校", "Hot spots, townships where a category rises, schools unlike their own past"),
    "figure": ("指标", "Figure"),
    "this": ("本期", "This"),
    "last": ("上期", "Last"),
    "change": ("增减", "Change"),
    "year": ("本年累计", "Year to date"),
    "district": ("乡镇（街道）", "Township"),
    "department": ("部门", "Department"),
    "school": ("学校", "School"),
    "open": ("未消除", "Open"),
    "new": ("新增", "New"),
    "late": ("超期", "Overdue"),
    "number": ("案卷号", "Number"),
    "category": ("类别", "Category"),
    "due": ("时限", "Due"),
    "days": ("超期天数", "Days late"),
    "invented": ("演示数据，系虚构", "Demonstration, made up"),
    "most": ("（共 {of} 件，列最早 {n} 件）", " (the {n} longest of {of})"),
    "none": ("无", "none"),
}  # fmt: skip


def word(name: str, language: str, **values: object) -> str:
    """Return a word of the brief."""
    return WORDS[name][language != "zh"].format(**values)


def brief_of(
    session: Session,
    settings: Settings,
    code: str,
    city_code: str | None = None,
    *,
    language: str,
    viewer: str,
    moment: dt.datetime,
    pictures: bool = True,
) -> Brief:
    """Return the brief of a period; the same period gives the same brief but for ``viewer`` and ``moment``.

    Parameters
    ----------
    viewer, moment
        Who has it made and when: the watermark.
    pictures
        Whether maps and charts are drawn.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city or period.
    """
    city = meeting_city(session, city_code)
    counted = read_counted(session, settings, city, code)
    said = figures_of(session, settings, counted)
    zone = ZoneInfo(city.time_zone)
    edited = _last_edits(session, counted, language)
    blocks = [_edited(one, edited) if isinstance(one, Paragraph) else one
              for one in _blocks(session, settings, counted, said, language, pictures=pictures)]  # fmt: skip
    names = {one["code"]: one for one in list_departments(session)}
    convenor = next((one for one in names.values() if one.get("is_convenor")), names["committee"])
    year, rest = counted.period.code.split("-")
    number = int(rest.lstrip("WQT"))
    kind = {"week": "周", "month": "月", "quarter": "季", "term": "学期"}[counted.period.kind]
    mark = word("invented", language) if city.invented or cities.any_invented(session) else ""
    return Brief(
        language=language,
        masthead=word("masthead", language),
        issue=f"〔{year}〕第 {number} 期（{kind}报）"
        if language == "zh"
        else f"{year} no. {number} ({counted.period.kind})",
        issued_by=convenor[language] if language in convenor else convenor["zh"],
        issued_on=_issued_on(counted),
        title=word("title", language, city=said["city"][language], period=counted.period.name(language)),
        mark=word("mark", language),
        distribution=_edited(_distribution(language), edited),
        blocks=blocks,
        watermark=f"{viewer} {moment.astimezone(zone):%Y-%m-%d %H:%M}".strip(),
        invented=mark,
    )


def _issued_on(counted: Counted) -> dt.date:
    """Return the day after the period, or today where it is not over."""
    return min(counted.period.last + dt.timedelta(days=1), counted.today)


def _distribution(language: str) -> Paragraph:
    texts = "分送：未成年人保护委员会各成员单位，各乡镇（街道）。", "Distribution: members of the committee; townships."
    return sentences.paragraph("distribution", texts, language, {})


def _last_edits(session: Session, counted: Counted, language: str) -> dict[str, tuple[str, str, int]]:
    return {
        row.key: (row.text, author, row.number)
        for row, author in briefs.edits(session, counted.city, counted.period.code, language)
    }


def _edited(one: Paragraph, edits: Mapping[str, tuple[str, str, int]]) -> Paragraph:
    if one.key not in edits:
        return one
    text, author, version = edits[one.key]
    return replace(one, text=text or one.generated, author=author, version=version)


def _blocks(
    session: Session, settings: Settings, counted: Counted, said: dict[str, Any], language: str, *, pictures: bool
) -> list[Block]:
    out: list[Block] = []
    first = iter(_ONES)

    def chapter(name: str) -> None:
        at = next(first)
        number = f"{at}、" if language == "zh" else f"{_ONES.index(at) + 1}. "
        out.append(Heading(1, f"{number}{word(name, language)}"))

    def section(at: int, name: str) -> None:
        number = f"（{_ONES[at]}）" if language == "zh" else f"({at + 1}) "
        out.append(Heading(2, f"{number}{word(name, language)}"))

    chapter("overview")
    out.append(sentences.period_sentence(said, language))
    if counted.state == "coming":
        return out
    section(0, "hazards")
    out += [sentences.hazard_sentence(said, language), sentences.category_sentence(said, language)]
    section(1, "cases")
    out.append(sentences.case_sentence(said, language))
    section(2, "effort")
    out.append(sentences.effort_sentence(said, language))
    section(3, "incidents")
    out += [sentences.incident_sentence(said, language), _all_table(said, language)]
    chapter("earlier")
    out += decided_blocks(session, counted, _issued_on(counted), language)
    chapter("maps")
    if pictures:
        out += [_map(session, settings, counted, "hazards", language), _map(session, settings, counted, "effort", language),
                _chart(said, language)]  # fmt: skip
    chapter("alerts")
    found = alerts_of(session, settings, counted)
    out += findings.alert_paragraphs(found, fewest(settings), language)
    if pictures and (found.spots or found.trends or found.schools):
        drawn = draw_map(
            session, settings, counted, "alerts", language=language, watermark="", form="png", alerts=found
        )
        out.append(Picture("map_alerts", word("map_alerts", language), drawn))
    chapter("effects")
    out += findings.effect_paragraphs(*effects_of(session, settings, counted.city, counted.period), language)
    chapter("districts")
    out.append(_group_table(said, "district", language))
    chapter("departments")
    out.append(_group_table(said, "department", language))
    chapter("schools")
    out.append(_school_table(said, language))
    chapter("overdue")
    out.append(_overdue_table(said, language))
    support = support_of(session, counted.city, at=counted.period.last)
    if support["facilities"]:
        chapter("support")
        out += findings.support_blocks(support, language)
    chapter("plan")
    out.append(sentences.plan_sentence(_due_next(counted), said, language))
    return out


def _due_next(counted: Counted) -> int:
    """Return how many cases that are not closed at the end fall due in as many days afterwards."""
    cases, window = counted.tables["cases"], counted.windows["this"]
    due = cases["due_s"].to_numpy(dtype=np.float64)
    inside = (due >= window.end_s) & (due < window.end_s + (window.end_s - window.start_s))
    closed = cases["closed_s"].to_numpy(dtype=np.float64) < window.end_s
    gone = cases["state"].isin(["void", "merged", "rejected"]).to_numpy(dtype=bool)
    return int((inside & ~closed & ~gone).sum())


def _map(session: Session, settings: Settings, counted: Counted, name: MapName, language: str) -> Picture:
    png = draw_map(session, settings, counted, name, language=language, watermark="", form="png")
    return Picture(f"map_{name}", word(f"map_{name}", language), png)


def _chart(said: Mapping[str, Any], language: str) -> Picture:
    shown = [one for one in said["categories"] if one["this"] or one["last"]] or said["categories"][:3]
    series = [(word("this", language), [one["this"] for one in shown])]
    if said["last"] is not None:
        series.append((word("last", language), [one["last"] for one in shown]))
    title = word("categories", language)
    return Picture(
        "chart_categories", title, bar_chart([one[language] for one in shown], series, title=title, form="png")
    )


def _all_table(said: Mapping[str, Any], language: str) -> Table:
    heads = [word(name, language) for name in ("figure", "this", "last", "change", "year")]
    rows: list[Sequence[str | int | None]] = [
        (one[language], one["this"], one["last"], one["change"], one["year"]) for one in said["figures"]
    ]
    rows += [
        (
            one[language],
            *(sentences.rate_text(one[name], language) for name in ("this", "last")),
            None,
            sentences.rate_text(one["year"], language),
        )
        for one in said["rates"]
    ]
    rows += [
        (one[language], one["this"], one["last"], one["change"], one["year"])
        for one in said["reported"]
        if one["year"] is not None or one["last"] is not None
    ]
    return Table(word("all", language), heads, rows, (3.2, 1.2, 1.2, 1, 1.4))


def _group_table(said: Mapping[str, Any], by: str, language: str) -> Table:
    names = {one["code"]: one[language] for one in [*said["figures"], *said["rates"]]}
    rows = []
    for group in said[f"by_{by}"]:
        cells: list[str | int | None] = [group["name"][language]]
        for code in _COLUMNS:
            if code.endswith("_rate"):
                cells.append(sentences.rate_text(group["rates"][code]["this"], language))
            else:
                cells.append(group["figures"].get(code, {}).get("this", 0))
        rows.append(cells)
    return Table(word(f"{by}s", language), [word(by, language), *(names[code] for code in _COLUMNS)], rows,
                 (2.4, *[1.1] * len(_COLUMNS)))  # fmt: skip


def _name(named: Mapping[str, str] | None, language: str) -> str:
    return "" if named is None else named[language]


def _school_table(said: Mapping[str, Any], language: str) -> Table:
    heads = [word(name, language) for name in ("school", "district", "open", "new", "late")]
    rows = [
        (one[language], _name(one["district"], language), one["open"], one["new"], one["overdue"])
        for one in said["schools"]
    ]
    return Table(word("schools", language), heads, rows, (3.4, 1.8, 1, 1, 1))


def _overdue_table(said: Mapping[str, Any], language: str) -> Table:
    categories = {one["code"]: one[language] for one in said["categories"]}
    heads = [word(name, language) for name in ("department", "number", "category", "school", "due", "days")]
    rows = [
        (
            department["name"][language], case["number"] or "", categories.get(case["category"], case["category"]),
            _name(case["school"], language), case["due"][:16].replace("T", " "), case["days_late"],
        )
        for department in said["overdue"]["departments"]
        for case in department["cases"]
    ]  # fmt: skip
    total = said["overdue"]["total"]
    title = word("overdue", language)
    if total > len(rows[:_MOST_OVERDUE]):
        title += word("most", language, n=len(rows[:_MOST_OVERDUE]), of=total)
    return Table(title, heads, rows[:_MOST_OVERDUE], (1.8, 2.6, 1.4, 2.1, 1.7, 1.0))
