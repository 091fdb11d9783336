"""Tracks of shifts: personal data of who walked, so they are kept for a short time and shown no longer than that."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from api.store import inspections

TRACK = "track"


def forget_old_tracks(session: Session, moment: dt.datetime, days: int) -> int:
    """Take the tracks out of the visits that came more than some days ago; the visits stay. Return of how many."""
    return inspections.drop_tracks(session, moment - dt.timedelta(days=days))


def shown_answers(answers: dict[str, Any], received_at: dt.datetime, moment: dt.datetime, days: int) -> dict[str, Any]:
    """Return the answers of a visit without a track that is older than tracks are kept.

    Parameters
    ----------
    days
        For how many days tracks are kept.
    """
    if TRACK not in answers or received_at > moment - dt.timedelta(days=days):
        return answers
    return {name: value for name, value in answers.items() if name != TRACK}
