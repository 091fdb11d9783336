"""Did it work: the joint actions that run in a period or ended not long before it, each with its measured effect.

What a meeting is shown of incidents are sums of released groups of at least five (docs/decisions/0008). The same period
gives the same answer: nothing after its end is looked at.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from api.services.actions.effect import Outcome, Since, effect
from api.services.meetings.city import meeting_city
from api.services.meetings.counted import fewest
from api.services.meetings.kept import kept
from api.services.meetings.periods import Period, read_period
from api.settings import Settings
from api.store import actions, cities
from api.store.models import City, JointAction
from api.store.models.base import now

AFTERWARDS = dt.timedelta(weeks=8)  # for so long after its end an action is followed
WEEKS = 8
MOST = 6
OUTCOMES: tuple[Outcome, ...] = ("hazards", "incidents")


@dataclass(frozen=True)
class Measured:
    """A joint action, whether it still runs at the end of the period, and its effect by outcome."""

    action: JointAction
    running: bool
    effects: dict[Outcome, dict[str, Any]]


def show_effects(session: Session, settings: Settings, code: str, city_code: str | None = None) -> dict[str, Any]:
    """Return the joint actions of a period with their effects as a document.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city or period.
    """
    city = meeting_city(session, city_code)
    period = read_period(code, cities.calendar_of(session, city).terms)

    def measured() -> dict[str, Any]:
        found, total = effects_of(session, settings, city, period)
        return {"of": total, "actions": [_view(one) for one in found]}

    return kept(session, ("effects", city.uuid, period.code, fewest(settings)), measured)


def _view(one: Measured) -> dict[str, Any]:
    return {
        "id": str(one.action.uuid),
        "title": one.action.title,
        "from": one.action.starts_on.isoformat(),
        "to": one.action.ends_on.isoformat(),
        "running": one.running,
        "effects": one.effects,
    }


def effects_of(session: Session, settings: Settings, city: City, period: Period) -> tuple[list[Measured], int]:
    """Return the joint actions of a period with their effects, and how many there are in all."""
    shown = settings.model_copy(update={"k_anonymity": fewest(settings)})
    zone = ZoneInfo(city.time_zone)
    end = dt.datetime.combine(period.last + dt.timedelta(days=1), dt.time(), zone)
    at = min(now(), end)
    wanted = actions.actions_in(session, city.id, period.first - AFTERWARDS, period.last)
    out = []
    for action in wanted[:MOST]:
        running = action.ends_on >= at.astimezone(zone).date()
        measured: dict[Outcome, dict[str, Any]] = {}
        for outcome in OUTCOMES:
            since: Since = "start" if running else "end"
            said = effect(
                session, shown, action.uuid, outcome=outcome, weeks=WEEKS, since=since, sealed=False, at=at
            )  # fmt: skip
            if since == "end" and (said["reason"] or {}).get("code") == "too_early":  # no whole week since it ended
                said = effect(
                    session, shown, action.uuid, outcome=outcome, weeks=WEEKS, since="start", sealed=False, at=at
                )  # fmt: skip
            measured[outcome] = said
        out.append(Measured(action, running, measured))
    return out, len(wanted)
