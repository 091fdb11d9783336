"""The minutes of a meeting (会议纪要) and its three lists, written like the brief.

The lists hold what this meeting decided and what of earlier ones is still to be struck off, or was since the last one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.errors import NotFoundError
from api.security.people import Actor
from api.services.briefs.blocks import Block, Brief, Heading, Paragraph, Table
from api.services.briefs.files import WRITERS
from api.services.decisions import views
from api.services.departments import list_departments
from api.services.meetings.city import meeting_city
from api.services.meetings.periods import Period, read_period
from api.store import cities
from api.store.models.decisions import OPEN_STATES
from api.vocabulary import vocabulary

WORDS: Mapping[str, tuple[str, str]] = {
    "minutes": ("会议纪要", "Minutes of the meeting"),
    "lists": ("问题清单 责任清单 整改清单", "Lists of problems, duties and remedies"),
    "title_working": ("{city}校园周边安全工作例会纪要（{period}）", "{city}: meeting on the surroundings of schools, {period}"),
    "title_joint": ("{city}校园周边安全联席会议纪要（{period}）", "{city}: joint meeting on the surroundings of schools, {period}"),
    "title_lists": ("{city}校园周边安全问题、责任、整改清单（{period}）", "{city}: problems, duties and remedies, {period}"),
    "mark": ("内部资料", "Internal"),
    "held": ("会议时间：{day}。地点：{place}。主持：{chair}。参加部门：{present}。", "Held on {day}. Place: {place}. Chair: {chair}. Departments present: {present}."),
    "not_held": ("本期尚无会议记录。", "No meeting about this period is on record yet."),
    "meeting": ("会议情况", "The meeting"),
    "earlier": ("上次议定事项落实情况", "What became of earlier decisions"),
    "decided": ("议定事项", "Decisions"),
    "three": ("三张清单", "Three lists"),
    "counts": ("此前议定事项中，未销号 {open} 项（其中逾期 {late} 项），上次会议以来销号 {struck} 项。", "Of earlier decisions {open} are still open ({late} of them late); {struck} were struck off since the last meeting."),
    "none_earlier": ("没有此前议定的事项。", "There are no earlier decisions."),
    "none_decided": ("本次会议没有议定事项。", "This meeting took no decisions."),
    "one": ("{n}．{problem}。{measure}责任单位：{lead}。{with}完成时限：{due}。办理方式：{becomes}{record}。", "{n}. {problem}. {measure}Responsible: {lead}. {with}Deadline: {due}. Becomes: {becomes}{record}."),
    "with": ("配合单位：{names}。", "Assisting: {names}. "),
    "problems": ("问题清单", "List of problems"),
    "duties": ("责任清单", "List of duties"),
    "remedies": ("整改清单", "List of remedies"),
    "number": ("序号", "No."),
    "from": ("议定会议", "Meeting"),
    "problem": ("问题", "Problem"),
    "category": ("类别", "Category"),
    "source": ("关联", "Record"),
    "lead": ("责任单位", "Responsible"),
    "assisting": ("配合单位", "Assisting"),
    "becomes": ("办理方式", "Becomes"),
    "due": ("完成时限", "Deadline"),
    "measure": ("整改措施", "Measure"),
    "state": ("状态", "State"),
    "struck_on": ("销号日期", "Struck off"),
    "struck_by": ("销号人", "By"),
    "proof": ("销号依据", "Proof"),
    "late": ("（逾期）", " (late)"),
    "nobody": ("—", "—"),
    "distribution": ("分送：未成年人保护委员会各成员单位，各乡镇（街道）。", "Distribution: members of the committee; townships."),
    "invented": ("演示数据，系虚构", "Demonstration, made up"),
    "issue": ("〔{year}〕第 {number} 期", "{year} no. {number}"),
}  # fmt: skip
Shown = Mapping[str, Any]


def word(name: str, language: str, **values: object) -> str:
    """Return a word of the minutes."""
    return WORDS[name][language != "zh"].format(**values)


def paper(
    session: Session,
    actor: Actor,
    code: str,
    what: str,
    kind: str,
    city_code: str | None,
    *,
    language: str,
    moment: dt.datetime,
) -> bytes:
    """Return the minutes of the meeting about a period, or its lists, as a file.

    Parameters
    ----------
    what
        ``minutes`` or ``lists``.
    kind
        ``docx``, ``pdf``, ``xlsx`` or ``html``.

    Raises
    ------
    NotFoundError
        Where no meeting about the period is on record and minutes are asked for.
    """
    city = meeting_city(session, city_code)
    terms = cities.calendar_of(session, city).terms
    period = read_period(code, terms)
    said = views.about(session, actor, city, period, terms)
    if what == "minutes" and said["meeting"] is None:
        raise NotFoundError("no meeting about this period is on record")
    departments = list_departments(session)
    names = {one["code"]: one[language] for one in departments}
    zone = ZoneInfo(city.time_zone)
    blocks = _minutes(said, names, language, zone) if what == "minutes" else _lists(said, language, zone)
    meeting = said["meeting"]
    held_on = period.last + dt.timedelta(days=1) if meeting is None else dt.date.fromisoformat(meeting["held_on"])
    title = "title_lists" if what == "lists" else f"title_{meeting['kind']}"
    place = city.name if language == "zh" else city.name_en or city.name
    brief = Brief(
        language=language,
        masthead=word(what, language),
        issue=_issue(period, language),
        issued_by=next(one[language] for one in departments if one["is_convenor"]),
        issued_on=held_on,
        title=word(title, language, city=place, period=period.name(language)),
        mark=word("mark", language),
        distribution=_said("distribution", word("distribution", language)),
        blocks=blocks,
        watermark=f"{actor.display_name or actor.name} {moment.astimezone(zone):%Y-%m-%d %H:%M}",
        invented=word("invented", language) if city.invented or cities.any_invented(session) else "",
    )
    return WRITERS[kind](brief)


def _issue(period: Period, language: str) -> str:
    year, rest = period.code.split("-")
    return word("issue", language, year=year, number=int(rest.lstrip("WQT")))


def _said(key: str, text: str, **numbers: float | None) -> Paragraph:
    return Paragraph(key, text, text, numbers)


def _heading(at: int, name: str, language: str) -> Heading:
    number = f"{'一二三四五'[at]}、" if language == "zh" else f"{at + 1}. "
    return Heading(1, f"{number}{word(name, language)}")


def _minutes(said: Shown, names: Mapping[str, str], language: str, zone: ZoneInfo) -> list[Block]:
    meeting, decided, earlier = said["meeting"], said["decisions"], said["earlier"]
    dash = word("nobody", language)
    present = _joined([names.get(code, code) for code in meeting["present"]], language)
    held = word("held", language, day=meeting["held_on"], place=meeting["place"] or dash, chair=meeting["chair"] or dash,
                present=present or dash)  # fmt: skip
    out: list[Block] = [_heading(0, "meeting", language), _said("held", held)]
    if meeting["summary"]:
        out.append(_said("summary", meeting["summary"]))
    out.append(_heading(1, "earlier", language))
    numbers = {
        "open": sum(one["state"] in OPEN_STATES for one in earlier),
        "late": sum(one["overdue"] for one in earlier),
        "struck": sum(one["state"] == "struck" for one in earlier),
    }
    name = "counts" if earlier else "none_earlier"
    out.append(_said("earlier", word(name, language, **numbers), **numbers))
    if earlier:
        out.append(_remedies(earlier, "earlier", language, zone))
    out.append(_heading(2, "decided", language))
    out += [
        _said(f"decision_{one['number']}", _sentence(one, language)) for one in decided if one["state"] != "withdrawn"
    ]
    if not decided:
        out.append(_said("none", word("none_decided", language)))
    out.append(_heading(3, "three", language))
    return out + _tables(decided, language, zone)


def _lists(said: Shown, language: str, zone: ZoneInfo) -> list[Block]:
    return _tables([*said["decisions"], *said["earlier"]], language, zone)


def _tables(shown: Sequence[Shown], language: str, zone: ZoneInfo) -> list[Block]:
    kept = [one for one in shown if one["state"] != "withdrawn"]
    return [_problems(kept, language), _duties(kept, language), _remedies(kept, "remedies", language, zone)]


def _sentence(one: Shown, language: str) -> str:
    measure = one["measure"].rstrip("。. \n")
    names = _joined([helper[language] for helper in one["assisting"]], language)
    record = f"（{one['record']['name']}）" if one["record"] and one["becomes"] == "case" else ""
    return word(
        "one", language, n=one["number"], problem=one["problem"].rstrip("。. "),
        measure=f"{measure}{'。' if language == 'zh' else '. '}" if measure else "", lead=one["department"][language],
        **{"with": word("with", language, names=names) if names else ""}, due=one["due_on"],
        becomes=views.BECOMES[one["becomes"]][language != "zh"], record=record,
    ).strip()  # fmt: skip


def _joined(names: Sequence[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(names)


def _label(one: Shown) -> str:
    return f"{one['meeting']['period']}-{one['number']:02d}"


def _table(name: str, columns: Mapping[str, float], rows: Sequence[Sequence[str]], language: str) -> Table:
    return Table(word(name, language), [word(one, language) for one in columns], rows, list(columns.values()))


def _problems(shown: Sequence[Shown], language: str) -> Table:
    terms = vocabulary().hazard_categories
    rows = []
    for one in shown:
        category = "" if one["category"] is None else getattr(terms[one["category"]], language)
        rows.append((_label(one), one["problem"], category, one["record"]["name"] if one["record"] else ""))
    return _table("problems", {"number": 3.2, "problem": 5.6, "category": 2.2, "source": 4.8}, rows, language)


def _duties(shown: Sequence[Shown], language: str) -> Table:
    rows = [
        (
            _label(one), one["problem"], one["department"][language],
            _joined([helper[language] for helper in one["assisting"]], language),
            views.BECOMES[one["becomes"]][language != "zh"], one["due_on"],
        )
        for one in shown
    ]  # fmt: skip
    columns = {"number": 3.2, "problem": 3.6, "lead": 2.4, "assisting": 2.4, "becomes": 1.6, "due": 2.6}
    return _table("duties", columns, rows, language)


def _remedies(shown: Sequence[Shown], title: str, language: str, zone: ZoneInfo) -> Table:
    rows = []
    for one in shown:
        struck = one["struck"]
        state = one[language] + (word("late", language) if one["overdue"] else "")
        if one["record"] and one["state"] != "struck":
            state += f"；{one['record'][language]}" if language == "zh" else f"; {one['record'][language].lower()}"
        day = by = proof = ""
        if struck is not None:
            day = f"{dt.datetime.fromisoformat(struck['at']).astimezone(zone):%Y-%m-%d}"
            by, proof = struck["by"], "\n".join([struck["note"], *struck["proof"]])
        rows.append((_label(one), one["problem"], one["measure"], one["due_on"], state, day, by, proof))
    columns = {"number": 2.3, "problem": 2.4, "measure": 2.4, "due": 2.0, "state": 1.7, "struck_on": 2.0,
               "struck_by": 1.2, "proof": 1.8}  # fmt: skip
    return _table(title, columns, rows, language)
