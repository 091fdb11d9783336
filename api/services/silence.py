"""Why there is nothing to tell of incidents, in both languages: none, none around a school, or none of known time."""

from __future__ import annotations

from api.services.selection import Selection
from api.services.study_area import StudyCells
from gis.hotspots.chance import Reason
from gis.hotspots.words import LANGUAGES, why_not

_NOT_RELEASED = (
    "没有可公开的分组：没有事件，或事件太少、太近",
    "there is no group that may be shown: no incidents, too few, or too late ones",
)
_ELSEWHERE = ("有事件，但都不在学校周边", "there were incidents, but none around a school")
_UNCERTAIN = ("所选范围内的事件时间都不够确切，无从判断", "no incident's time is known well enough to say")


def why_nothing(reason: Reason, found: Selection | None, area: StudyCells | None = None) -> dict[str, str]:
    """Return ``reason_zh`` and ``reason_en`` where there is nothing to tell, else nothing.

    Parameters
    ----------
    found
        The incidents that fit the question, of which the statistic may have counted none; None: released groups.
    area
        The cells that were looked at; None: everywhere.
    """
    if reason is Reason.NONE:
        return {}
    words: tuple[str, str] | None = None
    if reason is Reason.NO_INCIDENTS and found is None:
        words = _NOT_RELEASED
    elif reason is Reason.NO_INCIDENTS and found:
        table, at = found.table, found.at
        around = area is None or bool((area.index_of(table.column[at], table.row[at]) >= 0).any())
        words = _UNCERTAIN if around else _ELSEWHERE
    return {
        f"reason_{language}": words[n] if words else why_not(reason, language) for n, language in enumerate(LANGUAGES)
    }
