"""Moments as numbers: a million of them as objects would take longer than all the rest."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session


def whole_seconds(session: Session, moment: Any) -> sa.ColumnElement[Any]:
    """Return the whole seconds since 1970 in UTC of a column of moments."""
    seconds = sa.extract("epoch", moment)
    return seconds if session.get_bind().dialect.name == "sqlite" else sa.cast(sa.func.floor(seconds), sa.BigInteger)
