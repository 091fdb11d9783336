"""What a brief says of what was decided at earlier meetings, and what became of it.

A brief is read by link too: it names departments, never persons, and holds no note and no proof.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.services.briefs.blocks import Block, Table
from api.services.briefs.sentences import paragraph
from api.services.decisions import views
from api.services.meetings.counted import Counted
from api.store import decisions as store
from api.store.models.decisions import OPEN_STATES

_HEADS = (
    ("序号", "No."),
    ("问题", "Problem"),
    ("责任单位", "Responsible"),
    ("完成时限", "Deadline"),
    ("状态", "State"),
    ("销号日期", "Struck off"),
)


def decided_blocks(session: Session, counted: Counted, issued_on: dt.date, language: str) -> list[Block]:
    """Return a sentence and a table of earlier decisions; whether one is late is judged on the day of issue."""
    meeting = store.meeting_about(session, counted.city, counted.period.code)
    found = [
        one
        for one in views.earlier(session, None, counted.city, counted.period, counted.calendar.terms, meeting)
        if one["state"] != "withdrawn"
    ]
    title = "上次议定事项" if language == "zh" else "Earlier decisions"
    if not found:
        texts = "没有此前议定的事项。", "There are no earlier decisions."
        return [paragraph("earlier", texts, language, {"open": 0, "late": 0, "struck": 0})]
    still = [one for one in found if one["state"] in OPEN_STATES]
    late = sum(_is_late(one, issued_on) for one in still)
    struck = len(found) - len(still)
    texts = (
        f"此前议定事项中，未销号 {len(still)} 项（其中逾期 {late} 项），上次会议以来销号 {struck} 项。",
        f"Of earlier decisions {len(still)} are still open ({late} of them late); "
        f"{struck} were struck off since the last meeting.",
    )
    numbers = {"open": len(still), "late": late, "struck": struck}
    return [paragraph("earlier", texts, language, numbers), _table(found, counted, issued_on, title, language)]


def _is_late(one: Mapping[str, Any], on: dt.date) -> bool:
    return one["state"] in OPEN_STATES and dt.date.fromisoformat(one["due_on"]) < on


def _table(
    found: Sequence[Mapping[str, Any]], counted: Counted, issued_on: dt.date, title: str, language: str
) -> Table:
    zone, english = ZoneInfo(counted.city.time_zone), language != "zh"
    late, between = (" (late)", "; ") if english else ("（逾期）", "；")
    rows = []
    for one in found:
        state = one[language] + (late if _is_late(one, issued_on) else "")
        if one["record"] and one["state"] != "struck":
            state += between + one["record"][language]
        struck = one["struck"]
        day = "" if struck is None else f"{dt.datetime.fromisoformat(struck['at']).astimezone(zone):%Y-%m-%d}"
        label = f"{one['meeting']['period']}-{one['number']:02d}"
        rows.append((label, one["problem"], one["department"][language], one["due_on"], state, day))
    return Table(title, [head[english] for head in _HEADS], rows, (2.2, 5, 2.2, 2, 2.6, 2))
