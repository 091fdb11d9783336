"""Joint actions: what several departments do together, where, when, and with whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from api.store.models.base import Base, Record, geometry


class JointAction(Record, Base):
    """A joint action (专项行动): an area, a period, who takes part, and what came of it.

    ``area`` is the outline itself; ``chosen`` says what it was made of: ``{"schools": [uuid]}``, ``{"cells": [code]}``,
    or nothing where it was drawn. ``categories`` are the codes that it is about, none: all.
    """

    __tablename__ = "joint_actions"

    city_id: Mapped[int] = mapped_column(sa.ForeignKey("cities.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    purpose: Mapped[str] = mapped_column(sa.Text, default="")
    starts_on: Mapped[dt.date] = mapped_column(index=True)
    ends_on: Mapped[dt.date]  # the last day
    categories: Mapped[list[str]] = mapped_column(default=list)
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    area: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))
    cancelled: Mapped[bool] = mapped_column(default=False)
    report: Mapped[str] = mapped_column(sa.Text, default="")
    reported_at: Mapped[dt.datetime | None]
    planner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("people.id"))


class JointActionDepartment(Base):
    """A department that takes part in a joint action, and with how many people and vehicles."""

    __tablename__ = "joint_action_departments"

    action_id: Mapped[int] = mapped_column(sa.ForeignKey("joint_actions.id", ondelete="CASCADE"), primary_key=True)
    department_id: Mapped[int] = mapped_column(sa.ForeignKey("departments.id"), primary_key=True, index=True)
    is_lead: Mapped[bool] = mapped_column(default=False)
    people: Mapped[int] = mapped_column(default=0)
    vehicles: Mapped[int] = mapped_column(default=0)
