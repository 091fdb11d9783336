"""What a brief says of alerts and of joint actions: the sentences of the statistics, with their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.services.briefs.blocks import Paragraph, Table
from api.services.briefs.sentences import many, paragraph
from api.services.meetings.alerts import Alerts
from api.services.meetings.outcomes import Measured

_OUTCOMES: Mapping[str, tuple[str, str]] = {"hazards": ("隐患", "Hazards"), "incidents": ("事件", "Incidents")}

_TOO_FEW = "（数量太少，不要据此下结论。）", " (Too few to draw a conclusion from.)"


def alert_paragraphs(found: Alerts, least: int, language: str) -> list[Paragraph]:
    """Say what is unusual in the last whole week: hot spots, categories that rise, schools unlike their own past."""
    if found.monday is None:
        return [paragraph("alerts", ("本期还没有满一周。", "There is no whole week in this period yet."), language, {})]
    year, number, _ = found.monday.isocalendar()
    numbers = {"spots": found.of, "trends": len(found.trends), "schools": len(found.schools), "k": least}
    head = (
        f"{year}年第{number}周（{found.monday.isoformat()} 起）：热点及已消退热点 {found.of} 处，上升类别 {len(found.trends)} 项，"
        f"异于往常的学校 {len(found.schools)} 所。事件仅计不少于 {least} 起的分组。",
        f"Week {number} of {year} (from {found.monday.isoformat()}): {many(found.of, 'hot spot')}, those that are gone among them; "
        f"{many(len(found.trends), 'rising category', 'rising categories')}; "
        f"{many(len(found.schools), 'school')} unlike their own past. "
        f"Of incidents only groups of at least {least} count.",
    )
    if not (found.spots or found.trends or found.schools):
        head = f"{year}年第{number}周没有预警。", f"No alerts in week {number} of {year}."
    out = [paragraph("alerts", head, language, numbers)]
    for key, said in (
        ("alerts_spots", [(one.zh, one.en) for one in found.spots]),
        ("alerts_trends", [(one["text"]["zh"], one["text"]["en"]) for one in found.trends]),
        ("alerts_schools", [(one["zh"], one["en"]) for one in found.schools]),
    ):
        if said:
            texts = "\n".join(zh for zh, _ in said), "\n".join(en for _, en in said)
            out.append(paragraph(key, texts, language, {"n": len(said)}))
    return out


def effect_paragraphs(found: Sequence[Measured], total: int, language: str) -> list[Paragraph]:
    """Say of each joint action what became of hazards and incidents in its area beside comparable places."""
    if not found:
        texts = "本期及此前八周没有专项行动。", "There was no joint action in this period or the eight weeks before it."
        return [paragraph("effects", texts, language, {"actions": 0})]
    out = []
    for one in found:
        zh = [
            f"{one.action.title}（{one.action.starts_on} 至 {one.action.ends_on}{'，仍在进行' if one.running else ''}）"
        ]
        en = [
            f"{one.action.title} ({one.action.starts_on} to {one.action.ends_on}{', still running' if one.running else ''})"
        ]
        numbers: dict[str, float | None] = {}
        for outcome, said in one.effects.items():
            sentences = _sentences(said)
            zh.append(f"{_OUTCOMES[outcome][0]}：{''.join(text for text, _ in sentences)}")
            en.append(f"{_OUTCOMES[outcome][1]}: {' '.join(text for _, text in sentences)}")
            numbers |= {
                f"{outcome}.{part}.{name}": value
                for part in ("difference", "displacement")
                for name, value in ((said[part] or {}).get("numbers") or {}).items()
            }
        out.append(paragraph(f"effect_{one.action.uuid.hex}", ("\n".join(zh), "\n".join(en)), language, numbers))
    if total > len(found):
        texts = f"另有 {total - len(found)} 项行动未列。", f"{total - len(found)} more are not listed."
        out.append(paragraph("effects_more", texts, language, {"actions": total}))
    return out


def _sentences(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what an effect says, in both languages; a reason where it says nothing."""
    if said["reason"] is not None:
        return [(f"{said['reason']['zh']}。", f"{_begin(said['reason']['en'])}.")]
    found = []
    for part in ("difference", "pre_trend", "displacement"):
        if said[part]:
            weak = ("", "") if said[part]["enough"] else _TOO_FEW
            found.append((said[part]["zh"] + weak[0], f"{said[part]['en']}{weak[1]}"))
    return found + [(f"注意：{one['zh']}。", f"Note: {one['en']}.") for one in said["warnings"]]


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]


def support_blocks(said: Mapping[str, Any], language: str) -> list[Paragraph | Table]:
    """Say how far a city is from its targets for counselling, how rooms were used, and who has no station near."""
    zh, en = [], []
    told = [one for one in said["months"] if one["visits"] is not None]
    if told:
        last = told[-1]
        least = ("至少 ", "at least ") if last["at_least"] else ("", "")
        zh.append(f"{last['month']} 使用 {least[0]}{last['visits']} 人次（{last['said']} 个辅导室填报）")
        en.append(
            f"in {last['month']} {least[1]}{many(last['visits'], 'visit')} ({many(last['said'], 'room')} reported)"
        )
    beyond = said["beyond"]
    if said["stations"]:
        zh.append(
            f"步行 {said['walk_m']} 米内没有辅导站的学校 {beyond['schools']} 所，学生 {beyond['pupils']} 名（全市 {beyond['all_pupils']} 名）"
        )
        en.append(
            f"{many(beyond['schools'], 'school')} with {many(beyond['pupils'], 'pupil')} (of {beyond['all_pupils']}) have no station within "
            f"{said['walk_m']} m on foot"
        )
    head = f"心理辅导室、站共 {said['facilities']} 处", f"{said['facilities']} counselling rooms and stations"
    texts = "；".join([head[0], *zh]) + "。", "; ".join([head[1], *en]) + "."
    numbers = {"facilities": said["facilities"], "stations": said["stations"], **beyond}
    words = ("目标", "已达到", "目标数") if language == "zh" else ("Target", "Reached", "Goal")
    title = "心理健康工作目标" if language == "zh" else "Targets for counselling"
    rows = [(one[language], one["done"], one["of"]) for one in said["targets"]]
    return [paragraph("support", texts, language, numbers), Table(title, words, rows, (3, 1, 1))]
