"""Escort posts (护学岗) of the demonstration: made up, at made-up gates of made-up schools."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy.orm import Session

from api.schemas.patrols import PostIn, Skill
from api.services.patrols.posts import add_post
from api.store import actions, cities, patrols, schools

CODE = "330681"
_SPACE = uuid.UUID("0d2b7c1e-51a2-4a7b-8a55-3f2a9c7e6b14")
_MANNED: tuple[tuple[Skill | Literal[""], str, str], ...] = (  # who may man it, of whom, and who does
    ("traffic_police", "traffic_police", "交警示例一组（虚构）"),
    ("", "education", "值班教师与家长志愿者（虚构）"),
    ("", "police", "派出所示例警组（虚构）"),
)


def add_posts(session: Session) -> None:
    """Put an escort post at a gate of each of the first schools; once."""
    city = cities.get_city(session, CODE)
    for number, (identity, manned) in enumerate(
        zip(actions.schools_by_cases(session, city.id, [], len(_MANNED)), _MANNED, strict=True)
    ):
        post = uuid.uuid5(_SPACE, f"post {number}")
        school = schools.find_school(session, identity)
        if school is None or patrols.get_post(session, post) is not None:
            continue
        skill, department, who = manned
        gate = schools.gates_of(session, school.id)[0].uuid
        add_post(
            session,
            PostIn(id=post, school=identity, gate=gate, skill=skill, department=department, manned_by=who),
        )
